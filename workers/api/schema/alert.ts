import { AlertCursor, type FoundAlert } from "../../../src/shared/repositories/alert.ts";
import { alertNodeId } from "../loaders.ts";
import { builder } from "./builder.ts";
import { Device } from "./device.ts";
import { pageArgs, pageRequest } from "./page.ts";

const AlertSeverity = builder.enumType("AlertSeverity", {
  description: "How bad it is, in our own scale; contracts map each source's to it.",
  values: { INFO: { value: "info" }, WARNING: { value: "warning" }, CRITICAL: { value: "critical" } } as const,
});

const AlertState = builder.enumType("AlertState", {
  description: "How far an alert has come.",
  values: {
    OPEN: {},
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
    severity: t.expose("severity", { type: AlertSeverity, nullable: true }),
    state: t.expose("state", { type: AlertState }),
    text: t.exposeString("text", { nullable: true }),
    raisedAt: t.expose("raisedAt", { type: "DateTime", nullable: true }),
    clearedAt: t.expose("clearedAt", { type: "DateTime", nullable: true }),
    device: t.field({
      type: Device,
      resolve: async ({ deviceKey }, _, { load }) => {
        const device = await load.device.load(deviceKey);
        // Whoever may see an alert may see its device, and no event names an alert without its device.
        if (!device) throw new Error("an alert without its device");
        return device;
      },
    }),
  }),
});

export const AlertConnection = builder.connectionObject({ type: Alert, name: "AlertConnection" });

export const AlertFilter = builder.inputType("AlertFilter", {
  description: "Conditions that all have to hold.",
  fields: (t) => ({
    state: t.field({ type: AlertState }),
    severity: t.field({ type: AlertSeverity }),
    deviceKey: t.string({ description: "`{source}:{deviceId}`; case matters." }),
  }),
});

builder.queryField("alerts", (t) =>
  t.field({
    type: AlertConnection,
    description: "Alerts, newest raised first; those whose raising has not arrived yet come last.",
    args: { ...pageArgs, filter: t.arg({ type: AlertFilter }) },
    resolve: (_, { filter, ...args }, { alerts }) => alerts.list(pageRequest(args, AlertCursor), filter ?? {}),
  }),
);
