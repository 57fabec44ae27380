import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { encodeLines } from "#archive/lines.ts";
import { rawKeyOf, rawPrefixOf } from "#archive/names.ts";
import { type ArchivedRecord, toArchived } from "#archive/record.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import type { DeviceSnapshot } from "#domain/snapshot.ts";
import type { RebuildSink } from "#objects/rebuild.ts";
import type { DeviceSink, KeptEvent } from "#objects/requests.ts";
import type { RebuildDetails } from "#ops/rebuild-api.ts";
import { parseStamped } from "#queue/contract-version.ts";
import type { ReceivedRecord } from "#queue/receipt.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import { StoredFleetRepository } from "#repositories/stored-fleet.ts";
import { StoredFleetWrites } from "#repositories/stored-fleet-writes.ts";
import { generate } from "../../../samples/generate.ts";
import { randomOf } from "../../../samples/random.ts";
import type { Env } from "../../../workers/archive/env.ts";
import type { JobKind } from "../../../workers/archive/jobs/job-kind.ts";
import type { RebuildState } from "../../../workers/archive/jobs/rebuild/state.ts";
import { rebuild } from "../../../workers/archive/jobs/rebuild.ts";
import { emptyBucket } from "./empty-bucket.ts";

/*
 * A fleet whose events were consumed and archived, with or without a fault of the projection, for tests of the rebuild.
 */

const its = env as unknown as Env;
export const DB = its.DB;
export const REBUILT = its.REBUILT as D1Database;
export const ARCHIVE = its.ARCHIVE as R2Bucket;

/** What a consumer with a fault merges in place of an event; `null` for nothing. */
export type Projection = (event: ConcordEvent, index: number) => ConcordEvent | null;
const FAITHFUL: Projection = (event) => event;

export type Sample = { readonly record: ReceivedRecord; readonly event: ConcordEvent };

/** The year's records were received within some days, so that a batch is one object, or two. */
const FIRST_MS = Date.UTC(2026, 10, 20, 22);
const BETWEEN_MS = 300_000;

/** Good records of a drawn year, in order of arrival, repeats and late ones among them. */
export function yearOf(seed: number, events: number, devices = 12): Sample[] {
  const nowMs = Date.now();
  return generate({ seed, devices, events })
    .filter(({ fault }) => !fault)
    .flatMap(({ topic, key, value }, index): Sample[] => {
      const parsed = parseStamped({ topic, key, value, receivedAtMs: nowMs }, nowMs);
      if (!parsed.ok) return [];
      const receivedAtMs = FIRST_MS + index * BETWEEN_MS;
      return [{ record: { topic, key, value, receivedAtMs, receipt: `p${seed}.${index}` }, event: parsed.event }];
    });
}

/** Both databases, the bucket and the objects as they were at the beginning. */
export async function clear(keys: Iterable<DeviceKey>): Promise<void> {
  for (const db of [DB, REBUILT]) {
    const writes = new StoredFleetWrites(db);
    for (;;) {
      const found = await new StoredFleetRepository(db).keysAfter("", 500);
      if (found.length === 0) break;
      await writes.removeDevices(found);
    }
    while (!(await writes.removeOthers(500)));
    await db.batch([
      db.prepare("DELETE FROM device_counts"),
      db.prepare("DELETE FROM open_alert_counts"),
      db.prepare("UPDATE fill_progress SET through = '~'"),
    ]);
  }
  await emptyBucket(ARCHIVE);
  for (const key of new Set(keys)) await loseObject(key);
}

const live = () => new FleetRepository(DB.withSession("first-primary"));

/** Merges events as the consumer does: D1 first, then each object. */
export async function consume(samples: readonly Sample[], project: Projection = FAITHFUL): Promise<void> {
  const fleet = live();
  for (let at = 0; at < samples.length; at += 100) {
    const batch = samples.slice(at, at + 100);
    const events = batch.flatMap(({ event }, i) => project(event, at + i) ?? []);
    const receivedAt = new Map(batch.map(({ event, record }) => [event.eventId, record.receivedAtMs]));
    const { events: merged, consistencyToken } = await fleet.merge(events);
    for (const [key, group] of Map.groupBy(merged, ({ deviceKey }) => deviceKey)) {
      const receivedAtMs = group.map((event) => receivedAt.get(event.eventId) as number);
      await (its.DEVICES.getByName(key) as unknown as DeviceSink).merge(group, consistencyToken, false, receivedAtMs);
    }
  }
}

/** Writes raw objects, as the consumer does: those of one batch and hour together. */
export async function archive(samples: readonly Sample[], batch = 60): Promise<void> {
  for (let at = 0; at < samples.length; at += batch) {
    const records = samples.slice(at, at + batch).map(toRecord);
    for (const group of Map.groupBy(records, rawPrefixOf).values()) {
      await ARCHIVE.put(await rawKeyOf(group), await encodeLines(group), {
        onlyIf: new Headers({ "if-none-match": "*" }),
      });
    }
  }
}

