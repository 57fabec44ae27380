import { deviceIdOf, sourceOf } from "#domain/event.ts";
import { partyKeyOf } from "#domain/party.ts";
import { viewTwin } from "#domain/twin.ts";
import { AlertCursor } from "#repositories/alert.ts";
import { AssignmentCursor } from "#repositories/assignment.ts";
import {
  type DeviceFilter as DeviceFilterShape,
  type DeviceOwner,
  deviceCursorSchema,
  type FoundDevice,
} from "#repositories/device.ts";
import { HistoryCursor } from "#repositories/history.ts";
import type { PageArgs } from "#repositories/page.ts";
import { parseSearch } from "#repositories/search-text.ts";
import type { DeviceAsOf } from "#services/earlier-devices.ts";
import type { Context } from "../context.ts";
import { userError } from "../errors.ts";
import { AlertConnection, AlertFilter, AlertSeverity } from "./alert.ts";
import { AssignmentConnection } from "./assignment.ts";
import { builder } from "./builder.ts";
import { Customer } from "./customer.ts";
import { Dealer } from "./dealer.ts";
import { DeviceEventConnection, DeviceEventFilter } from "./device-event.ts";
import { deviceKeyIn } from "./device-ref.ts";
import {
  AS_OF_COST,
  deviceArgsAsOf,
  EarlierDevice,
  earlierAlerts,
  earlierAssignments,
  earlierId,
  orRefused,
  timesAsked,
  untilThen,
} from "./earlier-device.ts";
import { Location } from "./location.ts";
import { type Counted, counted, countedConnection, pageArgs, pageRequest } from "./page.ts";
import { READINGS_COST, Readings, readingsArgs, toRange } from "./readings.ts";
import { Command, commandsOf, Source } from "./source.ts";
import { StatusReport } from "./status-report.ts";
import { TimeRange } from "./time-range.ts";
import { DeviceTwin } from "./twin.ts";

export const DeviceStatus = builder.enumType("DeviceStatus", {
  description: "The state of a device, computed from its events.",
  values: {
    UNREGISTERED: { description: "Events named it, but its registration has not arrived." },
    REGISTERED: { description: "Registered, and has not reported yet." },
    ONLINE: { description: "By its last report." },
    OFFLINE: { description: "By its last report." },
    RETIRED: { description: "Taken out of service." },
  } as const,
});

/**
 * Each device's history is a call to its object, and such calls are not batched: a page of a hundred devices makes a
 * hundred.
 */
const HISTORY_COST = 10;

/** A device as it is, or as of a time. */
type Shown = FoundDevice & Partial<Pick<DeviceAsOf, "earlier">>;

export const Device = builder.objectRef<Shown>("Device");

