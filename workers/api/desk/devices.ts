import { GraphQLError } from "graphql";
import { Hono } from "hono";
import * as z from "zod";
import { encodeCursor } from "../../../src/shared/cursor-text.ts";
import type { DeviceDetail, DeviceEventPage, DevicePage } from "../../../src/shared/desk/device-api.ts";
import { errorResponse } from "../../../src/shared/desk/http/error.ts";
import type { DeskEnv } from "../../../src/shared/desk/http/gate.ts";
import { Cursor, First } from "../../../src/shared/desk/http/page.ts";
import { readBy } from "../../../src/shared/desk/http/reading.ts";
import type { DeviceStatus } from "../../../src/shared/domain/device.ts";
import { type DeviceKey, SOURCES, sourceOf } from "../../../src/shared/domain/event.ts";
import { partyKeyOf } from "../../../src/shared/domain/party.ts";
import type { DeviceChange, LiveItem, OpenLive } from "../../../src/shared/live/item.ts";
import { addressOf } from "../../../src/shared/rate-limit.ts";
import type { Consistency } from "../../../src/shared/repositories/consistency.ts";
import { NEAREST } from "../../../src/shared/repositories/consistency.ts";
import type { FoundDevice } from "../../../src/shared/repositories/device.ts";
import { HistoryCursor } from "../../../src/shared/repositories/history.ts";
import { EMPTY_PAGE, type PageRequest, parsePage } from "../../../src/shared/repositories/page.ts";
import type { Services } from "../../../src/shared/services/index.ts";
import { EVENT_STREAM_HEADERS, itemStream } from "../event-stream.ts";
import type { Listener } from "../live.ts";
import { alertJsonOf, assignmentJsonOf, changeJsonOf, deviceJsonOf, eventJsonOf } from "./device-json.ts";
import { search } from "./search.ts";

export type DeviceDeps = {
  /** What the desk may read, which is everything; masks stand in front of it. */
  readonly open: (consistency: Consistency) => Services;
  readonly listen: (liveRequest: LiveRequest) => OpenLive;
  readonly now: () => number;
};

type LiveRequest = Omit<Listener, "scope">;

/** A record, so that a new status fails the build here. */
const STATUSES = Object.keys({
  UNREGISTERED: true,
  REGISTERED: true,
  ONLINE: true,
  OFFLINE: true,
  RETIRED: true,
} satisfies Record<DeviceStatus, true>) as DeviceStatus[];

const Text = z.string().trim().min(1, "must not be empty").max(80, "must be at most 80 characters");

const Search = z.strictObject({
  text: Text.optional(),
  source: z.enum(SOURCES, `must be one of ${SOURCES.join(", ")}`).optional(),
  dealer: Text.optional(),
  status: z.enum(STATUSES, `must be one of ${STATUSES.join(", ")}`).optional(),
  first: First,
  after: Cursor.optional(),
});

const Nothing = z.strictObject({});
const Events = z.strictObject({ first: First, after: z.string().optional() });
const Live = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,15}$/, "must be a revision")
    .optional(),
});

const NOTHING_READ = "Nothing was read, because of the query";

/** How long one stream lives, if its token does. Ours: a subscriber proves that often that it still may. */
const LISTENING_LIMIT_MS = 10 * 60_000;

/** Alerts of a device that are shown: all that anybody could deal with, and the last of those that are over. */
const STANDING_ALERTS: PageRequest = { size: 100, from: "start", after: null, before: null };
const CLEARED_ALERTS: PageRequest = { ...STANDING_ALERTS, size: 50 };

/** Whom the device belonged to last; who came before them is for the read API. */
const LAST_ASSIGNMENTS: PageRequest = { ...STANDING_ALERTS, from: "end" };

