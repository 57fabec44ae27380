import { packParcels, type QueuedRecord } from "#queue/parcel.ts";
import { until } from "./measure.ts";
import { dollarsPerMillion, type Usage } from "./prices.ts";
import { type BenchRecord, bodyOf, deviceNames, post, produce, report, TOPIC } from "./records.ts";
import { type BenchWorker, type Ours, startBenchWorker, startOurs } from "./stacks.ts";

export const WORKLOADS = [
  "steady fleet",
  "firmware wave",
  "burst of changed rows",
  "replay storm",
  "devices never seen",
] as const;
export type Workload = (typeof WORKLOADS)[number];

export const DESIGNS = ["naive", "always", "live"] as const;
export type Design = (typeof DESIGNS)[number];

export type Bill = { readonly events: number; readonly usage: Usage; readonly dollarsPerMillion: number };

export type CostFigures = {
  readonly bills: Readonly<Record<Workload, Readonly<Record<Design, Bill>>>>;
  /** Rows written in D1 and in objects by an event that changes nothing, or is superseded. */
  readonly idleWrites: Readonly<
    Record<"repeated" | "superseded" | "unchanged", { readonly d1: number; readonly objects: number }>
  >;
};

const DEVICES = 1_000;
/** The size of a connector's requests, in records. */
const RECORDS = 100;
/**
 * How long an object is awake for a call. A guess on the high side: at its price even ten times as much adds little.
 */
const OBJECT_CALL_SECONDS = 0.0015;
const OBJECT_GIGABYTES = 0.128;

/** Requests of each workload, in order. Each begins after the ones before it. */
const requestsOf: Readonly<Record<Workload, () => BenchRecord[][]>> = {
  // Every device reports again and again; a fifth of the reports change nothing.
  "steady fleet": () =>
    inRequests([1, 2, 3].flatMap((n) => names().map((name, i) => report(name, n + 4, i % 5 === 0 ? 0 : n)))),
  // A wave goes through the fleet: each device goes off, comes back, and reports twice within seconds.
  "firmware wave": () =>
    inRequests(names().flatMap((name) => [11, 12, 13, 14].map((n) => report(name, n, n, n !== 11)))),
  // A thousandth of a batch job that changes three million rows in ten minutes.
  "burst of changed rows": () => inRequests([21, 22, 23].flatMap((n) => names().map((name) => report(name, n)))),
  // A source sends a day again, and nothing in it is new.
  "replay storm": () => requestsOf["steady fleet"](),
  // A backfill: each event writes a row and an entry in every index.
  "devices never seen": () => inRequests(deviceNames(1_000, 10_000).map((name) => report(name, 21))),
};

const names = () => deviceNames(DEVICES);

const inRequests = (records: readonly BenchRecord[]): BenchRecord[][] =>
  Array.from({ length: Math.ceil(records.length / RECORDS) }, (_, i) => records.slice(i * RECORDS, (i + 1) * RECORDS));

/** The price of a million events, from the platform's counts for some thousand. */
export async function benchCost(say: (line: string) => void): Promise<CostFigures> {
  const bills = {} as Record<Workload, Record<Design, Bill>>;
  const naive = await startBenchWorker("naive");
  const ours = { always: await startOurs({ objectWrites: "always" }), live: await startOurs({ objectWrites: "live" }) };
  try {
    const first = inRequests(names().map((name) => report(name, 0)));
    await runNaive(naive, first);
    for (const stack of Object.values(ours)) await runOurs(stack, first);
    for (const workload of WORKLOADS) {
      const requests = requestsOf[workload]();
      const events = requests.flat().length;
      say(`cost: ${workload}, ${events} events on each design`);
      const billOf = (usage: Usage): Bill => ({ events, usage, dollarsPerMillion: dollarsPerMillion(usage, events) });
      bills[workload] = {
        naive: billOf(await runNaive(naive, requests)),
        always: billOf(await runOurs(ours.always, requests)),
        live: billOf(await runOurs(ours.live, requests)),
      };
    }
    return { bills, idleWrites: await idleWritesOf(ours.always) };
  } finally {
    await Promise.all([naive.stop(), ours.always.stop(), ours.live.stop()]);
  }
}

