import { deviceIdOf, sourceOf } from "../../domain/event.ts";
import { partyKeyOf } from "../../domain/party.ts";
import { viewTwin } from "../../domain/twin.ts";
import { AlertCursor } from "../../repositories/alert.ts";
import { AssignmentCursor } from "../../repositories/assignment.ts";
import {
  type DeviceFilter as DeviceFilterShape,
  type DeviceOwner,
  deviceCursorOf,
  type FoundDevice,
} from "../../repositories/device.ts";
import { HistoryCursor } from "../../repositories/history.ts";
import type { PageArgs } from "../../repositories/page.ts";
import type { Context } from "../context.ts";
import { userError } from "../errors.ts";
import { AlertConnection, AlertFilter, AlertSeverity } from "./alert.ts";
import { AssignmentConnection } from "./assignment.ts";
import { builder, decodeLoosely } from "./builder.ts";
import { Customer } from "./customer.ts";
import { Dealer } from "./dealer.ts";
import { DeviceEventConnection, DeviceEventFilter } from "./device-event.ts";
import { Location } from "./location.ts";
import { type Counted, counted, countedConnection, pageArgs, pageRequest } from "./page.ts";
import { Source } from "./source.ts";
import { StatusReport } from "./status-report.ts";
import { TimeRange } from "./time-range.ts";
import { DeviceTwin } from "./twin.ts";

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

/** Each device's history is a call to its object, which no batch shortens: a page of a hundred would be as many. */
const HISTORY_COST = 10;

export const Device = builder.objectRef<FoundDevice>("Device");

