import { expect, it } from "vitest";
import type { ArchivedRecord } from "#archive/record.ts";
import { RETENTION, type RetentionTable } from "#archive/retention.ts";
import { readReadings } from "#archive/series/lookup.ts";
import type { DeviceKey } from "#domain/event.ts";
import { DAY_MS } from "#domain/time.ts";
import { randomOf } from "../../../samples/random.ts";
import { compactionBy } from "../../../workers/archive/jobs/compaction.ts";
import { archivedOf, type Received, receivedYear } from "../../support/archived-year.ts";
import { MemoryBucket } from "../../support/memory-bucket.ts";
import { compactAll, compactionDeps, writeRaw } from "./compact-in-memory.ts";
import { textsIn } from "./texts-in-bucket.ts";

const LIMITS: Readonly<Record<string, number>> = {
  "device.elt.status.reported": 20,
  "device.ecobee.status.reported": 45,
  "device.elt.alert.raised": 45,
  "device.ecobee.dealer.assigned": 5,
};
const TABLE: RetentionTable = {
  ...RETENTION,
  topics: Object.fromEntries(Object.entries(LIMITS).map(([topic, archiveDays]) => [topic, { archiveDays }])),
};

const headersOf = (i: number): NonNullable<ArchivedRecord["headers"]> => [["mark", `<mark ${i}>`]];
/** No number of another report, nor part of one. */
const temperatureOf = (i: number): number => Number(`11.7${String(i).padStart(5, "0")}9`);

/** Some ten weeks of a year, each record with a mark of its own, and each report with a temperature of its own. */
const YEAR = receivedYear({ seed: 31, devices: 8, events: 1_400 });
const FIRST_MS = (YEAR[YEAR.length >> 1] as Received).receivedAtMs;
const RECORDS: readonly ArchivedRecord[] = YEAR.filter(
  ({ receivedAtMs }) => receivedAtMs >= FIRST_MS && receivedAtMs < FIRST_MS + 70 * DAY_MS,
).map((received, i) => marked(received, i));
const NOW_MS = FIRST_MS + 72 * DAY_MS;

function marked({ sample, receivedAtMs }: Received, i: number): ArchivedRecord {
  let { value } = sample;
  if (sample.topic.endsWith("status.reported") && !sample.fault && value !== null) {
    const event = JSON.parse(value);
    value = JSON.stringify({ ...event, data: { ...event.data, indoorTemperatureC: temperatureOf(i) } });
  }
  const record = archivedOf({ sample: { ...sample, value }, receivedAtMs }, i);
  return { ...record, headers: headersOf(i) };
}

/** By the day of receipt alone, as docs/retention.md says it: whole days after that day. */
const isOver = ({ topic, receivedAtMs }: ArchivedRecord, nowMs: number): boolean =>
  Math.floor(nowMs / DAY_MS) - Math.floor(receivedAtMs / DAY_MS) > (LIMITS[topic] ?? Number.POSITIVE_INFINITY);

const isEvent = ({ deviceKey }: ArchivedRecord): boolean => deviceKey !== null;
const isReport = (record: ArchivedRecord): boolean => isEvent(record) && record.topic.endsWith("status.reported");

/** Where the texts of a record are. */
async function placesOf(bucket: MemoryBucket, records: readonly ArchivedRecord[]): Promise<Map<number, Set<string>>> {
  const places = new Map(records.map((_, i): [number, Set<string>] => [i, new Set()]));
  for (const { where, text } of await textsIn(bucket)) {
    for (const [, digits] of text.matchAll(/<mark (\d+)>/g)) places.get(Number(digits))?.add(where);
    if (where === "readings")
      for (const [, digits] of text.matchAll(/11\.7(\d{5})9/g)) places.get(Number(digits))?.add(where);
  }
  return places;
}

async function expectOnlyKept(bucket: MemoryBucket, nowMs: number, records = RECORDS): Promise<number> {
  const found = await placesOf(bucket, records);
  const wanted = records.map((record) => {
    if (isOver(record, nowMs)) return [];
    return ["file", ...(isEvent(record) ? ["events"] : []), ...(isReport(record) ? ["readings"] : [])].sort();
  });
  expect([...found.values()].map((where) => [...where].sort())).toEqual(wanted);
  return records.filter((record) => isOver(record, nowMs)).length;
}

const statesIn = async (bucket: MemoryBucket): Promise<string[]> =>
  (await textsIn(bucket))
    .filter(({ where }) => where === "states")
    .map(({ key, text }) => `${key} ${text}`)
    .sort();

