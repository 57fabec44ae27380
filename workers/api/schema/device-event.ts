import type { HistoryEntry } from "../../../src/shared/domain/history.ts";
import { occurredAtOf } from "../../../src/shared/domain/version.ts";
import { builder } from "./builder.ts";

const DeviceEvent = builder.objectRef<HistoryEntry>("DeviceEvent").implement({
  description: "An event that named a device.",
  fields: (t) => ({
    eventId: t.string({ resolve: ({ version }) => version.slice(occurredAtOf(version).length + 1) }),
    topic: t.exposeString("topic"),
    occurredAt: t.field({ type: "DateTime", resolve: ({ version }) => occurredAtOf(version) }),
    data: t.expose("data", { type: "JSON", description: "As the topic's contract has it." }),
  }),
});

export const DeviceEventConnection = builder.connectionObject({ type: DeviceEvent, name: "DeviceEventConnection" });
