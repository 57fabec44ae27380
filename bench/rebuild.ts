import type { D1Database, R2Bucket } from "@cloudflare/workers-types";
import { encodeDayFile } from "#archive/day-file.ts";
import { emptyManifest, type Part } from "#archive/manifest.ts";
import { archivedSourceOf, dayFileKey, manifestKey } from "#archive/names.ts";
import { type ArchivedRecord, toArchived } from "#archive/record.ts";
import { signOpsToken } from "#auth/ops-user.ts";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import type { ObjectWrites } from "#objects/object-writes.ts";
import type { JobStatus } from "#ops/archive-api.ts";
import type { RebuildDetails } from "#ops/rebuild-api.ts";
import { parseStamped } from "#queue/contract-version.ts";
import type { Row } from "../local/screen.ts";
import { atLeast, type Gate, rounded } from "./gates.ts";
import { type Ours, startOurs } from "./stacks.ts";

export const REBUILT_SIZES = [10_000, 100_000] as const;

type Fleet = {
  readonly devices: number;
  /** Events of each: it is registered, and reports. */
  readonly events: number;
  readonly objectWrites: ObjectWrites;
};

/**
 * Fewer devices, since locally each object is a database file of its own, and more events of each: an object keeps those
 * that its history has no room for too.
 */
const WITH_OBJECTS: Fleet = { devices: 300, events: 240, objectWrites: "always" };

type Rebuilt = {
  readonly devices: number;
  readonly records: number;
  /** Records a second, replayed into what is empty. */
  readonly replayed: number;
  /** Devices a second, of the live state compared with a second rebuild. */
  readonly compared: number;
};

export type RebuildFigures = {
  /** Of D1 alone. */
  readonly sizes: readonly Rebuilt[];
  /** With the objects of the devices; absent in figures from before these were measured. */
  readonly withObjects?: Rebuilt;
};

const PART_RECORDS = 20_000;
const DAY = "2026-11-20";
const DAY_MS = Date.parse(`${DAY}T00:00:00Z`);
const BETWEEN_DEVICES_MS = 200;
const BETWEEN_EVENTS_MS = 60_000;

/** Loses D1 at two sizes, and once D1 and all objects, and rebuilds them from an archive of day files. */
export async function benchRebuild(say: (line: string) => void): Promise<RebuildFigures> {
  const sizes: Rebuilt[] = [];
  for (const devices of REBUILT_SIZES)
    sizes.push(await rebuildFleet({ devices, events: 2, objectWrites: "live" }, say));
  return { sizes, withObjects: await rebuildFleet(WITH_OBJECTS, say) };
}

/** Replays an archive into a platform that has nothing, and then compares what is live with a second rebuild. */
export async function rebuildFleet(fleet: Fleet, say: (line: string) => void): Promise<Rebuilt> {
  const { devices, objectWrites } = fleet;
  const ours = await startOurs({ objectWrites });
  try {
    const records = await writeArchive(ours, fleet);
    say(`rebuild: an archive of ${records} records of ${devices} devices is written`);
    const live = await run(ours, { into: "live", pace: 100_000 });
    const replayed = (records * 1_000) / live.ms;
    const found = await countDevices(ours);
    if (found !== devices) throw new Error(`${found} of ${devices} devices are rebuilt`);
    say(`rebuild: ${Math.round(replayed)} records/s into D1${objectWrites === "always" ? " and objects" : ""}`);
    const both = await run(ours, { into: "D1", pace: 100_000, compare: true, keep: true });
    const details = both.job.report?.details as RebuildDetails;
    if (details.found.total > 0) throw new Error(`the two differ: ${JSON.stringify(details.found).slice(0, 300)}`);
    const compared = (devices * 1_000) / both.comparingMs;
    say(`rebuild: ${Math.round(compared)} devices/s compared`);
    return { devices, records, replayed, compared };
  } finally {
    await ours.stop();
  }
}

