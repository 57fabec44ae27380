import { Hono } from "hono";
import * as z from "zod";
import { clientAddress } from "#base/rate-limit.ts";
import type { DeviceStatus } from "#domain/device.ts";
import { isDeviceKey, SOURCES, sourceOf } from "#domain/event.ts";
import { partyKeyOf } from "#domain/party.ts";
import type { DeviceItem, LiveItem, LiveTarget } from "#objects/item.ts";
import { EVENT_STREAM_HEADERS, itemStream } from "#objects/item-stream.ts";
import { type Listener, LiveRefused } from "#objects/listen.ts";
import type { DeviceDetail, DeviceEventPage, DevicePage } from "#ops/device-api.ts";
import { deviceSorts, SORTS } from "#ops/sorts.ts";
import type { Consistency } from "#repositories/consistency.ts";
import { NEAREST } from "#repositories/consistency.ts";
import type { FoundDevice } from "#repositories/device.ts";
import { isOutage } from "#repositories/fault.ts";
import { HistoryCursor } from "#repositories/history.ts";
import { EMPTY_PAGE, type PageRequest, parsePage } from "#repositories/page.ts";
import type { Services } from "#services/index.ts";
import { logFault } from "#telemetry/fault.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { errorResponse } from "../http/error.ts";
import type { OpsEnv } from "../http/gate.ts";
import { CURSOR_ORDER_ERROR, cursorFitsOrder, First, maybeSortedBy, sortedCursor } from "../http/page.ts";
import { parseInput } from "../http/reading.ts";
import { toAlertJson, toAssignmentJson, toChangeJson, toDeviceJson, toEventJson } from "./device-json.ts";
import { NOTHING_READ, readAsOf, readReadings, Times, unknownDevice } from "./earlier.ts";
import { search } from "./search.ts";

export type DeviceDeps = {
  /** Services with the scope of the operations API, which may read everything; answers are masked. */
  readonly open: (consistency: Consistency) => Services;
  /** @throws LiveRefused */
  readonly listen: (target: DeviceTarget, listener: Omit<Listener, "scope">) => Promise<AsyncIterable<LiveItem>>;
  readonly now: () => number;
};

type DeviceTarget = Extract<LiveTarget, { kind: "device" }>;

/** A record, so that a new status fails the build here. */
const STATUSES = Object.keys({
  UNREGISTERED: true,
  REGISTERED: true,
  ONLINE: true,
  OFFLINE: true,
  RETIRED: true,
} satisfies Record<DeviceStatus, true>) as DeviceStatus[];

const Text = z.string().trim().min(1, "must not be empty").max(80, "must be at most 80 characters");

const Search = z
  .strictObject({
    text: Text.optional(),
    source: z.enum(SOURCES, `must be one of ${SOURCES.join(", ")}`).optional(),
    dealer: Text.optional(),
    status: z.enum(STATUSES, `must be one of ${STATUSES.join(", ")}`).optional(),
    ...maybeSortedBy(SORTS.devices),
  })
  .refine(cursorFitsOrder, CURSOR_ORDER_ERROR)
  .superRefine(({ sort, ...filter }, { addIssue }) => {
    const sorts: readonly string[] = deviceSorts(filter);
    if (sort && !sorts.includes(sort.by)) addIssue({ code: "custom", path: ["sort"], message: unsortable(sorts) });
  });

const unsortable = (sorts: readonly string[]): string =>
  sorts.length === 0
    ? "must be absent beside text, whose best matches come first"
    : `must be ${sorts.join(", ")} beside source or status, unless dealer is given: no index has both`;

const Events = z.strictObject({ first: First, after: z.string().optional() });
const Live = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,15}$/, "must be a revision")
    .optional(),
});

/** Longest life of one stream; its token may end it earlier. Ours: clients have to authenticate that often. */
const LISTENING_LIMIT_MS = 10 * 60_000;

/** Alerts that a device is shown with: up to 100 open and 100 acknowledged ones, and 50 cleared ones. */
const STANDING_ALERTS: PageRequest = { size: 100, from: "start", after: null, before: null };
const CLEARED_ALERTS: PageRequest = { ...STANDING_ALERTS, size: 50 };

/** The newest assignments; earlier ones are in the GraphQL API. */
const LAST_ASSIGNMENTS: PageRequest = { ...STANDING_ALERTS, from: "end" };

