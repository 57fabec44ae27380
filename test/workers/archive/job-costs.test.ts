import { expect, it } from "vitest";
import { bucketOf } from "#archive/names.ts";
import { DAY_MS } from "#domain/time.ts";
import { randomOf } from "../../../samples/random.ts";
import { forgetting } from "../../../workers/archive/jobs/forgetting.ts";
import type { JobDeps, JobKind } from "../../../workers/archive/jobs/job-kind.ts";
import { rebuild } from "../../../workers/archive/jobs/rebuild.ts";
import { verification } from "../../../workers/archive/jobs/verification.ts";
import { emptyTables } from "../seeds.ts";
import { type Counted, countedDeps } from "./counted.ts";
import { inAJob, runToEnd } from "./dying.ts";
import { emptyBucket } from "./empty-bucket.ts";
import { compactAll } from "./person.ts";
import { Flow } from "./verification-flow.ts";
import { ARCHIVE, beginEmpty, DB, HISTORY, inBatches, recordOf, START_MS } from "./verification-support.ts";

beginEmpty();

/** Has one device. */
const CUSTOMER = "C-1";

/** Long after everything was written, as the bucket has it: a job reads again what was written while it runs. */
const LATER_MS = Date.UTC(2040, 0, 1);

type Cost = Counted & { steps: number };
type World = {
  readonly devices: number;
  readonly reports: number;
  readonly days: 1 | 2;
  readonly isInOneBucket?: boolean;
};

/** Each differs from the first in one thing, so what that thing costs is the difference. */
const WORLDS = {
  first: { devices: 20, reports: 2, days: 1 },
  devices: { devices: 40, reports: 2, days: 1 },
  records: { devices: 20, reports: 302, days: 1 },
  days: { devices: 20, reports: 2, days: 2 },
} as const satisfies Record<string, World>;

/** One a minute, from an hour after the device's life began. */
function reportOf(index: number, deviceId: string) {
  const occurredAt = new Date(Date.UTC(2026, 9, 1, 1, index)).toISOString();
  const data = { online: true, humidityPct: 20 + (index % 80) };
  const value = JSON.stringify({ eventId: `r-${index}`, occurredAt, deviceId, data });
  return { topic: "device.elt.status.reported", key: deviceId, value };
}

/** Of devices in one part of the fleet, whose stored folds a verification then reads and writes once. */
function idsOf(name: string, count: number, isInOneBucket: boolean): string[] {
  const ids: string[] = [];
  for (let i = 0; ids.length < count; i++)
    if (!isInOneBucket || bucketOf(`elt:cost-${name}-${i}`) === BUCKET) ids.push(`cost-${name}-${i}`);
  return ids;
}
const BUCKET = "00";

/** A fleet that has lived and reported, whose records are compacted. @returns how many there are, and their day files */
async function build(name: string, { devices, reports, days, isInOneBucket = true }: World, deps: JobDeps) {
  await emptyTables();
  await DB.exec("DELETE FROM device_counts; DELETE FROM open_alert_counts; DELETE FROM forgotten;");
  await emptyBucket(ARCHIVE);
  const flow = new Flow(deps, randomOf(1), START_MS);
  const ids = idsOf(name, devices, isInOneBucket);
  const lives = ids.flatMap((id) => HISTORY.map(([action, data], i) => recordOf(i, action, data, id)));
  const reported = Array.from({ length: reports }, (_, i) => ids.map((id) => reportOf(i, id))).flat();
  const life = HISTORY.map(([action, data], i) => recordOf(i, action, data, `cost-${name}-forgotten`));
  const forgotten = life.map((record) => ({ ...record, value: record.value.replace("C-77", CUSTOMER) }));
  for (const batch of inBatches([...lives, ...forgotten], 200)) flow.accept(batch);
  await flow.drain();
  if (days === 2) flow.nowMs = START_MS + DAY_MS;
  for (const batch of inBatches(reported, 200)) flow.accept(batch);
  await flow.drain();
  for (let day = 0; day < days; day++)
    await compactAll(ARCHIVE, new Date(START_MS + day * DAY_MS).toISOString().slice(0, 10));
  const { objects } = await ARCHIVE.list({ prefix: "days/" });
  const files = objects.filter(({ key }) => key.endsWith(".parquet")).length;
  return { devices: devices + 1, records: lives.length + forgotten.length + reported.length, files };
}