export const toRecord = ({ record, event }: Sample): ArchivedRecord =>
  toArchived(record, { event, outcome: "applied", settledAtMs: record.receivedAtMs + 500, lane: "live" });

export const shuffled = <T>(items: readonly T[], seed: number): T[] => {
  const random = randomOf(seed);
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
};

const TABLES: Readonly<Record<string, string>> = {
  devices: "key, aspects, latest, status, serial_number, dealer_id, customer_id, registered_at, updated_on",
  alerts: "device_key, alert_id, alert, state, severity, raised_at",
  assignments: "device_key, version, dealer_id",
  dealer_records: "dealer_id, source, version, value, name",
  customer_records: "customer_id, source, version, value, name",
  device_texts: "key, name, serial, customer, owner",
  device_counts: "dealer_id, source, status, devices",
  open_alert_counts: "dealer_id, raised_under, source, severity, alerts",
};

/** Every row of the fleet but revisions, as text with members in one order. It shares no code with the rebuild. */
export async function rowsIn(db: D1Database): Promise<Record<string, string[]>> {
  const tables = Object.entries(TABLES).map(async ([table, columns]) => {
    const isCount = table.endsWith("_counts");
    const counted = isCount ? ` WHERE ${columns.split(", ").at(-1)} <> 0` : "";
    const { results } = await db.prepare(`SELECT ${columns} FROM ${table}${counted}`).all<Record<string, unknown>>();
    return [table, results.map((row) => sorted(withParsed(row))).sort()] as const;
  });
  return Object.fromEntries(await Promise.all(tables));
}

const JSON_COLUMNS = new Set(["aspects", "alert", "value"]);
const withParsed = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, JSON_COLUMNS.has(name) ? JSON.parse(value as string) : value]),
  );

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** What each object holds live, and whether it has a second value. */
export async function objectsOf(keys: Iterable<DeviceKey>) {
  const all = [...new Set(keys)].sort().map(async (key) => {
    const read = await (its.DEVICES.getByName(key) as unknown as RebuildSink).readRebuilt();
    if (!read.isKept) throw new Error("objects are not kept here");
    return { key, live: sorted(read.live), hasSecond: read.rebuilt !== null };
  });
  return Promise.all(all);
}

/** Changes what an object holds, as a fault would. */
export async function plantInObject(
  key: DeviceKey,
  change: (snapshot: DeviceSnapshot) => DeviceSnapshot,
): Promise<void> {
  const object = its.DEVICES.getByName(key);
  await runInDurableObject(object as never, async (_: unknown, { storage }: DurableObjectState) => {
    const memory = storage.kv.get<{ snapshot: DeviceSnapshot }>("memory");
    if (memory) storage.kv.put("memory", { ...memory, snapshot: change(memory.snapshot) });
  });
  await evictDurableObject(object as never);
}

/** Everything that an object holds is gone, as in a new namespace. */
export async function loseObject(key: DeviceKey): Promise<void> {
  const object = its.DEVICES.getByName(key) as never;
  await runInDurableObject(object, async (_: unknown, { storage }: DurableObjectState) => storage.deleteAll());
  await evictDurableObject(object);
}

/** Changes each full page of the events that have left an object's history, as a fault would. */
export async function plantInPages(
  key: DeviceKey,
  change: (events: readonly KeptEvent[]) => readonly KeptEvent[],
): Promise<void> {
  const object = its.DEVICES.getByName(key) as never;
  await runInDurableObject(object, async (_: unknown, { storage }: DurableObjectState) => {
    for (const [name, events] of storage.kv.list<KeptEvent[]>({ prefix: "older/" })) {
      storage.kv.put(name, change(events));
    }
  });
  await evictDurableObject(object);
}

/**
 * The rebuild with a clock of its own, which goes on as long as its steps wait. It begins before now, since R2 has the
 * real time of each write.
 * @param between what happens after a step
 */
export function timedRebuild(
  between: (state: RebuildState, nowMs: number) => Promise<void> = async () => {},
): JobKind<unknown, RebuildState> {
  let nowMs = Date.now() - 1_800_000;
  return {
    ...rebuild,
    begin: (params, deps) => rebuild.begin(params, { ...deps, nowMs }),
    step: async (state, deps) => {
      const step = await rebuild.step(state, { ...deps, nowMs });
      nowMs += 10 + (step.waitMs ?? 0);
      await between(step.state, nowMs);
      return step;
    },
  };
}

export const detailsOf = (state: RebuildState): RebuildDetails => rebuild.report(state).details as RebuildDetails;
