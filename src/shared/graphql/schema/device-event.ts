import { encodeGlobalID } from "@pothos/plugin-relay";
import type { DeviceKey } from "#domain/event.ts";
import type { HistoryEntry } from "#domain/history.ts";
import { formatOccurredAt, versionEventId } from "#domain/version.ts";
import { builder } from "./builder.ts";
import { TimeRange } from "./time-range.ts";

/** An event of a device's history, with the device that it named. */
export type EventOfDevice = HistoryEntry & { readonly deviceKey: DeviceKey };

export const DeviceEvent = builder.objectRef<EventOfDevice>("DeviceEvent").implement({
  description: "An event that named a device.",
  fields: (t) => ({
    id: t.id({
      description: "For clients' caches: the same wherever the event is shown. `node` does not take it; opaque.",
      // A history has one event of a topic and a version.
      resolve: ({ deviceKey, topic, version }) => encodeGlobalID("DeviceEvent", `${deviceKey}/${topic}/${version}`),
    }),
    eventId: t.string({ description: "Unique within its source.", resolve: ({ version }) => versionEventId(version) }),
    topic: t.exposeString("topic", { description: "Its contract defines the shape of `data`." }),
    occurredAt: t.field({
      type: "DateTime",
      description: "By the source's clock.",
      resolve: ({ version }) => formatOccurredAt(version),
    }),
    data: t.expose("data", { type: "JSON", description: "In the shape that the topic's contract defines." }),
  }),
});

export const DeviceEventConnection = builder.connectionObject({ type: DeviceEvent, name: "DeviceEventConnection" });

export const DeviceEventFilter = builder.inputType("DeviceEventFilter", {
  description: "Conditions on events; all of them have to hold.",
  fields: (t) => ({
    occurred: t.field({ type: TimeRange, description: "When it occurred, by the source's clock." }),
    topic: t.string({ description: "The whole topic, such as `device.elt.status.reported`." }),
  }),
});