builder.node(Device, {
  name: "Device",
  description: "A connected device, as its events made it.",
  id: { resolve: ({ key }) => key },
  loadWithoutCache: (key, { load }) => load.device.load(key),
  fields: (t) => ({
    key: t.exposeString("key", { description: "`{source}:{deviceId}`; case matters." }),
    source: t.field({
      type: Source,
      description: "The upstream system that speaks for it.",
      resolve: ({ key }) => sourceOf(key),
    }),
    deviceId: t.string({ description: "Unique within its source.", resolve: ({ key }) => deviceIdOf(key) }),
    status: t.expose("status", { type: DeviceStatus, description: "What its events come to." }),
    serialNumber: t.exposeString("serialNumber", { nullable: true, description: "Null while it is not registered." }),
    model: t.exposeString("model", {
      nullable: true,
      description: "By its profile, or else by its registration, like firmware and location.",
    }),
    firmware: t.exposeString("firmware", { nullable: true, description: "Its version, in the source's words." }),
    name: t.exposeString("name", { nullable: true, description: "Null until its profile arrives." }),
    features: t.exposeStringList("features", { description: "By its profile, in the source's words." }),
    location: t.expose("location", { type: Location, nullable: true, description: "Null until an event names one." }),
    registeredAt: t.expose("registeredAt", {
      type: "DateTime",
      nullable: true,
      description: "Null while it is not registered.",
    }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When the newest event about it occurred." }),
    dealer: t.field({
      type: Dealer,
      nullable: true,
      description: "Null while unassigned.",
      resolve: ({ key, dealerId }, _, { load }) =>
        dealerId === null ? null : load.dealerRecord.load(partyKeyOf(sourceOf(key), dealerId)),
    }),
    customer: t.field({
      type: Customer,
      nullable: true,
      description: "Null until an event names one.",
      resolve: ({ key, customerId }, _, { load }) =>
        customerId === null ? null : load.customerRecord.load(partyKeyOf(sourceOf(key), customerId)),
    }),
    report: t.expose("report", { type: StatusReport, nullable: true, description: "Null until it reports." }),
    twin: t.field({
      type: DeviceTwin,
      description: "What people want it to do, beside what it says that it does.",
      resolve: viewTwin,
    }),
    alerts: t.field({
      type: AlertConnection,
      description: "Newest raised first. A dealer sees those raised while the device was its own.",
      args: { ...pageArgs, filter: t.arg({ type: AlertFilter }) },
      resolve: ({ key }, args, { load }) => {
        const filter = args.filter ?? {};
        const page = pageRequest(args, AlertCursor);
        return counted(load.alertsOfDevice(key, { page, filter }), () => load.alertCountOfDevice(key, filter));
      },
    }),
    assignments: t.field({
      type: AssignmentConnection,
      description: "Oldest first. A dealer sees its own.",
      args: pageArgs,
      resolve: async ({ key }, args, { load }) => {
        const page = await load.assignmentsOf(key, pageRequest(args, AssignmentCursor));
        return {
          ...page,
          edges: page.edges.map((edge) => ({ ...edge, node: { ...edge.node, source: sourceOf(key) } })),
        };
      },
    }),
    history: t.field({
      type: DeviceEventConnection,
      description: "The last events that named it, newest first. A dealer sees those from its own time.",
      extensions: { cost: HISTORY_COST },
      args: { ...pageArgs, filter: t.arg({ type: DeviceEventFilter }) },
      resolve: ({ key }, { filter, ...args }, { devices, load }) => {
        const request = { page: pageRequest(args, HistoryCursor), filter: filter ?? {} };
        return devices.history(key, request, (one) => load.recentAssignments.load(one));
      },
    }),
  }),
});

export const DeviceConnection = countedConnection(Device, "DeviceConnection");

export const DeviceFilter = builder.inputType("DeviceFilter", {
  description: "Conditions that all have to hold.",
  fields: (t) => ({
    status: t.field({ type: DeviceStatus, description: "What its events come to." }),
    source: t.field({ type: Source, description: "The upstream system that speaks for it." }),
    dealerId: t.string({ description: "The dealer that has the device now." }),
    customerId: t.string({ description: "Whose device it is." }),
    serialPrefix: t.string({ description: "How the serial number begins; case matters." }),
    hasOpenAlerts: t.boolean({ description: "Whether it has an open alert that the token may see." }),
    openAlertSeverity: t.field({
      type: AlertSeverity,
      description: "It has an open alert of this severity that the token may see.",
    }),
    registered: t.field({ type: TimeRange, description: "When it was registered." }),
    updatedSince: t.field({
      type: "DateTime",
      description:
        "Its newest event occurred then or later. Cheapest at the beginning of a UTC day, and in the order UPDATED.",
    }),
  }),
});

const DeviceOrderField = builder.enumType("DeviceOrderField", {
  description: "What devices are sorted by, and then by key. Those that lack it come first when ascending.",
  values: {
    KEY: { description: "By source, and then by `deviceId`." },
    SERIAL_NUMBER: { description: "As text, not as a number." },
    REGISTERED: { description: "When it was registered." },
    UPDATED: { description: "The UTC day of its newest event. Within a day the key decides, not the time." },
  } as const,
});

const OrderDirection = builder.enumType("OrderDirection", {
  description: "Which end of a list comes first.",
  values: { ASC: { description: "The lowest." }, DESC: { description: "The highest." } } as const,
});

const DeviceOrder = builder.inputType("DeviceOrder", {
  description: "How devices are sorted. Cursors of one field are no cursors of another.",
  fields: (t) => ({
    field: t.field({
      type: DeviceOrderField,
      description:
        "Absent: UPDATED where the filter has `updatedSince`, or else REGISTERED where it has `registered`, or else SERIAL_NUMBER where it has `serialPrefix`, or else KEY.",
    }),
    direction: t.field({
      type: OrderDirection,
      required: true,
      defaultValue: "ASC",
      description: "Of the field and of the key behind it. Cursors are good in both.",
    }),
  }),
});

/** The devices of a dealer or a customer, which are read together with those of others. */
export function devicesOf(
  owner: DeviceOwner,
  id: string,
  args: PageArgs & { readonly filter?: DeviceFilterShape | null | undefined },
  load: Context["load"],
): Promise<Counted<FoundDevice>> {
  const filter = args.filter ?? {};
  const page = pageRequest(args, deviceCursorOf({ order: { field: "KEY" } }));
  return counted(load.devicesOf[owner](id, { page, filter }), () => load.deviceCountOf[owner](id, filter));
}

builder.queryField("device", (t) =>
  t.field({
    type: Device,
    nullable: true,
    description: "A device by `id` or by `key`, one of them; null when there is none, or none that the token may see.",
    args: { id: t.arg.id(), key: t.arg.string({ description: "`{source}:{deviceId}`; case matters." }) },
    resolve: (_, args, { load }) => load.device.load(deviceKeyIn(args)),
  }),
);

type Named = { id?: string | null; key?: string | null };
type Which =
  | { readonly ok: true; readonly key: string }
  | { readonly ok: false; readonly message: string; readonly field: readonly string[] | null };

/** The device that is named by one of the two. */
export function whichDevice({ id, key }: Named): Which {
  if ((id == null) === (key == null)) return { ok: false, message: "Give either `id` or `key`.", field: null };
  if (key != null) return { ok: true, key };
  const node = decodeLoosely(id ?? "");
  return node.typename === "Device"
    ? { ok: true, key: node.id }
    : { ok: false, message: "That id is not a device's; pass one as an `id` field gave it.", field: ["id"] };
}

/** @throws GraphQLError of BAD_USER_INPUT */
export function deviceKeyIn(named: Named): string {
  const which = whichDevice(named);
  if (!which.ok) throw userError(which.message);
  return which.key;
}

builder.queryField("devices", (t) =>
  t.field({
    type: DeviceConnection,
    nullable: true,
    description: "Devices by key, or as `orderBy` says.",
    args: { ...pageArgs, filter: t.arg({ type: DeviceFilter }), orderBy: t.arg({ type: DeviceOrder }) },
    resolve: (_, { filter, orderBy, ...args }, { devices }) => {
      const listing = { filter: filter ?? {}, order: orderBy ?? {} };
      const page = pageRequest(args, deviceCursorOf(listing));
      return counted(devices.list(page, listing), () => devices.count(listing.filter));
    },
  }),
);
