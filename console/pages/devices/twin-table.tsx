import type { DesiredState } from "#domain/change.ts";
import type { DeviceDetail } from "#ops/device-api.ts";
import { Badge } from "../../parts/badge.tsx";
import { None } from "../../parts/none.tsx";
import { pluralize } from "../../parts/numbers.ts";
import { type Column, Table } from "../../parts/table.tsx";
import { Time } from "../../parts/time.tsx";
import { formatSetting } from "./words.ts";

const MEMBERS: readonly (readonly [name: keyof DesiredState, words: string])[] = [
  ["mode", "Mode"],
  ["heatSetpointC", "Heat to"],
  ["coolSetpointC", "Cool to"],
];

/** The desired state beside the reported one, with the differences marked. */
export function TwinTable({ device: { twin, report } }: { readonly device: DeviceDetail }) {
  const differing = Object.keys(twin.delta ?? {}).length;
  return (
    <section class="card" aria-labelledby="twin">
      <h2 id="twin" class="row spread">
        Twin
        {twin.desired && (
          <Badge tone={differing > 0 ? "warn" : "good"}>
            {differing > 0 ? pluralize(differing, "difference") : "as desired"}
          </Badge>
        )}
      </h2>
      <Table
        class="twin"
        columns={columnsOf(twin)}
        items={MEMBERS}
        keyOf={([name]) => name}
        rowClass={([name]) => (twin.delta?.[name] === undefined ? undefined : "differs")}
      />
      <p class="muted note">
        {twin.desiredAt ? (
          <>
            Desired <Time at={twin.desiredAt} />
            {twin.desiredBy && ` by ${twin.desiredBy}`}
          </>
        ) : (
          "No desired state"
        )}
        {report ? (
          <>
            {" · reported "}
            <Time at={report.reportedAt} />
          </>
        ) : (
          " · no report yet"
        )}
      </p>
    </section>
  );
}

const columnsOf = ({ desired, reported, delta }: DeviceDetail["twin"]): readonly Column<(typeof MEMBERS)[number]>[] => [
  { name: "Setting", isName: true, cell: ([, words]) => words },
  {
    name: "Desired",
    cell: ([name]) => (
      <>
        {desired?.[name] === undefined ? <None /> : formatSetting(desired[name])}
        {delta?.[name] !== undefined && <Badge tone="warn">differs</Badge>}
      </>
    ),
  },
  {
    name: "Reported",
    cell: ([name]) => (reported?.[name] === undefined ? <None /> : formatSetting(reported[name])),
  },
];
