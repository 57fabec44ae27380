import type { DeviceKey } from "../../domain/event.ts";
import { occurredAtOf } from "../../domain/version.ts";
import type { DealerNews, DeviceChange } from "../../live/item.ts";
import { alertNodeId } from "../loaders.ts";
import { Alert, AlertSeverity } from "./alert.ts";
import { builder } from "./builder.ts";
import { Device, deviceKeyIn } from "./device.ts";
import { DeviceEvent } from "./device-event.ts";

/** Each of its items is as much as the same fields cost in a query. */
builder.subscriptionType({
  description:
    "What happens from now on, or behind a place that was seen already. Over WebSocket at `/live`, or as server-sent events at `/graphql`.",
});

const DeviceChangeKind = builder.enumType("DeviceChangeKind", {
  description: "What a change is to whoever watches.",
  values: {
    SNAPSHOT: { value: "snapshot", description: "Where the stream begins: the device as it is." },
    EVENT: { value: "event", description: "An event changed it." },
    GAP: {
      value: "gap",
      description:
        "Events behind `afterRevision` are not remembered any more: this is the device as it is. Query the rest anew.",
    },
    LOST: { value: "lost", description: "It is no longer the dealer's. The stream ends." },
  } as const,
});

const CONSISTENCY_TOKEN = "For the header `Concord-Consistency-Token`: a query that carries it sees at least this.";

const Change = builder.objectRef<DeviceChange>("DeviceChange").implement({
  description: "A step of a device, or where its stream begins.",
  fields: (t) => ({
    kind: t.expose("kind", { type: DeviceChangeKind, description: "What it is to whoever watches." }),
    revision: t.exposeInt("revision", {
      description: "Counts the device's changes, one an event. For `afterRevision`.",
    }),
    event: t.expose("event", {
      type: DeviceEvent,
      nullable: true,
      description:
        "What happened; null for what is no event, and where it occurred while the device was not the dealer's.",
    }),
    device: t.expose("device", {
      type: Device,
      nullable: true,
      description: "As it is by now, which may be later than the event; null once it is lost.",
    }),
    consistencyToken: t.exposeString("consistencyToken", { nullable: true, description: CONSISTENCY_TOKEN }),
  }),
});

const NewsKind = builder.enumType("DealerNewsKind", {
  description: "What happened to one of a dealer's devices.",
  values: {
    STARTED: { value: "started", description: "Nothing yet: from here on nothing is missed." },
    GAP: {
      value: "gap",
      description: "What happened behind `after` is not remembered any more. Query what is shown anew.",
    },
    DEVICE_GAINED: { value: "deviceGained", description: "The dealer has a device more." },
    DEVICE_LOST: { value: "deviceLost", description: "The dealer has a device less, which it may not see any more." },
    DEVICE_CHANGED: { value: "deviceChanged", description: "A device reported, or something else about it changed." },
    ALERT_RAISED: { value: "alertRaised", description: "Something is wrong with a device." },
    ALERT_CLEARED: { value: "alertCleared", description: "The cause of an alert is gone." },
    ALERT_ACKNOWLEDGED: { value: "alertAcknowledged", description: "Somebody has seen an alert." },
    ALERT_UNACKNOWLEDGED: { value: "alertUnacknowledged", description: "Somebody took that back." },
  } as const,
});

const News = builder.objectRef<DealerNews>("DealerNews").implement({
  description: "Something that happened to one of a dealer's devices.",
  fields: (t) => ({
    kind: t.expose("kind", { type: NewsKind, description: "What happened." }),
    cursor: t.exposeString("cursor", { description: "For `after`." }),
    deviceKey: t.string({
      nullable: true,
      description: "Which device; null for STARTED and GAP.",
      resolve: ({ announcement }) => announcement?.deviceKey ?? null,
    }),
    topic: t.string({
      nullable: true,
      description: "Of the event that did it; null where that occurred while the device was another's.",
      resolve: ({ announcement }) => (announcement?.isOwn ? announcement.topic : null),
    }),
    occurredAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "By the source's clock; null where `topic` is.",
      resolve: ({ announcement }) => (announcement?.isOwn ? occurredAtOf(announcement.version) : null),
    }),
    device: t.field({
      type: Device,
      nullable: true,
      description: "As it is by now; null where the token may not see it.",
      resolve: ({ announcement }, _, { load }) => announcement && load.device.load(announcement.deviceKey),
    }),
    alert: t.field({
      type: Alert,
      nullable: true,
      description: "As it is by now; null where there is none, or none that the token may see.",
      resolve: ({ announcement }, _, { load }) =>
        announcement?.alertId == null
          ? null
          : load.alert.load(alertNodeId({ deviceKey: announcement.deviceKey, alertId: announcement.alertId })),
    }),
    consistencyToken: t.exposeString("consistencyToken", { nullable: true, description: CONSISTENCY_TOKEN }),
  }),
});

builder.subscriptionField("deviceChanged", (t) =>
  t.field({
    type: Change,
    description:
      "What happens to a device, by `id` or by `key`, one of them. Begins with the device as it is, or goes on behind a revision.",
    args: {
      id: t.arg.id(),
      key: t.arg.string({ description: "`{source}:{deviceId}`; case matters." }),
      afterRevision: t.arg.int({ description: "The last revision that was seen." }),
    },
    subscribe: (_, { afterRevision, ...named }, { live }) =>
      live({
        kind: "device",
        deviceKey: deviceKeyIn(named) as DeviceKey,
        after: afterRevision == null ? null : String(afterRevision),
      }),
    resolve: (item) => item as DeviceChange,
  }),
);

const MIN_SEVERITY = "Of what is about an alert; the rest is told all the same. An alert of unknown severity passes.";

builder.subscriptionField("dealerFeed", (t) =>
  t.field({
    type: News,
    description: "What happens to all of a dealer's devices. Begins with STARTED, or goes on behind a cursor.",
    args: {
      dealerId: t.arg.string({ required: true, description: "One that the token may see." }),
      kinds: t.arg({ type: [NewsKind], description: "Only these, beside STARTED and GAP. Absent: all." }),
      minSeverity: t.arg({ type: AlertSeverity, description: MIN_SEVERITY }),
      after: t.arg.string({ description: "The `cursor` of the last item that was seen." }),
    },
    subscribe: (_, { dealerId, kinds, minSeverity, after }, { live }) =>
      live({
        kind: "dealer",
        dealerId,
        kinds: kinds == null ? null : kinds.filter((kind) => kind !== "started" && kind !== "gap"),
        minSeverity: minSeverity ?? null,
        after: after ?? null,
      }),
    resolve: (item) => item as DealerNews,
  }),
);

builder.subscriptionField("alertRaised", (t) =>
  t.field({
    type: News,
    description: "The ALERT_RAISED of a dealer's feed. Begins with STARTED, or goes on behind a cursor.",
    args: {
      dealerId: t.arg.string({ required: true, description: "One that the token may see." }),
      minSeverity: t.arg({ type: AlertSeverity, description: MIN_SEVERITY }),
      after: t.arg.string({ description: "The `cursor` of the last item that was seen." }),
    },
    subscribe: (_, { dealerId, minSeverity, after }, { live }) =>
      live({
        kind: "dealer",
        dealerId,
        kinds: ["alertRaised"],
        minSeverity: minSeverity ?? null,
        after: after ?? null,
      }),
    resolve: (item) => item as DealerNews,
  }),
);