async function archived(records = RECORDS): Promise<MemoryBucket> {
  const bucket = new MemoryBucket();
  await writeRaw(bucket, records);
  await compactAll(compactionBy(RETENTION), compactionDeps(bucket, NOW_MS));
  return bucket;
}

it("What a topic's time has ended for is in no file and no segment, of days and of months; what is kept is everywhere it was", async () => {
  const bucket = await archived();
  expect(await expectOnlyKept(bucket, FIRST_MS)).toBe(0);
  const states = await statesIn(bucket);
  expect(states.length).toBeGreaterThan(10);

  const kind = compactionBy(TABLE);
  const deps = compactionDeps(bucket, NOW_MS);
  const end = await compactAll(kind, deps);
  const over = await expectOnlyKept(bucket, NOW_MS);
  expect(over).toBeGreaterThan(40);
  expect(RECORDS.filter((record) => record.topic in LIMITS && !isOver(record, NOW_MS)).length).toBeGreaterThan(20);
  expect(kind.report(end).figures).toMatchObject({ "records removed for their age": over });
  expect(await statesIn(bucket)).toEqual(states);

  // Once more on the same day: nothing is read of segments, nothing is written.
  bucket.calls.length = 0;
  await compactAll(kind, compactionDeps(bucket, NOW_MS));
  expect(bucket.calls.filter(({ key }) => key.endsWith(".seg"))).toEqual([]);
  expect(bucket.calls.filter(({ operation }) => operation === "put").map(({ key }) => key)).toEqual([
    "series/expiry.json",
  ]);
});

it("Each further day takes one day more, and looks at the months of that day alone", async () => {
  const bucket = await archived();
  const kind = compactionBy(TABLE);
  let before = 0;
  for (const day of [0, 1, 2, 9]) {
    const nowMs = NOW_MS + day * DAY_MS;
    bucket.calls.length = 0;
    await compactAll(kind, compactionDeps(bucket, nowMs));
    const over = await expectOnlyKept(bucket, nowMs);
    expect(over).toBeGreaterThanOrEqual(before);
    before = over;
    if (day !== 1) continue;
    const ended = Object.values(LIMITS).map((limit) =>
      new Date(nowMs - (limit + 1) * DAY_MS).toISOString().slice(0, 10),
    );
    const read = bucket.calls.filter(({ operation, key }) => operation === "get" && key.endsWith(".seg"));
    const parts = new Set(read.map(({ key }) => key.split("/")[2] as string));
    for (const part of parts) expect(ended.some((of) => of.startsWith(part))).toBe(true);
  }
});

it("A change of what is kept counts for all that is in the archive", async () => {
  const bucket = await archived();
  await compactAll(compactionBy(TABLE), compactionDeps(bucket, NOW_MS));
  const topic = "device.ecobee.status.reported";
  const shorter: RetentionTable = { ...TABLE, topics: { ...TABLE.topics, [topic]: { archiveDays: 3 } } };
  await compactAll(compactionBy(shorter), compactionDeps(bucket, NOW_MS));
  const found = await placesOf(bucket, RECORDS);
  const ofTopic = RECORDS.flatMap((record, i) =>
    record.topic === topic ? [{ record, where: [...(found.get(i) ?? [])] }] : [],
  );
  const old = ofTopic.filter(
    ({ record }) => Math.floor(NOW_MS / DAY_MS) - Math.floor(record.receivedAtMs / DAY_MS) > 3,
  );
  expect(old.length).toBeGreaterThan(2);
  expect(old.flatMap(({ where }) => where)).toEqual([]);
});

it("It ends the same wherever the Worker dies, and with late records meanwhile", async () => {
  const late = (_: ArchivedRecord, i: number) => i % 7 === 3;
  const before = await archived(RECORDS.filter((record, i) => !late(record, i)));
  const random = randomOf(12);
  for (const chance of [0.03, 0.15]) {
    const bucket = before.copy();
    await writeRaw(bucket, RECORDS.filter(late));
    let deaths = 0;
    bucket.fault = () => {
      if (!random.chance(chance)) return undefined;
      deaths += 1;
      return random.chance(0.5) ? "before" : "after";
    };
    await compactAll(compactionBy(TABLE), compactionDeps(bucket, NOW_MS));
    bucket.fault = () => undefined;
    expect(deaths).toBeGreaterThan(10);
    await expectOnlyKept(bucket, NOW_MS);
  }
});

it("A run that is canceled before its end leaves the rest to the next one", async () => {
  const bucket = await archived();
  const kind = compactionBy(TABLE);
  const deps = compactionDeps(bucket, NOW_MS);
  let state = await kind.begin({}, deps);
  while (state.place?.stage !== "expireSeries") ({ state } = await kind.step(state, deps));
  await compactAll(kind, deps);
  await expectOnlyKept(bucket, NOW_MS);
});

