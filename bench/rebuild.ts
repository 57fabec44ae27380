import type { D1Database, R2Bucket } from "@cloudflare/workers-types";
import { encodeDayFile } from "#archive/day-file.ts";
import { emptyManifest, type Part } from "#archive/manifest.ts";
import { archivedSourceOf, dayFileKey, manifestKey } from "#archive/names.ts";
import { type ArchivedRecord, toArchived } from "#archive/record.ts";
import { signOpsToken } from "#auth/ops-user.ts";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import type { JobStatus } from "#ops/archive-api.ts";
import type { RebuildDetails } from "#ops/rebuild-api.ts";
import { parseStamped } from "#queue/contract-version.ts";
import type { Row } from "../local/screen.ts";
import { atLeast, type Gate, rounded } from "./gates.ts";
import { type Ours, startOurs } from "./stacks.ts";

export const REBUILT_SIZES = [10_000, 100_000] as const;

export type RebuildFigures = {
  readonly sizes: readonly {
    readonly devices: number;
    readonly records: number;
    /** Records a second, replayed into an empty D1. */
    readonly replayed: number;
    /** Devices a second, of two databases compared row by row. */
    readonly compared: number;
  }[];
};

/** Events of a device: it is registered, and reports. */
const EVENTS = 2;
const PART_RECORDS = 20_000;
const DAY = "2026-11-20";
const DAY_MS = Date.parse(`${DAY}T00:00:00Z`);
const BETWEEN_DEVICES_MS = 400;

/**
 * Loses D1 and replays an archive of day files into it, and then compares it with a second rebuild, at two sizes. Objects
 * are not written: locally each is a database file of its own, which says nothing of the platform.
 */
export async function benchRebuild(say: (line: string) => void): Promise<RebuildFigures> {
  const sizes: RebuildFigures["sizes"][number][] = [];
  for (const devices of REBUILT_SIZES) {
    const ours = await startOurs({ objectWrites: "live" });
    try {
      const records = await writeArchive(ours, devices);
      say(`rebuild: an archive of ${records} records of ${devices} devices is written`);
      const live = await run(ours, { into: "live", pace: 100_000 });
      const replayed = (records * 1_000) / live.ms;
      const found = await countDevices(ours);
      if (found !== devices) throw new Error(`${found} of ${devices} devices are rebuilt`);
      say(`rebuild: ${Math.round(replayed)} records/s into D1`);
      const both = await run(ours, { into: "D1", pace: 100_000, compare: true, keep: true });
      const details = both.job.report?.details as RebuildDetails;
      if (details.found.total > 0) throw new Error(`the two differ: ${JSON.stringify(details.found).slice(0, 300)}`);
      const compared = (devices * 1_000) / both.comparingMs;
      say(`rebuild: ${Math.round(compared)} devices/s compared`);
      sizes.push({ devices, records, replayed, compared });
    } finally {
      await ours.stop();
    }
  }
  return { sizes };
}

/** Day files as compaction writes them, without raw objects. */
async function writeArchive(ours: Ours, devices: number): Promise<number> {
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
    for (const record of eventsOf(i)) {
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

function eventsOf(device: number): ArchivedRecord[] {
  const deviceId = `rebuild-${device}`;
  const at = (event: number) => DAY_MS + (device * BETWEEN_DEVICES_MS) / 2 + event;
  const data = [
    ["registration.created", { serialNumber: `S-${device}`, model: "ELT-450", registeredAt: "2026-11-20T00:00:00Z" }],
    ["status.reported", { online: device % 10 !== 0, indoorTemperatureC: 21 }],
  ] as const;
  return data.slice(0, EVENTS).map(([kind, its], i) => {
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

export const rebuildRows = ({ sizes }: RebuildFigures): Row[] =>
  sizes.map(
    ({ devices, records, replayed, compared }): Row => [
      `${devices} devices, ${records} records`,
      `${rounded(replayed)} records/s replayed`,
      `${rounded(compared)} devices/s compared`,
    ],
  );
