import type { DeviceKey } from "#domain/event.ts";
import { formatOccurredAt } from "#domain/version.ts";
import type { DealerFeedItem, DeviceItem, FeedFilter } from "#objects/item.ts";
import { alertNodeId } from "../loaders.ts";
import { Alert, AlertSeverity } from "./alert.ts";
import { builder } from "./builder.ts";
import { Device } from "./device.ts";
import { DeviceEvent } from "./device-event.ts";
import { deviceArgs, deviceKeyIn } from "./device-ref.ts";

/** Each of its items costs as much as the same fields cost in a query. */
builder.subscriptionType({
  description:
    "Changes from now on, or after a given cursor. Over WebSocket at `/graphql` or `/live`, or as server-sent events at `/graphql`.",
});

const DeviceChangeKind = builder.enumType("DeviceChangeKind", {
  description: "The kind of a device's change.",
  values: {
    SNAPSHOT: { value: "snapshot", description: "The first item of a stream: the device as it is." },
    EVENT: { value: "event", description: "An event changed it." },
    GAP: {
      value: "gap",
      description:
        "Changes after `afterRevision` are no longer stored: this is the device as it is. Query the rest again.",
    },
    LOST: {
      value: "lost",
      description:
        "The dealer no longer has the device, or no device with this key that the token may see exists. Nothing more of it follows.",
    },
  } as const,
});

const CONSISTENCY_TOKEN = "For the header `Concord-Consistency-Token`: a query that carries it sees at least this.";

export const Change = builder.objectRef<DeviceItem>("DeviceChange").implement({
  description: "A change of a device, or the beginning of its stream.",
  fields: (t) => ({
    kind: t.expose("kind", { type: DeviceChangeKind, description: "The kind of change." }),
    deviceKey: t.exposeString("deviceKey", { description: "The key of the device, as it was subscribed to." }),
    cursor: t.exposeString("cursor", {
      description: "The item's cursor: for `after` of `devicesChanged`.",
    }),
    revision: t.exposeInt("revision", {
      description: "The number of the device's changes so far, one per event. For `afterRevision`.",
    }),
    event: t.field({
      type: DeviceEvent,
      nullable: true,
      description:
        "The event; null if the item is not an event, or it occurred while the dealer did not have the device.",
      resolve: ({ event, deviceKey }) => event && { ...event, deviceKey },
    }),
    device: t.expose("device", {
      type: Device,
      nullable: true,
      description: "Its current state, which may be newer than the event; null once the dealer no longer has it.",
    }),
    consistencyToken: t.exposeString("consistencyToken", { nullable: true, description: CONSISTENCY_TOKEN }),
  }),
});

export const NewsKind = builder.enumType("DealerNewsKind", {
  description: "The kind of a change of a dealer's devices.",
  values: {
    STARTED: { value: "started", description: "The beginning of the stream: no change after it is missed." },
    GAP: {
      value: "gap",
      description: "Changes after `after` are no longer stored. Query again what is shown.",
    },
    DEVICE_GAINED: { value: "deviceGained", description: "The dealer was assigned a device." },
    DEVICE_LOST: {
      value: "deviceLost",
      description: "The dealer no longer has a device, and may not see it any more.",
    },
    DEVICE_CHANGED: { value: "deviceChanged", description: "A device reported, or changed in another way." },
    ALERT_RAISED: { value: "alertRaised", description: "An alert was raised." },
    ALERT_CLEARED: { value: "alertCleared", description: "An alert was cleared." },
    ALERT_ACKNOWLEDGED: { value: "alertAcknowledged", description: "An alert was acknowledged." },
    ALERT_UNACKNOWLEDGED: { value: "alertUnacknowledged", description: "An acknowledgement was withdrawn." },
  } as const,
});

export const News = builder.objectRef<DealerFeedItem>("DealerNews").implement({
  description: "A change of one of a dealer's devices.",
  fields: (t) => ({
    kind: t.expose("kind", { type: NewsKind, description: "The kind of change." }),
    dealerId: t.exposeString("dealerId", { description: "The dealer whose feed it is from." }),
    cursor: t.exposeString("cursor", { description: "The item's cursor, for `after`." }),
    deviceKey: t.string({
      nullable: true,
      description: "The key of the device; null for STARTED and GAP.",
      resolve: ({ announcement }) => announcement?.deviceKey ?? null,
    }),
    topic: t.string({
      nullable: true,
      description: "The topic of the event; null if it occurred while another dealer had the device.",
      resolve: ({ announcement }) => (announcement?.isOwn ? announcement.topic : null),
    }),
    occurredAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "By the source's clock; null if `topic` is.",
      resolve: ({ announcement }) => (announcement?.isOwn ? formatOccurredAt(announcement.version) : null),
    }),
    device: t.field({
      type: Device,
      nullable: true,
      description: "Its current state; null if the token may not see it.",
      resolve: ({ announcement }, _, { load }) => announcement && load.device.load(announcement.deviceKey),
    }),
    alert: t.field({
      type: Alert,
      nullable: true,
      description: "Its current state; null if it does not exist or the token may not see it.",
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
    description: "The changes of a device. Begins with the device as it is, or continues after a revision.",
    args: {
      ...deviceArgs,
      afterRevision: t.arg.int({ description: "The last revision that was received." }),
    },
    subscribe: (_, { afterRevision, ...named }, { live }) =>
      live({
        kind: "device",
        deviceKey: deviceKeyIn(named) as DeviceKey,
        after: afterRevision == null ? null : String(afterRevision),
      }),
    resolve: (item) => item as DeviceItem,
  }),
);

export const MIN_SEVERITY =
  "Only alerts of this severity or a worse one, or of unknown severity; and everything that is not about an alert.";

/** STARTED and GAP are sent whatever the filter has. */
export const announced = (kinds: readonly DealerFeedItem["kind"][] | null | undefined): FeedFilter["kinds"] =>
  kinds == null ? null : kinds.filter((kind) => kind !== "started" && kind !== "gap");

builder.subscriptionField("dealerFeed", (t) =>
  t.field({
    type: News,
    description: "The changes of all of a dealer's devices. Begins with STARTED, or continues after a cursor.",
    args: {
      dealerId: t.arg.string({ required: true, description: "A dealer that the token may see." }),
      kinds: t.arg({ type: [NewsKind], description: "Only these kinds, and always STARTED and GAP. Absent: all." }),
      minSeverity: t.arg({ type: AlertSeverity, description: MIN_SEVERITY }),
      after: t.arg.string({ description: "The `cursor` of the last item that was received." }),
    },
    subscribe: (_, { dealerId, kinds, minSeverity, after }, { live }) =>
      live({
        kind: "dealer",
        dealerId,
        kinds: announced(kinds),
        minSeverity: minSeverity ?? null,
        after: after ?? null,
      }),
    resolve: (item) => item as DealerFeedItem,
  }),
);

builder.subscriptionField("alertRaised", (t) =>
  t.field({
    type: News,
    description: "The ALERT_RAISED of a dealer's feed. Begins with STARTED, or continues after a cursor.",
    args: {
      dealerId: t.arg.string({ required: true, description: "A dealer that the token may see." }),
      minSeverity: t.arg({ type: AlertSeverity, description: MIN_SEVERITY }),
      after: t.arg.string({ description: "The `cursor` of the last item that was received." }),
    },
    subscribe: (_, { dealerId, minSeverity, after }, { live }) =>
      live({
        kind: "dealer",
        dealerId,
        kinds: ["alertRaised"],
        minSeverity: minSeverity ?? null,
        after: after ?? null,
      }),
    resolve: (item) => item as DealerFeedItem,
  }),
);