/** Devices for operators. Viewers may read all of it, since personal data is masked for every role. */
export function deviceRoutes({ open, listen, now }: DeviceDeps) {
  const app = new Hono<OpsEnv>();
  app.onError((thrown) => {
    const id = logFault("ops.request_fault", thrown);
    return isOutage(thrown)
      ? errorResponse(
          "unavailable",
          "Nothing was read: D1 or the device's object does not answer. Try again in a moment.",
        )
      : errorResponse("internal", "Something failed on our side. Nothing was changed; try again in a moment.", { id });
  });

  app.get("/", async (c) => {
    const query = parseInput(Search, c.req.query(), NOTHING_READ);
    if (!query.ok) return query.response;
    const { first, after, ...wanted } = query.data;
    const position = after && ([after.value, after.id] as const);
    const found = await search(open(NEAREST).devices, wanted, { first, after: position });
    if (!found.ok) return badCursor();
    const nextCursor = found.next && sortedCursor(wanted.sort, found.next);
    return c.json({ devices: found.devices.map(toDeviceJson), nextCursor } satisfies DevicePage);
  });

  app.get("/:key", async (c) => {
    const query = parseInput(Times, c.req.query(), NOTHING_READ);
    if (!query.ok) return query.response;
    const { asOf, knownAt } = query.data;
    if (asOf) return readAsOf(open(NEAREST), c.req.param("key"), { asOf, knownAt });
    // A client that got a change has to read its result, and a replica may lag behind it.
    const services = open({ kind: "strong" });
    const [device] = await services.devices.find([c.req.param("key")]);
    return device ? c.json(await readDetail(services, device)) : unknownDevice();
  });

  app.get("/:key/events", async (c) => {
    const query = parseInput(Events, c.req.query(), NOTHING_READ);
    if (!query.ok) return query.response;
    const page = parsePage(query.data, HistoryCursor);
    if (!page.ok) return badCursor();
    const { devices } = open({ kind: "strong" });
    const [device] = await devices.find([c.req.param("key")]);
    if (!device) return unknownDevice();
    const { edges, pageInfo } = await devices.history(device.key, { page: page.page });
    const nextCursor = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    return c.json({ events: edges.map(({ node }) => toEventJson(node)), nextCursor } satisfies DeviceEventPage);
  });

  app.get("/:key/readings", (c) => readReadings(open(NEAREST), c.req.param("key"), c.req.query()));

  app.get("/:key/live", async (c) => {
    const query = parseInput(Live, c.req.query(), NOTHING_READ);
    if (!query.ok) return query.response;
    const deviceKey = c.req.param("key");
    if (!isDeviceKey(deviceKey)) return unknownDevice();
    const nowMs = now();
    const expiresAtMs = Math.min(nowMs + LISTENING_LIMIT_MS, c.var.expiresAtMs);
    const listener = {
      expiresAtMs,
      caller: `ops ${c.var.user.actor}`,
      token: c.var.token,
      address: clientAddress(c.req.raw.headers),
      signal: c.req.raw.signal,
      lastEventId: c.req.header("Last-Event-ID") ?? null,
    };
    try {
      const items = await listen({ kind: "device", deviceKey, after: query.data.after ?? null }, listener);
      const body = itemStream(items, { limitMs: expiresAtMs - nowMs, textOf: formatItem, onFault: logStreamFault });
      return new Response(body, { headers: EVENT_STREAM_HEADERS });
    } catch (thrown) {
      if (!(thrown instanceof LiveRefused)) throw thrown;
      if (thrown.code === "NOT_FOUND") return unknownDevice();
      if (thrown.code === "UPSTREAM_UNAVAILABLE") return errorResponse("unavailable", thrown.message);
      throw thrown;
    }
  });

  return app;
}

async function readDetail({ devices, alerts, dealers }: Services, device: FoundDevice): Promise<DeviceDetail> {
  const { key: deviceKey } = device;
  const alertsIn = async (state: "OPEN" | "ACKNOWLEDGED" | "CLEARED", page = STANDING_ALERTS) =>
    (await alerts.listByDevice([deviceKey], { page, filter: { state } })).get(deviceKey)?.edges ?? [];
  const [found, counted, open, standing, answered, cleared] = await Promise.all([
    devices.assignments([deviceKey], LAST_ASSIGNMENTS),
    alerts.countByDevice([deviceKey]),
    alerts.countByDevice([deviceKey], { state: "OPEN" }),
    alertsIn("OPEN"),
    alertsIn("ACKNOWLEDGED"),
    alertsIn("CLEARED", CLEARED_ALERTS),
  ]);
  const assignments = found.get(deviceKey) ?? EMPTY_PAGE;
  const intervals = assignments.edges.map(({ node }) => node);
  const ids = [...new Set(intervals.flatMap(({ dealerId }) => dealerId ?? []))];
  const source = sourceOf(deviceKey);
  const known = [...(await dealers.findRecords(ids.map((id) => partyKeyOf(source, id)))).values()];
  const countValues = (counts: Map<string, number | null>) =>
    counts.has(deviceKey) ? (counts.get(deviceKey) ?? null) : 0;
  return {
    ...toDeviceJson(device),
    assignments: intervals.map((interval) => toAssignmentJson(interval, known)),
    alerts: [...standing, ...answered, ...cleared].map(({ node }) => toAlertJson(node)),
    counts: {
      alerts: countValues(counted),
      openAlerts: countValues(open),
      assignments: assignments.pageInfo.hasPreviousPage ? null : intervals.length,
    },
  };
}

const logStreamFault = (thrown: unknown): void => log("error", "event_stream_fault", describeFault(thrown));

/** A server-sent event with the cursor as its id, which an `EventSource` sends back when it reconnects. */
const formatItem = (item: LiveItem): string =>
  `id: ${item.cursor}\ndata: ${JSON.stringify(toChangeJson(item as DeviceItem))}\n\n`;

const badCursor = (): Response =>
  errorResponse("invalid_parameter", `${NOTHING_READ}: after must be the nextCursor of this list.`, {
    parameters: [{ name: "after", message: "must be the nextCursor of this list" }],
  });