it.each([
  ["that looks for what is not kept any longer", false],
  ["that does not, since another has on its day", true],
])("A run %s and goes on after midnight leaves the new day to the next run", async (_, isLookedAt) => {
  const bucket = await archived();
  const kind = compactionBy(TABLE);
  const overAt = (nowMs: number): number => RECORDS.filter((record) => isOver(record, nowMs)).length;
  let midnightMs = Math.ceil(NOW_MS / DAY_MS) * DAY_MS;
  while (overAt(midnightMs) === overAt(midnightMs - 1)) midnightMs += DAY_MS;
  const deps = compactionDeps(bucket, midnightMs - 1_000);
  if (isLookedAt) await compactAll(kind, deps);
  const later = { ...deps, nowMs: deps.nowMs + 60_000 };
  let run = { state: await kind.begin({}, deps), isDone: false };
  while (!run.isDone) run = await kind.step(run.state, later);
  await compactAll(kind, later);
  await expectOnlyKept(bucket, later.nowMs);
});

it("A record that comes for a day whose series are being made, and is not kept any longer, gets into none", async () => {
  const bucket = await archived();
  const kind = compactionBy(TABLE);
  const deps = compactionDeps(bucket, NOW_MS);
  await compactAll(kind, deps);
  const old = RECORDS.find((record) => isReport(record) && isOver(record, NOW_MS)) as ArchivedRecord;
  const day = new Date(old.receivedAtMs).toISOString().slice(0, 10);
  let { state } = await kind.step(await kind.begin({ day }, deps), deps);
  while (state.place?.stage !== "series") ({ state } = await kind.step(state, deps));
  // Such as a letter of that day, which is replayed just now.
  await writeRaw(bucket, [old]);
  for (let isDone = false; !isDone; ) ({ state, isDone } = await kind.step(state, deps));
  await compactAll(kind, { ...deps, nowMs: NOW_MS + 1_000 });
  await expectOnlyKept(bucket, NOW_MS);
});

it("The states of months have what a topic said that is kept for 35 days, and lack it of one that is kept for less", async () => {
  const statesBy = async (archiveDays: number | null): Promise<string[]> => {
    const bucket = new MemoryBucket();
    const kind = compactionBy({ ...RETENTION, topics: { "device.ecobee.dealer.assigned": { archiveDays } } });
    const byDay = [...Map.groupBy(RECORDS, ({ receivedAtMs }) => Math.floor(receivedAtMs / DAY_MS))];
    for (const [day, records] of byDay.sort(([a], [b]) => a - b)) {
      await writeRaw(bucket, records);
      await compactAll(kind, compactionDeps(bucket, (day + 1) * DAY_MS + 3_600_000));
    }
    await compactAll(kind, compactionDeps(bucket, NOW_MS));
    return statesIn(bucket);
  };
  const states = await statesBy(null);
  expect(await statesBy(35)).toEqual(states);
  expect(await statesBy(5)).not.toEqual(states);
});

it("Of a report that was received twice, the readings are kept as long as the later copy", async () => {
  const report = RECORDS.find(
    (record) => record.topic === "device.elt.status.reported" && isReport(record) && isOver(record, NOW_MS),
  ) as ArchivedRecord;
  const month = new Date(report.receivedAtMs).toISOString().slice(0, 7);
  const dayMs = (day: string) => Date.parse(`${month}-${day}T12:00:00Z`);
  const [first, second] = [
    { ...report, receipt: "first.0", receivedAtMs: dayMs("02"), headers: headersOf(0) },
    { ...report, receipt: "second.0", receivedAtMs: dayMs("20"), headers: headersOf(1) },
  ];
  const bucket = new MemoryBucket();
  await writeRaw(bucket, [first, second]);
  const read = () =>
    readReadings(bucket, report.deviceKey as DeviceKey, { fromMs: 0, toMs: NOW_MS * 2 }).then((all) => all.length);
  const counts: number[] = [];
  for (const nowMs of [dayMs("22"), dayMs("20") + 15 * DAY_MS, dayMs("20") + 21 * DAY_MS]) {
    await compactAll(compactionBy(TABLE), compactionDeps(bucket, nowMs));
    counts.push(await read());
  }
  // In segments of two days, in their month once, and nowhere.
  expect(counts).toEqual([2, 1, 0]);
  expect(bucket.keys("series/").filter((key) => key.includes(`/${month}/`)).length).toBe(1);
});
