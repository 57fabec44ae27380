import { isDeviceKey } from "#domain/event.ts";
import { AlertCursor, type FoundAlert } from "#repositories/alert.ts";
import { userError } from "../errors.ts";
import { alertNodeId } from "../loaders.ts";
import { builder } from "./builder.ts";
import { Device } from "./device.ts";
import { NOT_A_KEY } from "./device-ref.ts";
import { counted, countedConnection, pageArgs, pageRequest } from "./page.ts";
import { Source } from "./source.ts";
import { TimeRange } from "./time-range.ts";
import { WHO } from "./who.ts";

export const AlertSeverity = builder.enumType("AlertSeverity", {
  description: "How severe an alert is, on Concord's own scale. Contracts map each source's scale to it.",
  values: {
    INFO: { value: "info", description: "For information." },
    WARNING: { value: "warning", description: "Should be looked at." },
    CRITICAL: { value: "critical", description: "Needs action." },
  } as const,
});

const AlertState = builder.enumType("AlertState", {
  description: "The state of an alert.",
  values: {
    OPEN: { description: "Raised, and neither acknowledged nor cleared." },
    ACKNOWLEDGED: { description: "Acknowledged, and not cleared." },
    CLEARED: { description: "Cleared: its cause is gone." },
  } as const,
});

export const Alert = builder.objectRef<FoundAlert>("Alert");

builder.node(Alert, {
  name: "Alert",
  description: "A problem that a device has or had.",
  id: { resolve: alertNodeId },
  loadWithoutCache: (nodeId, { load }) => load.alert.load(nodeId),
  fields: (t) => ({
    alertId: t.exposeString("alertId", { description: "The source's id, unique within the device." }),
    code: t.exposeString("code", {
      nullable: true,
      description: "The source's code; null until the event that raised it arrives.",
    }),
    severity: t.expose("severity", {
      type: AlertSeverity,
      nullable: true,
      description: "Null until the event that raised it arrives.",
    }),
    state: t.expose("state", { type: AlertState, description: "Whether it is open, acknowledged or cleared." }),
    text: t.exposeString("text", {
      nullable: true,
      description: "The source's message; null until the event that raised it arrives.",
    }),
    raisedAt: t.expose("raisedAt", {
      type: "DateTime",
      nullable: true,
      description: "As the source gives it, or else when the event occurred; null until that event arrives.",
    }),
    clearedAt: t.expose("clearedAt", {
      type: "DateTime",
      nullable: true,
      description: "Null until it is cleared.",
    }),
    acknowledgedAt: t.expose("acknowledgedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was acknowledged; null before, and again after another raise. A clearing keeps it.",
    }),
    acknowledgedBy: t.exposeString("acknowledgedBy", {
      nullable: true,
      description: WHO,
    }),
    device: t.field({
      type: Device,
      description: "The device that has or had the problem.",
      resolve: async ({ deviceKey }, _, { load }) => {
        const device = await load.device.load(deviceKey);
        // A caller that may see an alert may see its device, and no event names an alert without its device.
        if (!device) throw new Error("an alert without its device");
        return device;
      },
    }),
  }),
});

export const AlertConnection = countedConnection(Alert, "AlertConnection");

export const AlertFilter = builder.inputType("AlertFilter", {
  description: "Conditions on alerts; all of them have to hold.",
  fields: (t) => ({
    state: t.field({ type: AlertState, description: "Whether it is open, acknowledged or cleared." }),
    states: t.field({ type: [AlertState], description: "One of these; an empty list matches nothing." }),
    severity: t.field({
      type: AlertSeverity,
      description: "How severe it is. Alerts of unknown severity do not match.",
    }),
    severities: t.field({ type: [AlertSeverity], description: "One of these; an empty list matches nothing." }),
    minSeverity: t.field({
      type: AlertSeverity,
      description: "This severity or a worse one. An alert of unknown severity does not match.",
    }),
    sources: t.field({
      type: [Source],
      description: "One of these upstream systems publishes the device's events; an empty list matches nothing.",
    }),
    dealerId: t.string({ description: "The dealer that has the device now." }),
    deviceKey: t.string({ description: "`{source}:{deviceId}`; case matters." }),
    raised: t.field({
      type: TimeRange,
      description: "When it was raised. Alerts whose raising time is unknown do not match.",
    }),
  }),
});

builder.queryField("alerts", (t) =>
  t.field({
    type: AlertConnection,
    nullable: true,
    description: "Alerts, newest raised first. Those whose raising event has not arrived yet come last.",
    args: { ...pageArgs, filter: t.arg({ type: AlertFilter, description: "Only alerts for which all of it holds." }) },
    resolve: (_, { filter, ...args }, { alerts }) => {
      const conditions = filter ?? {};
      const { deviceKey } = conditions;
      if (deviceKey != null && !isDeviceKey(deviceKey)) throw userError(`\`filter.deviceKey\`: ${NOT_A_KEY.message}`);
      const page = pageRequest(args, AlertCursor);
      return counted(alerts.list(page, conditions), () => alerts.count(conditions));
    },
  }),
);
