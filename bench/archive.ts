import { percentile, type Row } from "../local/screen.ts";
import { atMost, type Gate, ms, rounded } from "./gates.ts";
import { until } from "./measure.ts";
import { MONTHLY } from "./prices.ts";
import { follow, headersOf } from "./read.ts";
import { type BenchRecord, deviceNames, produce, report } from "./records.ts";
import { type Ours, startOurs } from "./stacks.ts";

export const LOADS = ["full parcels", "side by side", "one record a batch"] as const;
type Load = (typeof LOADS)[number];

export type ArchiveFigures = {
  readonly written: Readonly<
    Record<Load, { readonly events: number; readonly objects: number; readonly bytes: number }>
  >;
  /** Milliseconds from the beginning of a POST until a reader sees what it brought, with the archive and without it. */
  readonly visibleMs: Readonly<Record<Side, { readonly p50: number; readonly p99: number }>>;
};

type Side = "with" | "without";

/** How many events are followed on each side. */
const FOLLOWED = 200;
const SINGLES = 50;
const DEVICES = 500;

/** What the archive costs: objects a million events, and what its write adds to the way of an event. */
export async function benchArchive(say: (line: string) => void): Promise<ArchiveFigures> {
  const sides = { with: await startOurs(), without: await startOurs({ isArchived: false }) };
  try {
    const headers = await headersOf();
    const times: Record<Side, number[]> = { with: [], without: [] };
    for (let i = 0; i <= FOLLOWED; i++) {
      // Each side goes first in every other turn; the first event of a device makes its object, and is not counted.
      const order: Side[] = i % 2 === 0 ? ["with", "without"] : ["without", "with"];
      for (const side of order) {
        const elapsedMs = await follow(sides[side].url, i, headers);
        if (i > 0) times[side].push(elapsedMs);
      }
    }
    say(`archive: ${FOLLOWED} events from POST to visible, with it and without it`);
    if ((await countersOf(sides.without)).objects > 0) throw new Error("the side without the archive has archived");
    const full = deviceNames(DEVICES).map((name) => report(name, 50));
    const many = deviceNames(DEVICES).map((name) => report(name, 51));
    const single = deviceNames(SINGLES).map((name) => report(name, 52));
    const written = {
      "full parcels": await count(sides.with, full, async (requests) => {
        for (const records of requests) await settle(sides.with, records);
      }),
      "side by side": await count(sides.with, many, (requests) => settle(sides.with, requests.flat(), requests)),
      "one record a batch": await count(sides.with, single, async (requests) => {
        for (const record of requests.flat()) await settle(sides.with, [record]);
      }),
    };
    const middle = (list: readonly number[]) => ({ p50: percentile(list, 0.5), p99: percentile(list, 0.99) });
    return {
      written,
      visibleMs: { with: middle(times.with), without: middle(times.without) },
    };
  } finally {
    await Promise.all([sides.with.stop(), sides.without.stop()]);
  }
}

/** Sends what is given and waits until all of it is counted, for the batch that has it. */
async function settle(
  { url, clients }: Ours,
  records: readonly BenchRecord[],
  requests: readonly (readonly BenchRecord[])[] = [records],
): Promise<void> {
  const { accepted } = await clients.outcomes();
  await Promise.all(requests.map((request) => produce(url, [...request])));
  await until(async () => {
    const now = await clients.outcomes();
    return now.accepted === accepted + records.length && now.inFlight === 0;
  }, "our events");
}

/** @param send gets the records in requests of a hundred, the size of a connector's */
async function count(
  stack: Ours,
  records: readonly BenchRecord[],
  send: (requests: readonly (readonly BenchRecord[])[]) => Promise<void>,
) {
  const before = await countersOf(stack);
  await send(Array.from({ length: Math.ceil(records.length / 100) }, (_, i) => records.slice(i * 100, (i + 1) * 100)));
  const after = await countersOf(stack);
  if (after.records - before.records !== records.length)
    throw new Error(`${after.records - before.records} of ${records.length} records are archived`);
  return { events: records.length, objects: after.objects - before.objects, bytes: after.bytes - before.bytes };
}

/** What was written, as Prometheus would read it. */
async function countersOf({ url, clients }: Ours): Promise<{ objects: number; records: number; bytes: number }> {
  const response = await fetch(new URL("/ops/metrics", url), { headers: { Authorization: clients.authorization } });
  if (!response.ok) throw new Error(`GET /ops/metrics: ${response.status}`);
  const text = await response.text();
  const counted = (name: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length) ?? 0,
    );
  return {
    objects: counted('concord_archive_objects_total{outcome="written"}'),
    records: counted("concord_archive_records_total"),
    bytes: counted("concord_archive_bytes_total"),
  };
}

/** US dollars for a million events: each object is written once, and read once by the compaction. Deleting is free. */
const operationsOf = ({ events, objects }: ArchiveFigures["written"][Load]): number =>
  (objects / events) * (MONTHLY.bucketWrites + MONTHLY.bucketReads);

export const ARCHIVED = "POST to visible (p50), with the archive to without";

export const archiveGates = ({ written, visibleMs }: ArchiveFigures): Gate[] => [
  atMost(0.05, "operations of the archive for a million events, in dollars", operationsOf(written["full parcels"])),
  atMost(1.1, ARCHIVED, visibleMs.with.p50 / visibleMs.without.p50),
];

export const archiveRows = ({ written, visibleMs }: ArchiveFigures): Row[] => [
  ...LOADS.map((load): Row => {
    const { events, objects, bytes } = written[load];
    return [
      `a million events, ${load}`,
      `$${operationsOf(written[load]).toFixed(3)} of operations`,
      `${rounded(events / objects)} events an object, ${rounded(bytes / events)} bytes an event: $${((bytes / events / 1_000) * MONTHLY.bucketGigabyte).toFixed(4)} a month until they are compacted`,
    ];
  }),
  ...(["with", "without"] as const).map(
    (side): Row => [
      `POST to visible, ${side} the archive`,
      `p50 ${ms(visibleMs[side].p50)}, p99 ${ms(visibleMs[side].p99)}`,
      side === "with" ? `${rounded(visibleMs.with.p50 / visibleMs.without.p50)} of without (p50)` : "",
    ],
  ),
];
