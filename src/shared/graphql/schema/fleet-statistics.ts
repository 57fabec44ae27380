import type { FleetStatistics as FleetStatisticsShape } from "#repositories/kept-counts.ts";
import { AlertSeverity } from "./alert.ts";
import { builder } from "./builder.ts";
import { DeviceStatus } from "./device.ts";
import { Source } from "./source.ts";
import { STATISTICS_COST } from "./statistics.ts";

const StatusCount = builder.objectRef<FleetStatisticsShape["byStatus"][number]>("StatusCount").implement({
  description: "How many devices have a status.",
  fields: (t) => ({
    status: t.expose("status", { type: DeviceStatus, description: "The state that the devices have now." }),
    devices: t.exposeInt("devices", { description: "How many have it now." }),
  }),
});

const SourceCount = builder.objectRef<FleetStatisticsShape["bySource"][number]>("SourceCount").implement({
  description: "How many devices and open alerts there are of a source.",
  fields: (t) => ({
    source: t.expose("source", { type: Source, description: "The upstream system that publishes their events." }),
    devices: t.exposeInt("devices", { description: "How many devices." }),
    openAlerts: t.exposeInt("openAlerts", { description: "How many open alerts those have." }),
  }),
});

const SeverityCount = builder
  .objectRef<FleetStatisticsShape["openAlertsBySeverity"][number]>("SeverityCount")
  .implement({
    description: "How many open alerts have a severity.",
    fields: (t) => ({
      severity: t.expose("severity", {
        type: AlertSeverity,
        nullable: true,
        description: "The severity; null for alerts whose raising event has not arrived yet.",
      }),
      alerts: t.exposeInt("alerts", { description: "How many open alerts have it." }),
    }),
  });

const FleetStatistics = builder.objectRef<FleetStatisticsShape>("FleetStatistics").implement({
  description: "Counts of devices and open alerts, as of now. They are kept with each event, and have no upper limit.",
  fields: (t) => ({
    devices: t.exposeInt("devices", { description: "All of them." }),
    unassigned: t.exposeInt("unassigned", {
      description: "Those that no dealer has now; 0 for a token of role dealer.",
    }),
    byStatus: t.expose("byStatus", {
      type: [StatusCount],
      description: "Each status once; together they are `devices`.",
    }),
    bySource: t.expose("bySource", {
      type: [SourceCount],
      description: "Each source once; together they are `devices`.",
    }),
    openAlerts: t.exposeInt("openAlerts", {
      description:
        "Neither acknowledged nor cleared. A token of role dealer sees those raised while its dealers had the device.",
    }),
    openAlertsBySeverity: t.expose("openAlertsBySeverity", {
      type: [SeverityCount],
      description:
        "Each severity once, and null if there are alerts of unknown severity; together they are `openAlerts`.",
    }),
  }),
});

builder.queryField("fleetStatistics", (t) =>
  t.field({
    type: FleetStatistics,
    nullable: true,
    description:
      "Counts of the devices that the token may see and of their open alerts. Null for some minutes after the release that began to keep them, while devices are being counted.",
    extensions: { cost: STATISTICS_COST },
    args: { dealerId: t.arg.string({ description: "Only the devices that this dealer has now." }) },
    resolve: (_, { dealerId }, { devices }) => devices.statistics(dealerId),
  }),
);
