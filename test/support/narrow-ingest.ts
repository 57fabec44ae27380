import type * as z from "zod";
import { eltAlertRaised } from "#contracts/elt/alert-raised.ts";
import { eltStatusReported } from "#contracts/elt/status-reported.ts";
import worker from "../../workers/ingest/index.ts";

/** The ingest Worker of an earlier release, whose contracts knew neither the mode `off` nor critical alerts. */
refuse(eltStatusReported, "mode", (data) => data.mode !== "off");
refuse(eltAlertRaised, "severity", (data) => data.severity !== "critical");

type Data = Readonly<Record<string, unknown>>;

function refuse(contract: object, member: string, isKnown: (data: Data) => boolean): void {
  const { value } = contract as { value: z.ZodType<{ data: Data }> };
  const narrow = value.refine(({ data }) => isKnown(data), { path: ["data", member], message: "Invalid option" });
  Object.assign(contract, { value: narrow });
}

export { CommandsService } from "../../workers/ingest/index.ts";
export default worker;