builder.node(Device, {
  name: "Device",
  description: "A connected device. Its state is the merge of its events.",
  // A device as of a time has an id of its own, or clients' caches would take it for the device as it is.
  id: { resolve: ({ key, earlier }) => (earlier ? `${key}${earlierId(earlier)}` : key) },
  loadWithoutCache: (key, { load }) => load.device.load(key),
  fields: (t) => ({
    key: t.exposeString("key", { description: "`{source}:{deviceId}`; case matters." }),
    source: t.field({
      type: Source,
      description: "The upstream system that publishes its events.",
      resolve: ({ key }) => sourceOf(key),
    }),
    deviceId: t.string({ description: "Unique within its source.", resolve: ({ key }) => deviceIdOf(key) }),
    status: t.expose("status", { type: DeviceStatus, description: "Its state, computed from its events." }),
    serialNumber: t.exposeString("serialNumber", { nullable: true, description: "Null while it is not registered." }),
    model: t.exposeString("model", {
      nullable: true,
      description: "From its profile, or else from its registration; so are firmware and location.",
    }),
    firmware: t.exposeString("firmware", { nullable: true, description: "Its version, as the source writes it." }),
    name: t.exposeString("name", { nullable: true, description: "Null until its profile arrives." }),
    features: t.exposeStringList("features", { description: "From its profile, as the source writes them." }),
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
      description: "Null while unassigned. Of a device as of a time it is the one of then, with its record of now.",
      resolve: ({ key, dealerId }, _, { load }) =>
        dealerId === null ? null : load.dealerRecord.load(partyKeyOf(sourceOf(key), dealerId)),
    }),
    customer: t.field({
      type: Customer,
      nullable: true,
      description:
        "Null until an event names one. Of a device as of a time it is the one of then, with its record of now.",
      resolve: ({ key, customerId }, _, { load }) =>
        customerId === null ? null : load.customerRecord.load(partyKeyOf(sourceOf(key), customerId)),
    }),
    report: t.expose("report", {
      type: StatusReport,
      nullable: true,
      description: "Its last status report; null until the first arrives.",
    }),
    commands: t.field({
      type: [Command],
      description: "The mutations that it takes. Any other gets the user error UNSUPPORTED.",
      resolve: ({ key }) => commandsOf(sourceOf(key)),
    }),
    twin: t.field({
      type: DeviceTwin,
      description: "Its desired state, its reported state and the difference.",
      resolve: viewTwin,
    }),
    alerts: t.field({
      type: AlertConnection,
      description: "Newest raised first. A dealer sees those raised while it had the device.",
      args: {
        ...pageArgs,
        filter: t.arg({ type: AlertFilter, description: "Only alerts for which all of it holds." }),
      },
      resolve: ({ key, earlier }, args, { load }) => {
        const filter = args.filter ?? {};
        const page = pageRequest(args, AlertCursor);
        if (earlier) return earlierAlerts(earlier, { page, filter });
        return counted(load.alertsOfDevice(key, { page, filter }), () => load.alertCountOfDevice(key, filter));
      },
    }),
    assignments: t.field({
      type: AssignmentConnection,
      description: "The dealers that it had, oldest first. A dealer sees its own assignments.",
      args: pageArgs,
      resolve: async ({ key, earlier }, args, { load }) => {
        const request = pageRequest(args, AssignmentCursor);
        const page = earlier ? earlierAssignments(earlier, request) : await load.assignmentsOf(key, request);
        return {
          ...page,
          edges: page.edges.map((edge) => ({ ...edge, node: { ...edge.node, source: sourceOf(key) } })),
        };
      },
    }),
    history: t.field({
      type: DeviceEventConnection,
      description:
        "The last events that named it, newest first. A dealer sees those that occurred while it had the device. Of a device as of a time: those of today's last events that had occurred by then.",
      extensions: { cost: HISTORY_COST },
      args: {
        ...pageArgs,
        filter: t.arg({ type: DeviceEventFilter, description: "Only events for which all of it holds." }),
      },
      resolve: async ({ key, earlier }, { filter, ...args }, { devices, load }) => {
        const page = pageRequest(args, HistoryCursor);
        const request = { page, filter: earlier ? untilThen(earlier, filter ?? {}) : (filter ?? {}) };
        const found = await devices.history(key, request, (one) => load.recentAssignments.load(one));
        return { ...found, edges: found.edges.map((edge) => ({ ...edge, node: { ...edge.node, deviceKey: key } })) };
      },
    }),
    readings: t.field({
      type: Readings,
      nullable: true,
      description:
        "What it measured, by steps of time: from the archive, and of the newest time from the device itself. A dealer sees what was reported while it had the device. Null with an error, where the environment has no archive.",
      extensions: { cost: READINGS_COST },
      args: readingsArgs,
      resolve: ({ key }, args, { devices, load }) =>
        orRefused(devices.readings(key, toRange(args), (one) => load.recentAssignments.load(one))),
    }),
    earlier: t.expose("earlier", {
      type: EarlierDevice,
      nullable: true,
      description: "Which time it is of; null for a device as it is now.",
    }),
  }),
});

export const DeviceConnection = countedConnection(Device, "DeviceConnection");

export const DeviceFilter = builder.inputType("DeviceFilter", {
  description: "Conditions on devices; all of them have to hold.",
  fields: (t) => ({
    status: t.field({ type: DeviceStatus, description: "Its state, computed from its events." }),
    statuses: t.field({ type: [DeviceStatus], description: "One of these states; an empty list matches nothing." }),
    source: t.field({ type: Source, description: "The upstream system that publishes its events." }),
    sources: t.field({ type: [Source], description: "One of these upstream systems; an empty list matches nothing." }),
    unassigned: t.boolean({
      description:
        "True: only devices that no dealer has now, of which a token of role dealer sees none. False: only the others.",
    }),
    dealerId: t.string({ description: "The dealer that has the device now." }),
    customerId: t.string({ description: "The customer that the device is assigned to." }),
    search: t.string({
      description:
        "Words that the name, the serial number or the customer's name has, in any order; case and accents do not matter, and the last one may be the beginning of a word. At least two letters or digits. At most 1,000 devices are found, of the dealer if one is named; the other conditions are applied to those.",
    }),
    serialPrefix: t.string({ description: "The beginning of the serial number; case matters." }),
    hasOpenAlerts: t.boolean({ description: "Whether it has an open alert that the token may see." }),
    openAlertSeverity: t.field({
      type: AlertSeverity,
      description: "Only devices with an open alert of this severity that the token may see.",
    }),
    registered: t.field({ type: TimeRange, description: "When it was registered." }),
    updatedSince: t.field({
      type: "DateTime",
      description:
        "Only devices whose newest event occurred then or later. Cheapest at the beginning of a UTC day, and in the order UPDATED_DAY.",
    }),
  }),
});