/** Day files as compaction writes them, without raw objects. */
async function writeArchive(ours: Ours, { devices, events }: Fleet): Promise<number> {
  const { ARCHIVE } = await ours.worker<{ ARCHIVE: R2Bucket }>("concord-archive").getEnv();
  const parts: Part[] = [];
  let records = 0;
  const byTopic = new Map<string, ArchivedRecord[]>();
  const flush = async (topic: string) => {
    const batch = byTopic.get(topic) ?? [];
    byTopic.delete(topic);
    if (batch.length === 0) return;
    const bytes = encodeDayFile(batch);
    const key = dayFileKey(DAY, topic, String(parts.length).padStart(32, "0"));
    await ARCHIVE.put(key, bytes);
    parts.push({
      ...{ key, source: archivedSourceOf(topic), topic, records: batch.length, bytes: bytes.byteLength },
      ...{ characters: batch.length * 300, sha256: "", firstOccurredAt: null, lastOccurredAt: null },
      firstReceivedAtMs: batch[0]?.receivedAtMs ?? DAY_MS,
      lastReceivedAtMs: batch.at(-1)?.receivedAtMs ?? DAY_MS,
    });
  };
  for (let i = 0; i < devices; i++) {
    for (const record of eventsOf(i, events)) {
      records += 1;
      const batch = byTopic.get(record.topic) ?? [];
      batch.push(record);
      byTopic.set(record.topic, batch);
      if (batch.length >= PART_RECORDS) await flush(record.topic);
    }
  }
  for (const topic of [...byTopic.keys()]) await flush(topic);
  await ARCHIVE.put(manifestKey(DAY), JSON.stringify({ ...emptyManifest(DAY), generation: 1, parts }));
  return records;
}

function eventsOf(device: number, count: number): ArchivedRecord[] {
  const deviceId = `rebuild-${device}`;
  const at = (event: number) => DAY_MS + device * BETWEEN_DEVICES_MS + event * BETWEEN_EVENTS_MS;
  const report = { online: device % 10 !== 0, indoorTemperatureC: 21 };
  const registration = { serialNumber: `S-${device}`, model: "ELT-450", registeredAt: "2026-11-20T00:00:00Z" };
  return Array.from({ length: count }, (_, i) => {
    const [kind, its] = i === 0 ? ["registration.created", registration] : ["status.reported", report];
    const topic = `device.elt.${kind}`;
    const occurredAt = new Date(at(i)).toISOString();
    const value = JSON.stringify({ eventId: `${deviceId}-${i}`, occurredAt, deviceId, data: its });
    const record = { topic, key: deviceId, value, receivedAtMs: at(i) + 100, receipt: `${deviceId}.${i}` };
    const parsed = parseStamped(record, Date.now());
    if (!parsed.ok) throw new Error(`the bench's own event is bad: ${JSON.stringify(parsed.rejection)}`);
    return toArchived(record, { event: parsed.event, outcome: "applied", settledAtMs: at(i) + 200, lane: "live" });
  });
}

/** Runs a rebuild to its end over the operations API. */
async function run(ours: Ours, params: object): Promise<{ job: JobStatus; ms: number; comparingMs: number }> {
  const token = await signOpsToken({ actor: "bench@example.com", role: "admin" }, LOCAL_TOKEN_SECRET, "2h");
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const url = new URL("/ops/api/archive/jobs/rebuild", ours.url);
  const body = JSON.stringify({ kind: "rebuild", params, reason: "the bench" });
  const started = await fetch(url, { method: "POST", headers, body });
  if (!started.ok) throw new Error(`the rebuild was not started: ${await started.text()}`);
  let comparingMs = 0;
  for (let before = performance.now(); ; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const job = (await (await fetch(url, { headers })).json()) as JobStatus;
    const now = performance.now();
    if (job.report?.phase.startsWith("compares")) comparingMs += now - before;
    before = now;
    if (job.state === "running") continue;
    if (job.state !== "done") throw new Error(`the rebuild is ${job.state}: ${job.why}`);
    return { job, ms: Date.parse(job.endedAt ?? "") - Date.parse(job.startedAt ?? ""), comparingMs };
  }
}

const countDevices = async ({ db }: { readonly db: D1Database }): Promise<number> =>
  (await db.prepare("SELECT count(*) AS n FROM devices").first<number>("n")) ?? 0;

const ratioOf = ({ sizes }: RebuildFigures, of: "replayed" | "compared"): number =>
  (sizes.at(-1)?.[of] ?? Number.NaN) / (sizes[0]?.[of] ?? Number.NaN);

export const REBUILT_GROWTH = "records a second of a rebuild, of ten times as many devices";

export const rebuildGates = (rebuild: RebuildFigures): Gate[] => [
  atLeast(0.6, REBUILT_GROWTH, ratioOf(rebuild, "replayed")),
  atLeast(0.6, "devices a second that a rebuild compares, of ten times as many", ratioOf(rebuild, "compared")),
];

export const rebuildRows = ({ sizes, withObjects }: RebuildFigures): Row[] => [
  ...sizes.map((rebuilt) => rowOf("D1", rebuilt)),
  ...(withObjects ? [rowOf("D1 and objects", withObjects)] : []),
];

const rowOf = (what: string, { devices, records, replayed, compared }: Rebuilt): Row => [
  `${what}: ${devices} devices, ${records} records`,
  `${rounded(replayed)} records/s replayed`,
  `${rounded(compared)} devices/s compared`,
];
