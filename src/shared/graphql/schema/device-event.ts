import type { HistoryEntry } from "../../domain/history.ts";
import { eventIdIn, occurredAtOf } from "../../domain/version.ts";
import { builder } from "./builder.ts";
import { TimeRange } from "./time-range.ts";

export const DeviceEvent = builder.objectRef<HistoryEntry>("DeviceEvent").implement({
  description: "An event that named a device.",
  fields: (t) => ({
    eventId: t.string({ description: "Unique within its source.", resolve: ({ version }) => eventIdIn(version) }),
    topic: t.exposeString("topic", { description: "It names the contract that the event keeps." }),
    occurredAt: t.field({
      type: "DateTime",
      description: "By the source's clock.",
      resolve: ({ version }) => occurredAtOf(version),
    }),
    data: t.expose("data", { type: "JSON", description: "As the topic's contract has it." }),
  }),
});

export const DeviceEventConnection = builder.connectionObject({ type: DeviceEvent, name: "DeviceEventConnection" });

export const DeviceEventFilter = builder.inputType("DeviceEventFilter", {
  description: "Conditions that all have to hold.",
  fields: (t) => ({
    occurred: t.field({ type: TimeRange, description: "When it occurred, by the source's clock." }),
    topic: t.string({ description: "The whole topic, such as `device.elt.status.reported`." }),
  }),
});
