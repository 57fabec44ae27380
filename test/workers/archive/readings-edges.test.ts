import { expect, it } from "vitest";
import type { Held } from "#domain/device-archive.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { ReadingRange } from "#domain/readings.ts";
import { DAY_MS, HOUR_MS } from "#domain/time.ts";
import type { DeviceEventSource } from "#objects/requests.ts";
import { foldOracle, type OracleAssignment } from "../../../samples/oracle.ts";
import { randomOf } from "../../../samples/random.ts";
import { SERIES_BEGIN, type SeriesPlace, seriesOfDay } from "../../../workers/archive/series/series-of-day.ts";
import { deviceReadings } from "../../../workers/archive/service/device.ts";
import { archivedOf, type Received, receivedYear, writeRawHours } from "../../support/archived-year.ts";
import { keyOf, occurredAtMs } from "../../support/known-device.ts";
import { MemoryBucket } from "../../support/memory-bucket.ts";
import { naiveReadings } from "../../support/naive-readings.ts";

const YEAR = receivedYear({ seed: 41, devices: 25, events: 1_800 });
const GOOD = YEAR.filter(({ sample }) => !sample.fault && sample.value !== null);
const REPORTS = Map.groupBy(
  GOOD.filter(({ sample }) => sample.topic.endsWith("status.reported")),
  keyOf,
);
const NOW_MS = (GOOD.at(-1) as Received).receivedAtMs + 3 * DAY_MS;
const ASSIGNMENTS = new Map(
  [...foldOracle(GOOD.map(({ sample }) => sample))].map(([key, { assignments }]) => [key, assignments]),
);

const LOST: DeviceEventSource = { eventsSince: async () => ({ events: [], isWhole: false }) };

async function seriesOfYear(): Promise<MemoryBucket> {
  const bucket = new MemoryBucket();
  for (const day of await writeRawHours(bucket, YEAR.map(archivedOf))) {
    // Each day is compacted on the next one, so that months are made as they end.
    const nowMs = Date.parse(`${day}T00:00:00Z`) + 2 * DAY_MS;
    for (let place: SeriesPlace | null = SERIES_BEGIN; place; )
      place = await seriesOfDay({ bucket, nowMs }, day, place);
  }
  return bucket;
}

const monthOf = (ms: number): string => new Date(ms).toISOString().slice(0, 7);
const heldOf = ({ from, to }: OracleAssignment): Held => ({
  fromMs: Date.parse(from),
  toMs: to === null ? null : Date.parse(to),
});

/** Where something may go wrong, of one device: a handover, the end of a month, a report that came late. */
function edgesOf(key: DeviceKey): Record<"handover" | "monthsEnd" | "late", number[]> {
  const reports = REPORTS.get(key) ?? [];
  const times = reports.map(occurredAtMs);
  const assigned = (ASSIGNMENTS.get(key) ?? []).map(({ from }) => Date.parse(from));
  return {
    handover: assigned.slice(1),
    monthsEnd: [...new Set(times.map(monthOf))].map((month) => Date.parse(`${month}-01T00:00:00Z`)),
    late: reports
      .filter(({ sample, receivedAtMs }, i) => sample.late && monthOf(receivedAtMs) !== monthOf(times[i] as number))
      .map(occurredAtMs),
  };
}

it("Readings over handovers, ends of months and late reports are what a naive fold gives, to operators and each dealer", async () => {
  const bucket = await seriesOfYear();
  const reads = { bucket, objectOf: () => LOST, nowMs: NOW_MS };
  const random = randomOf(12);
  const compared = { handover: 0, monthsEnd: 0, late: 0 };
  const withReports = { ...compared };
  let hidden = 0;
  for (const [key, reports] of REPORTS) {
    for (const [kind, edges] of Object.entries(edgesOf(key)) as [keyof typeof compared, number[]][]) {
      for (const edgeMs of edges) {
        const fromMs = edgeMs - random.between(0, 20) * DAY_MS - random.between(0, HOUR_MS);
        const range: ReadingRange = {
          fromMs,
          toMs: edgeMs + random.between(1, 20) * DAY_MS,
          stepSeconds: random.pick([3_600, 21_600, 86_400]),
          fields: ["indoorTemperatureC", "humidityPct"],
        };
        const assignments = ASSIGNMENTS.get(key) ?? [];
        const dealers = [null, ...new Set(assignments.flatMap(({ dealerId }) => dealerId ?? []))];
        for (const dealer of dealers) {
          const held = dealer === null ? null : assignments.filter(({ dealerId }) => dealerId === dealer).map(heldOf);
          const answer = await deviceReadings(reads, key, { ...range, held });
          const seen = reports.filter(
            (one) => held === null || held.some((times) => isWithin(occurredAtMs(one), times)),
          );
          const wanted = naiveReadings(seen, range);
          if (answer.kind === "refused") throw new Error(answer.message);
          expect(answer.points, `${key} ${kind} ${dealer}`).toEqual(wanted);
          compared[kind] += 1;
          if (wanted.length > 0) withReports[kind] += 1;
          if (naiveReadings(reports, range).length > wanted.length) hidden += 1;
        }
      }
    }
  }
  // Ranges of each kind, most of them with reports, and dealers of whom some are hidden.
  for (const count of [...Object.values(compared), ...Object.values(withReports), hidden])
    expect(count).toBeGreaterThan(10);
}, 120_000);

/** Those of the very moments of a handover are shown to nobody. */
const isWithin = (atMs: number, { fromMs, toMs }: Held): boolean => atMs > fromMs && (toMs === null || atMs < toMs);
