import { AlertCursor, type FoundAlert } from "../../repositories/alert.ts";
import { alertNodeId } from "../loaders.ts";
import { builder } from "./builder.ts";
import { Device } from "./device.ts";
import { counted, countedConnection, pageArgs, pageRequest } from "./page.ts";
import { TimeRange } from "./time-range.ts";

export const AlertSeverity = builder.enumType("AlertSeverity", {
  description: "How bad it is, in our own scale; contracts map each source's to it.",
  values: {
    INFO: { value: "info", description: "Good to know." },
    WARNING: { value: "warning", description: "Somebody should look at it." },
    CRITICAL: { value: "critical", description: "Somebody has to act." },
  } as const,
});

const AlertState = builder.enumType("AlertState", {
  description: "How far an alert has come.",
  values: {
    OPEN: { description: "Raised, and nobody has said anything about it." },
    ACKNOWLEDGED: { description: "Somebody has seen it." },
    CLEARED: { description: "Its cause is gone." },
  } as const,
});

export const Alert = builder.objectRef<FoundAlert>("Alert");

builder.node(Alert, {
  name: "Alert",
  description: "Something that is or was wrong with a device.",
  id: { resolve: alertNodeId },
  loadWithoutCache: (nodeId, { load }) => load.alert.load(nodeId),
  fields: (t) => ({
    alertId: t.exposeString("alertId", { description: "The source's id, unique within the device." }),
    code: t.exposeString("code", { nullable: true, description: "The source's code; null until its raising arrives." }),
    severity: t.expose("severity", {
      type: AlertSeverity,
      nullable: true,
      description: "Null until its raising arrives.",
    }),
    state: t.expose("state", { type: AlertState, description: "How far it has come." }),
    text: t.exposeString("text", {
      nullable: true,
      description: "In the source's words; null until its raising arrives.",
    }),
    raisedAt: t.expose("raisedAt", {
      type: "DateTime",
      nullable: true,
      description: "By the source, or else when its event occurred; null until that arrives.",
    }),
    clearedAt: t.expose("clearedAt", {
      type: "DateTime",
      nullable: true,
      description: "Null while it is not cleared.",
    }),
    device: t.field({
      type: Device,
      description: "What it is about.",
      resolve: async ({ deviceKey }, _, { load }) => {
        const device = await load.device.load(deviceKey);
        // Whoever may see an alert may see its device, and no event names an alert without its device.
        if (!device) throw new Error("an alert without its device");
        return device;
      },
    }),
  }),
});

export const AlertConnection = countedConnection(Alert, "AlertConnection");

export const AlertFilter = builder.inputType("AlertFilter", {
  description: "Conditions that all have to hold.",
  fields: (t) => ({
    state: t.field({ type: AlertState, description: "How far it has come." }),
    severity: t.field({ type: AlertSeverity, description: "How bad it is." }),
    deviceKey: t.string({ description: "`{source}:{deviceId}`; case matters." }),
    raised: t.field({ type: TimeRange, description: "When it was raised, which has to be known then." }),
  }),
});

builder.queryField("alerts", (t) =>
  t.field({
    type: AlertConnection,
    nullable: true,
    description: "Alerts, newest raised first; those whose raising has not arrived yet come last.",
    args: { ...pageArgs, filter: t.arg({ type: AlertFilter }) },
    resolve: (_, { filter, ...args }, { alerts }) => {
      const conditions = filter ?? {};
      const page = pageRequest(args, AlertCursor);
      return counted(alerts.list(page, conditions), () => alerts.count(conditions));
    },
  }),
);
