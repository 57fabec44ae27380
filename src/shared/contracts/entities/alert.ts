import * as z from "zod";
import type { Actor, Change } from "#domain/change.ts";
import { actor, id, text } from "../fields.ts";
import { moment, time } from "../time.ts";

const raised = z.object({
  alertId: id,
  code: text(64),
  severity: z.enum(["info", "warning", "critical"]),
  text: text(500),
  raisedAt: time.optional(),
});

export const alertRaised = {
  summary: "A device raised an alert.",
  data: raised,
  toChange: ({ alertId, raisedAt, ...details }: z.output<typeof raised>): Change => ({
    alert: {
      alertId,
      details: { ...details, ...(raisedAt !== undefined && { raisedAt: moment(raisedAt) }) },
      progress: { kind: "raised" },
    },
  }),
};

const acknowledged = z.object({ alertId: id, by: actor.optional() });

export const alertAcknowledged = {
  version: 2,
  earlier: [{ version: 1, changed: "`by` may say who acknowledged it." }],
  summary: "An alert was acknowledged.",
  data: acknowledged,
  toChange: ({ alertId, by }: z.output<typeof acknowledged>): Change => ({
    alert: { alertId, acknowledgement: { kind: "acknowledged", acknowledgement: "accept", ...(by && { by }) } },
  }),
  acknowledges: (alertId: string, by?: Actor) => ({ alertId, ...(by && { by }) }),
};

const cleared = z.object({ alertId: id, resolution: text(500).optional() });

export const alertCleared = {
  summary: "An alert was cleared: its cause is gone.",
  data: cleared,
  toChange: ({ alertId, resolution }: z.output<typeof cleared>): Change => clearChange(alertId, resolution),
};

export const clearChange = (alertId: string, resolution: string | undefined): Change => ({
  alert: { alertId, progress: { kind: "cleared", ...(resolution !== undefined && { resolution }) } },
});