const DeviceOrderField = builder.enumType("DeviceOrderField", {
  description:
    "The field that devices are sorted by; ties are sorted by key. In ascending order, devices without a value come first.",
  values: {
    KEY: { description: "By source, then by `deviceId`." },
    SERIAL_NUMBER: { description: "Compared as text, not as a number." },
    REGISTERED: { description: "When it was registered." },
    UPDATED_DAY: {
      description: "The UTC day of the newest event. Within a day, devices are sorted by key, not by time.",
    },
    UPDATED: {
      description: "As UPDATED_DAY.",
      deprecationReason:
        "It sorts by the day of the newest event, and not by its time: use UPDATED_DAY, which does the same.",
    },
  } as const,
});

const OrderDirection = builder.enumType("OrderDirection", {
  description: "The direction of a sort.",
  values: { ASC: { description: "Lowest first." }, DESC: { description: "Highest first." } } as const,
});

const DeviceOrder = builder.inputType("DeviceOrder", {
  description: "How devices are sorted. A cursor is only valid for the field that it was made with.",
  fields: (t) => ({
    field: t.field({
      type: DeviceOrderField,
      description:
        "Absent: UPDATED_DAY where the filter has `updatedSince`, or else REGISTERED where it has `registered`, or else SERIAL_NUMBER where it has `serialPrefix`, or else KEY.",
    }),
    direction: t.field({
      type: OrderDirection,
      required: true,
      defaultValue: "ASC",
      description: "The direction of the field and of the key. A cursor is valid in both directions.",
    }),
  }),
});

/** @throws GraphQLError with the code BAD_USER_INPUT for a search without words */
function checkSearch(filter: DeviceFilterShape): DeviceFilterShape {
  const words = filter.search == null ? [] : parseSearch(filter.search);
  if ("problem" in words) throw userError(words.problem);
  return filter;
}

/** The devices of a dealer or a customer, read together with those of other dealers or customers. */
export function loadDevices(
  owner: DeviceOwner,
  id: string,
  args: PageArgs & { readonly filter?: DeviceFilterShape | null | undefined },
  load: Context["load"],
): Promise<Counted<FoundDevice>> {
  const filter = checkSearch(args.filter ?? {});
  const page = pageRequest(args, deviceCursorSchema({ order: { field: "KEY" } }));
  return counted(load.devicesOf[owner](id, { page, filter }), () => load.deviceCountOf[owner](id, filter));
}

builder.queryField("device", (t) =>
  t.field({
    type: Device,
    nullable: true,
    description:
      "A device; null if it does not exist or the token may not see it. With `asOf`, it is as it was: its registers, alerts and assignments by the events that had occurred by then. Its dealer and customer are the ones of then, with their records of now. What was received before `earlier.completeSince` may be missing. A dealer sees it if it has the device now, and had it then.",
    extensions: { costWith: { asOf: AS_OF_COST } },
    args: deviceArgsAsOf,
    resolve: (_, args, { load, devices }) => {
      const key = deviceKeyIn(args);
      const times = timesAsked(args);
      return times ? orRefused(devices.findAsOf(key, times)) : load.device.load(key);
    },
  }),
);

builder.queryField("devices", (t) =>
  t.field({
    type: DeviceConnection,
    nullable: true,
    description: "Devices, sorted by key unless `orderBy` is given.",
    args: {
      ...pageArgs,
      filter: t.arg({ type: DeviceFilter, description: "Only devices for which all of it holds." }),
      orderBy: t.arg({ type: DeviceOrder, description: "Absent: ascending, by the field that fits the filter." }),
    },
    resolve: (_, { filter, orderBy, ...args }, { devices }) => {
      const listing = { filter: checkSearch(filter ?? {}), order: orderBy ?? {} };
      const page = pageRequest(args, deviceCursorSchema(listing));
      return counted(devices.list(page, listing), () => devices.count(listing.filter));
    },
  }),
);