/** One request at a time, settled before the next, so that the local queue holds no backlog for either design. */
async function runNaive({ url }: BenchWorker, requests: readonly BenchRecord[][]): Promise<Usage> {
  const read = async () => (await (await fetch(url)).json()) as NaiveCounters;
  const before = await read();
  let sent = before.events;
  for (const records of requests) {
    sent += records.length;
    await post(url, bodyOf(records));
    await until(async () => (await read()).events === sent, "the naive design's events");
  }
  const after = await read();
  const used = (name: keyof NaiveCounters) => after[name] - before[name];
  return {
    workerRequests: used("workerRequests"),
    queueOperations: 3 * used("messages"),
    d1RowsRead: used("d1RowsRead"),
    d1RowsWritten: used("d1RowsWritten"),
    objectRequests: used("objectCalls"),
    objectRowsWritten: used("objectWrites"),
    objectGigabyteSeconds: used("objectCalls") * OBJECT_CALL_SECONDS * OBJECT_GIGABYTES,
  };
}

type NaiveCounters = Readonly<
  Record<
    "events" | "workerRequests" | "messages" | "d1RowsRead" | "d1RowsWritten" | "objectCalls" | "objectWrites",
    number
  >
>;

async function runOurs(stack: Ours, requests: readonly BenchRecord[][]): Promise<Usage> {
  const before = await countersOf(stack);
  for (const records of requests) await settle(stack, records);
  const after = await countersOf(stack);
  const used = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  // Each request and each batch is reported to the metrics object, here as if no reports were ever batched.
  const reports = requests.length + used("concord_batches_total");
  return {
    workerRequests: requests.length + used("concord_batches_total"),
    queueOperations: requests.flatMap(parcelsOf).reduce((sum, bytes) => sum + 3 * Math.ceil(bytes / 65_536), 0),
    d1RowsRead: used("concord_d1_rows_read_total"),
    d1RowsWritten: used("concord_d1_rows_written_total"),
    objectRequests: used("concord_object_calls_total") + reports,
    objectRowsWritten: used("concord_object_writes_total") + reports,
    objectGigabyteSeconds: (used("concord_object_calls_total") + reports) * OBJECT_CALL_SECONDS * OBJECT_GIGABYTES,
  };
}

/** Counters trail what they count: until the records are counted, nothing is in flight either. */
async function settle({ url, clients }: Ours, records: readonly BenchRecord[]): Promise<void> {
  const { accepted } = await clients.outcomes();
  await produce(url, records);
  await until(async () => {
    const now = await clients.outcomes();
    return now.accepted === accepted + records.length && now.inFlight === 0;
  }, "our events");
}

/** Sizes of the messages that contain a request's records. */
function parcelsOf(records: readonly BenchRecord[]): number[] {
  const queued = records.map(
    ({ key, value }): QueuedRecord => ({ topic: TOPIC, key, value: JSON.stringify(value), receivedAtMs: Date.now() }),
  );
  return packParcels(queued).map((parcel) => JSON.stringify(parcel).length);
}

/** The counters without labels, as Prometheus would read them. */
async function countersOf({ url, clients }: Ours): Promise<Map<string, number>> {
  const response = await fetch(new URL("/ops/metrics", url), { headers: { Authorization: clients.authorization } });
  if (!response.ok) throw new Error(`GET /ops/metrics: ${response.status}`);
  const lines = (await response.text()).split("\n").filter((line) => /^concord_\w+ /.test(line));
  return new Map(
    lines.map((line) => line.split(" ") as [string, string]).map(([name, value]) => [name, Number(value)]),
  );
}

async function idleWritesOf(stack: Ours): Promise<CostFigures["idleWrites"]> {
  const write = async (name: string, number: number, content = number) => {
    const before = await countersOf(stack);
    await settle(stack, [report(name, number, content)]);
    const after = await countersOf(stack);
    const used = (counter: string) => (after.get(counter) ?? 0) - (before.get(counter) ?? 0);
    return { d1: used("concord_d1_rows_written_total"), objects: used("concord_object_writes_total") };
  };
  const name = "bench-idle";
  for (let number = 1; number <= 101; number++) await write(name, number, number);
  return {
    repeated: await write(name, 101, 101),
    superseded: await write(name, 0, 0),
    unchanged: await write(name, 102, 101),
  };
}