/** Devices for people at the desk. A viewer may read all of it, for nobody is shown what is personal. */
export function deviceRoutes({ open, listen, now }: DeviceDeps) {
  const app = new Hono<DeskEnv>();

  app.get("/", async (c) => {
    const query = readBy(Search, c.req.query(), NOTHING_READ);
    if (!query.ok) return query.response;
    const { first, after, ...wanted } = query.data;
    const found = await search(open(NEAREST).devices, wanted, { first, after });
    if (!found.ok) return badCursor();
    const nextCursor = found.next && encodeCursor(found.next);
    return c.json({ devices: found.devices.map(deviceJsonOf), nextCursor } satisfies DevicePage);
  });

  app.get("/:key", async (c) => {
    const query = readBy(Nothing, c.req.query(), NOTHING_READ);
    if (!query.ok) return query.response;
    // Whoever was told of a change reads what it did, so a replica that trails will not do.
    const services = open({ kind: "strong" });
    const [device] = await services.devices.find([c.req.param("key")]);
    return device ? c.json(await detailOf(services, device)) : unknownDevice();
  });

  app.get("/:key/events", async (c) => {
    const query = readBy(Events, c.req.query(), NOTHING_READ);
    if (!query.ok) return query.response;
    const page = parsePage(query.data, HistoryCursor);
    if (!page.ok) return badCursor();
    const { devices } = open({ kind: "strong" });
    const [device] = await devices.find([c.req.param("key")]);
    if (!device) return unknownDevice();
    const { edges, pageInfo } = await devices.history(device.key, { page: page.page });
    const nextCursor = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    return c.json({ events: edges.map(({ node }) => eventJsonOf(node)), nextCursor } satisfies DeviceEventPage);
  });

  app.get("/:key/live", async (c) => {
    const query = readBy(Live, c.req.query(), NOTHING_READ);
    if (!query.ok) return query.response;
    const lastEventId = c.req.header("Last-Event-ID") ?? null;
    const nowMs = now();
    const expiresAtMs = Math.min(nowMs + LISTENING_LIMIT_MS, c.var.expiresAtMs);
    const liveRequest = {
      expiresAtMs,
      caller: `desk ${c.var.user.actor}`,
      address: addressOf(c.req.raw.headers),
      signal: c.req.raw.signal,
      lastEventId,
    };
    const target = {
      kind: "device",
      deviceKey: c.req.param("key") as DeviceKey,
      after: query.data.after ?? null,
    } as const;
    try {
      const items = await listen(liveRequest)(target);
      const body = itemStream(items, { limitMs: expiresAtMs - nowMs, textOf: (item) => textOf(item) });
      return new Response(body, { headers: EVENT_STREAM_HEADERS });
    } catch (thrown) {
      const code = thrown instanceof GraphQLError ? thrown.extensions.code : undefined;
      if (code === "NOT_FOUND") return unknownDevice();
      if (code === "UPSTREAM_UNAVAILABLE") return errorResponse("unavailable", (thrown as GraphQLError).message);
      throw thrown;
    }
  });

  return app;
}

async function detailOf({ devices, alerts, dealers }: Services, device: FoundDevice): Promise<DeviceDetail> {
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
  const countIn = (counts: Map<string, number | null>) => (counts.has(deviceKey) ? (counts.get(deviceKey) ?? null) : 0);
  return {
    ...deviceJsonOf(device),
    assignments: intervals.map((interval) => assignmentJsonOf(interval, known)),
    alerts: [...standing, ...answered, ...cleared].map(({ node }) => alertJsonOf(node)),
    counts: {
      alerts: countIn(counted),
      openAlerts: countIn(open),
      assignments: assignments.pageInfo.hasPreviousPage ? null : intervals.length,
    },
  };
}

/** The cursor stands as the event's id, as an `EventSource` sends it back. */
const textOf = (item: LiveItem): string =>
  `id: ${item.cursor}\ndata: ${JSON.stringify(changeJsonOf(item as DeviceChange))}\n\n`;

const unknownDevice = (): Response =>
  errorResponse("not_found", "There is no device of this key, which is `{source}:{deviceId}`; case matters.");

const badCursor = (): Response =>
  errorResponse("invalid_parameter", `${NOTHING_READ}: after must be the nextCursor of this list.`, {
    parameters: [{ name: "after", message: "must be the nextCursor of this list" }],
  });
