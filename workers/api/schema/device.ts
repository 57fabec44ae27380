import { deviceIdOf, sourceOf } from "../../../src/shared/domain/event.ts";
import { AlertCursor } from "../../../src/shared/repositories/alert.ts";
import { AssignmentCursor, pageOfIntervals } from "../../../src/shared/repositories/assignment.ts";
import { DeviceCursor, type FoundDevice } from "../../../src/shared/repositories/device.ts";
import { HistoryCursor } from "../../../src/shared/repositories/history.ts";
import { userError } from "../errors.ts";
import { AlertConnection, AlertFilter } from "./alert.ts";
import { AssignmentConnection } from "./assignment.ts";
import { builder, parseGlobalId } from "./builder.ts";
import { Customer } from "./customer.ts";
import { Dealer } from "./dealer.ts";
import { DeviceEventConnection } from "./device-event.ts";
import { Location } from "./location.ts";
import { pageArgs, pageRequest } from "./page.ts";
import { Source } from "./source.ts";
import { StatusReport } from "./status-report.ts";

const DeviceStatus = builder.enumType("DeviceStatus", {
  description: "What a device's events come to.",
  values: {
    UNREGISTERED: { description: "Something was heard of it, but not its registration." },
    REGISTERED: { description: "Registered, and has not reported yet." },
    ONLINE: { description: "Its last report said so." },
    OFFLINE: { description: "Its last report said so." },
    RETIRED: { description: "Taken out of service." },
  } as const,
});

export const Device = builder.objectRef<FoundDevice>("Device");

builder.node(Device, {
  name: "Device",
  description: "A connected device, as its events made it.",
  id: { resolve: ({ key }) => key },
  loadWithoutCache: (key, { load }) => load.device.load(key),
  fields: (t) => ({
    key: t.exposeString("key", { description: "`{source}:{deviceId}`; case matters." }),
    source: t.field({ type: Source, resolve: ({ key }) => sourceOf(key) }),
    deviceId: t.string({ description: "Unique within its source.", resolve: ({ key }) => deviceIdOf(key) }),
    status: t.expose("status", { type: DeviceStatus }),
    serialNumber: t.exposeString("serialNumber", { nullable: true }),
    model: t.exposeString("model", { nullable: true }),
    firmware: t.exposeString("firmware", { nullable: true }),
    name: t.exposeString("name", { nullable: true }),
    features: t.exposeStringList("features"),
    location: t.expose("location", { type: Location, nullable: true }),
    registeredAt: t.expose("registeredAt", { type: "DateTime", nullable: true }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When the newest event about it occurred." }),
    dealer: t.field({
      type: Dealer,
      nullable: true,
      description: "Null while unassigned.",
      resolve: ({ dealerId }, _, { load }) => (dealerId === null ? null : load.dealer.load(dealerId)),
    }),
    customer: t.field({
      type: Customer,
      nullable: true,
      resolve: ({ customerId }, _, { load }) => (customerId === null ? null : load.customer.load(customerId)),
    }),
    report: t.expose("report", { type: StatusReport, nullable: true, description: "Null until it reports." }),
    alerts: t.field({
      type: AlertConnection,
      description: "Newest raised first. A dealer sees those raised while the device was its own.",
      args: { ...pageArgs, filter: t.arg({ type: AlertFilter }) },
      resolve: ({ key }, { filter, ...args }, { load }) =>
        load.alertsOfDevice(key, { page: pageRequest(args, AlertCursor), filter: filter ?? {} }),
    }),
    assignments: t.field({
      type: AssignmentConnection,
      description: "Oldest first. A dealer sees its own.",
      args: pageArgs,
      resolve: async ({ key }, args, { load }) =>
        pageOfIntervals(await load.intervals.load(key), pageRequest(args, AssignmentCursor)),
    }),
    history: t.field({
      type: DeviceEventConnection,
      description: "The last events that named it, newest first. A dealer sees those from its own time.",
      args: pageArgs,
      resolve: ({ key }, args, { devices, load }) =>
        devices.history(key, pageRequest(args, HistoryCursor), (one) => load.intervals.load(one)),
    }),
  }),
});

export const DeviceConnection = builder.connectionObject({ type: Device, name: "DeviceConnection" });

const DeviceFilter = builder.inputType("DeviceFilter", {
  description: "Conditions that all have to hold.",
  fields: (t) => ({
    status: t.field({ type: DeviceStatus }),
    source: t.field({ type: Source }),
    dealerId: t.string({ description: "The dealer that has the device now." }),
    serialPrefix: t.string({ description: "How the serial number begins; case matters." }),
  }),
});

builder.queryField("device", (t) =>
  t.field({
    type: Device,
    nullable: true,
    description: "A device by `id` or by `key`, one of them; null when there is none, or none that the token may see.",
    args: { id: t.arg.id(), key: t.arg.string({ description: "`{source}:{deviceId}`; case matters." }) },
    resolve: (_, args, { load }) => load.device.load(deviceKeyIn(args)),
  }),
);

function deviceKeyIn({ id, key }: { id?: string | null; key?: string | null }): string {
  if (id != null && key == null) {
    const node = parseGlobalId(id);
    if (node.typename !== "Device") throw userError("That id is not a device's.");
    return node.id;
  }
  if (key != null && id == null) return key;
  throw userError("Give either `id` or `key`.");
}

builder.queryField("devices", (t) =>
  t.field({
    type: DeviceConnection,
    description: "Devices by key.",
    args: { ...pageArgs, filter: t.arg({ type: DeviceFilter }) },
    resolve: (_, { filter, ...args }, { devices }) => devices.list(pageRequest(args, DeviceCursor), filter ?? {}),
  }),
);
