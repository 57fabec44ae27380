import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeLines } from "#archive/lines.ts";
import { archiveLog, type LogPosition } from "#archive/log.ts";
import { DAYS_PREFIX, dayOf, RAW_PREFIX, rawKeyOf, rawPrefixOf, SERIES_PREFIX } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import { seriesAsOf } from "#archive/series/lookup.ts";
import { readThrough } from "#archive/series/through.ts";
import { toMoment } from "#domain/time.ts";
import { compaction } from "../../../workers/archive/jobs/compaction.ts";
import type { JobDeps } from "../../../workers/archive/jobs/job-kind.ts";
import { ARCHIVE_DAY_MS, archivedRecord } from "../../support/archived-records.ts";
import { archivedOf, receivedYear } from "../../support/archived-year.ts";
import { countCalls, inAJob, runDying, runToEnd } from "./dying.ts";

const DAY_MS = 86_400_000;
/** One o'clock after the second of three days. */
const NOW_MS = ARCHIVE_DAY_MS + 2 * DAY_MS + 3_600_000;

/** A few raw objects of three days, of which the last is still open. */
const records = fc
  .sample(archivedRecord({ days: 3 }), { numRuns: 24, seed: 6 })
  .map((record) => ({ ...record, receivedAtMs: record.receivedAtMs - (record.receivedAtMs % 43_200_000) }));

async function fill({ bucket }: JobDeps): Promise<void> {
  for (const prefix of [RAW_PREFIX, DAYS_PREFIX, SERIES_PREFIX]) {
    const { objects } = await bucket.list({ prefix });
    if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
  }
  for (const batch of Map.groupBy(records, rawPrefixOf).values())
    await bucket.put(await rawKeyOf(batch), await encodeLines(batch));
}

/** Everything that the log reads, by receipt, and the days that have raw objects. */
async function look({ bucket }: JobDeps) {
  const read: ArchivedRecord[] = [];
  let [position, isEnd]: [LogPosition | null, boolean] = [null, false];
  while (!isEnd) {
    const answer = await archiveLog(bucket).read(position, { records: 15 });
    read.push(...answer.records);
    ({ position, isEnd } = answer);
  }
  const { objects } = await bucket.list({ prefix: RAW_PREFIX });
  return { read: sorted(read), rawDays: [...new Set(objects.map(({ key }) => key.slice(7, 17)))] };
}

const sorted = (all: readonly ArchivedRecord[]) => [...all].sort((a, b) => (a.receipt < b.receipt ? -1 : 1));

/** Records whose values contracts accept, on two closed days. */
const events = receivedYear({ seed: 2, devices: 3, events: 30 })
  .map((received, i) => archivedOf({ ...received, receivedAtMs: ARCHIVE_DAY_MS + i * 5_000_000 }, i))
  .filter(({ receivedAtMs }) => receivedAtMs < ARCHIVE_DAY_MS + 2 * DAY_MS);

async function fillWithEvents(deps: JobDeps): Promise<void> {
  await fill(deps);
  for (const batch of Map.groupBy(events, rawPrefixOf).values())
    await deps.bucket.put(await rawKeyOf(batch), await encodeLines(batch));
}

/** Every device's state as the series have it. */
async function statesIn({ bucket }: JobDeps) {
  const keys = [...new Set(events.flatMap(({ deviceKey }) => deviceKey ?? []))].sort();
  const instant = { asOf: toMoment(NOW_MS), knownAtMs: NOW_MS };
  return Promise.all(keys.map((key) => seriesAsOf(bucket, key, instant)));
}

const inFiles = <T>(run: (deps: JobDeps) => Promise<T>) => inAJob((deps) => run({ ...deps, nowMs: NOW_MS }), "files");

it("compacts the closed days, and leaves the open one as it is", () =>
  inFiles(async (deps) => {
    await fill(deps);
    const end = await runToEnd(compaction, {}, deps);
    expect(await look(deps)).toEqual({ read: sorted(records), rawDays: [dayOf(ARCHIVE_DAY_MS + 2 * DAY_MS)] });
    const closed = records.filter(({ receivedAtMs }) => receivedAtMs < ARCHIVE_DAY_MS + 2 * DAY_MS).length;
    expect(compaction.report(end)).toMatchObject({ done: 2, figures: { "records added": closed } });
    expect(compaction.report(await runToEnd(compaction, {}, deps))).toMatchObject({ done: 0 });
  }));

it("compacts one day alone, and refuses one that is not closed", () =>
  inFiles(async (deps) => {
    await fill(deps);
    await runToEnd(compaction, { day: dayOf(ARCHIVE_DAY_MS + DAY_MS) }, deps);
    const days = [0, 2].map((day) => dayOf(ARCHIVE_DAY_MS + day * DAY_MS));
    expect(await look(deps)).toEqual({ read: sorted(records), rawDays: days });
    await expect(compaction.begin({ day: days[1] }, deps)).rejects.toThrow(/is not closed/);
    await expect(compaction.begin({ dya: "2026-11-23" }, deps)).rejects.toThrow(/Nothing was started/);
  }));

it(
  "ends the same wherever the Worker dies",
  () =>
    inFiles(async (deps) => {
      await fill(deps);
      const calls = await countCalls(compaction, {}, deps);
      const wanted = await look(deps);
      expect(calls).toBeGreaterThan(40);
      for (let call = 1; call <= calls; call += 1) {
        await fill(deps);
        const when = call % 2 === 0 ? "before" : "after";
        await runDying(compaction, {}, deps, [
          { call, when },
          { call: 1 + (call % 7), when },
        ]);
        expect([call, when, await look(deps)]).toEqual([call, when, wanted]);
      }
    }),
  120_000,
);

it("makes the series of each day, and those of a day whose compaction was canceled behind its files", () =>
  inFiles(async (deps) => {
    await fillWithEvents(deps);
    await runToEnd(compaction, {}, deps);
    const wanted = await statesIn(deps);
    expect(wanted.length).toBeGreaterThan(1);
    expect(wanted).not.toContain(null);
    expect(await readThrough(deps.bucket)).toEqual({
      sinceMs: ARCHIVE_DAY_MS + 200,
      through: dayOf(ARCHIVE_DAY_MS + DAY_MS),
    });

    await fillWithEvents(deps);
    let state = await compaction.begin({}, deps);
    while (state.place?.stage !== "series") ({ state } = await compaction.step(state, deps));
    expect(await statesIn(deps)).not.toEqual(wanted);
    await runToEnd(compaction, {}, deps);
    expect(await statesIn(deps)).toEqual(wanted);
    const left = await deps.bucket.list({ prefix: `${SERIES_PREFIX}unfinished/` });
    expect(left.objects).toEqual([]);
  }));