async function costOf<Params, State>(
  kind: JobKind<Params, State>,
  params: Params,
  deps: JobDeps,
  nowMs: number,
): Promise<Cost> {
  const { deps: its, counted } = countedDeps({ ...deps, nowMs });
  let state: State = await kind.begin(params, its);
  for (let steps = 1; ; steps++) {
    const step = await kind.step(state, { ...its, nowMs: nowMs + steps * 60_000 });
    state = step.state;
    if (step.isDone) return { ...counted, steps };
  }
}

const JOBS = {
  verification: (deps) => costOf(verification, { bucket: BUCKET }, deps, LATER_MS),
  rebuild: (deps) =>
    costOf(
      rebuild,
      { into: "D1", compare: true, switch: false, keep: false, follow: false, restart: true },
      deps,
      LATER_MS,
    ),
  forgetting: (deps) => {
    const order = { sources: ["elt"], customerId: CUSTOMER, reason: "r", actor: "ops", waitMs: 0 } as const;
    return costOf(forgetting, { order }, deps, LATER_MS);
  },
} as const satisfies Record<string, (deps: JobDeps) => Promise<Cost>>;

/** Written by a run of this test with `-u`, as capacity/jobs.ts reads it. */
const FILE = "../../../capacity/measured-jobs.json";

it("a job over the archive costs what the model of capacity says", async () => {
  const built = {} as Record<WorldName, { devices: number; records: number; files: number }>;
  const costs = { verification: {}, rebuild: {}, forgetting: {} } as Record<keyof typeof JOBS, Record<WorldName, Cost>>;
  let readAgain = Number.NaN;
  for (const name of ["first", "devices", "records", "days"] as const) {
    await inAJob(async (deps) => {
      const sizes = await build(name, WORLDS[name], deps);
      built[name] = sizes;
      for (const job of ["verification", "rebuild", "forgetting"] as const) costs[job][name] = await JOBS[job](deps);
    });
  }
  await inAJob(async (deps) => {
    const { records } = await build("again", { devices: 200, reports: 2, days: 1, isInOneBucket: false }, deps);
    const weeks: number[] = [];
    for (let week = 0; week < 2; week++) {
      let read = 0;
      for (let night = 0; night < 7; night++) {
        const nowMs = LATER_MS + (7 * week + night) * DAY_MS;
        read += (await runToEnd(verification, { buckets: "next" }, { ...deps, nowMs })).figures.records;
      }
      weeks.push(read / records);
    }
    expect(weeks[0]).toBe(1);
    readAgain = weeks[1] as number;
  });
  const measured = {
    note: "Written by `vitest run -u --project archive test/workers/archive/job-costs.test.ts`: what jobs over the archive take, counted.",
    verification: perUnit(costs.verification, built),
    rebuild: perUnit(costs.rebuild, built),
    forgetting: perUnit(costs.forgetting, built),
    verificationReadsAgain: rounded(readAgain),
  };
  await expect(`${JSON.stringify(measured, null, 2)}\n`).toMatchFileSnapshot(FILE);
}, 300_000);

type WorldName = keyof typeof WORLDS;
type Sizes = Readonly<
  Record<WorldName, { readonly devices: number; readonly records: number; readonly files: number }>
>;

/** What one device, record and day file more make a run dearer by, and what it takes besides. */
function perUnit({ first, devices, records, days }: Readonly<Record<WorldName, Cost>>, sizes: Sizes) {
  const by = (of: (name: keyof Cost) => number) =>
    Object.fromEntries((Object.keys(first) as (keyof Cost)[]).map((name) => [name, rounded(Math.max(0, of(name)))]));
  const record = (name: keyof Cost) => (records[name] - first[name]) / (sizes.records.records - sizes.first.records);
  // A device comes with the records of its life.
  const ofLife = sizes.devices.records - sizes.first.records;
  const device = (name: keyof Cost) =>
    (devices[name] - first[name] - record(name) * ofLife) / (sizes.devices.devices - sizes.first.devices);
  const file = (name: keyof Cost) => (days[name] - first[name]) / (sizes.days.files - sizes.first.files);
  const fixed = (name: keyof Cost) =>
    first[name] -
    device(name) * sizes.first.devices -
    record(name) * sizes.first.records -
    file(name) * sizes.first.files;
  return { device: by(device), record: by(record), file: by(file), fixed: by(fixed) };
}

/** Three digits that count: a run's steps are whole ones. */
const rounded = (value: number): number => Number(value.toPrecision(3));
