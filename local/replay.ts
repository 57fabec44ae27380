import type { SampleRecord } from "../samples/record.ts";
import type { Clients, Pushed } from "./clients.ts";
import type { Progress } from "./screen.ts";

/** Milliseconds between two ticks of the replay. The records of a tick are sent together, in one request per topic. */
const TICK_MS = 100;

/** Every so many ticks one record is followed until GraphQL shows it. */
const PROBE_EVERY_TICKS = 1;

/** How long a followed record may stay invisible. */
const PROBE_PATIENCE_MS = 10_000;

export type Replay = Pushed & {
  /** Milliseconds from the request that pushed a record to the query that showed it, one number per followed record. */
  readonly freshnessMs: {
    /** The same for records that were sent with the first record of some device, whose object had to be created. */
    readonly cold: readonly number[];
    readonly warm: readonly number[];
  };
};

/** Pushes records in stream order at a steady pace, and follows some of them until they are visible. */
export async function replay(
  clients: Clients,
  records: readonly SampleRecord[],
  recordsPerSecond: number,
  progress: Progress,
): Promise<Replay> {
  const perTick = Math.max(1, Math.round((recordsPerSecond * TICK_MS) / 1000));
  const newest = new Map<string, string>();
  const touched = new Set<string>();
  const probes: { readonly isCold: boolean; readonly ms: Promise<number> }[] = [];
  const total = { accepted: 0, deadLettered: 0 };
  const startedAt = performance.now();
  for (let tick = 0; tick * perTick < records.length; tick++) {
    await until(startedAt + tick * TICK_MS);
    const batch = records.slice(tick * perTick, (tick + 1) * perTick);
    const probe = tick % PROBE_EVERY_TICKS === 0 ? freshest(batch, newest) : undefined;
    const isCold = touchesFirst(batch, touched);
    const pushedAt = performance.now();
    const requests = [...Map.groupBy(batch, ({ topic, fault }) => `${topic} ${fault?.reason === "not_json"}`).values()];
    const answers = await Promise.all(requests.map((group) => clients.push(group[0]?.topic ?? "", group)));
    if (probe) probes.push({ isCold, ms: visibleAfter(clients, probe, pushedAt) });
    for (const { accepted, deadLettered } of answers) {
      total.accepted += accepted;
      total.deadLettered += deadLettered;
    }
    progress(Math.min(records.length, (tick + 1) * perTick), records.length);
  }
  const freshness = (isCold: boolean) =>
    Promise.all(probes.filter((each) => each.isCold === isCold).map(({ ms }) => ms));
  return { ...total, freshnessMs: { cold: await freshness(true), warm: await freshness(false) } };
}

/** Whether a batch has the first record of a device, whose object is then created. Remembers the batch's devices. */
function touchesFirst(batch: readonly SampleRecord[], touched: Set<string>): boolean {
  const before = touched.size;
  for (const { topic, value, fault } of batch) {
    if (fault || value === null) continue;
    touched.add(`${topic.split(".")[1]}:${(JSON.parse(value) as { deviceId: string }).deviceId}`);
  }
  return touched.size > before;
}

type Probe = { readonly key: string; readonly occurredAtMs: number };

/**
 * The last record of the batch that is the newest of its device so far, so that a reader can tell it from all before
 * it.
 */
function freshest(batch: readonly SampleRecord[], newest: Map<string, string>): Probe | undefined {
  let probe: Probe | undefined;
  for (const record of batch) {
    if (record.fault || record.value === null) continue;
    const { occurredAt, deviceId } = JSON.parse(record.value) as { occurredAt: string; deviceId: string };
    const key = `${record.topic.split(".")[1]}:${deviceId}`;
    const time = new Date(occurredAt).toISOString();
    if (time <= (newest.get(key) ?? "")) continue;
    newest.set(key, time);
    probe = { key, occurredAtMs: Date.parse(time) };
  }
  return probe;
}

async function visibleAfter(clients: Clients, { key, occurredAtMs }: Probe, pushedAt: number): Promise<number> {
  while (performance.now() < pushedAt + PROBE_PATIENCE_MS) {
    const { device } = await clients.query<{ device: { updatedAt: string } | null }>(
      "query Visible($key: String!) { device(key: $key) { updatedAt } }",
      { key },
    );
    if (device && Date.parse(device.updatedAt) >= occurredAtMs) return performance.now() - pushedAt;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${key} was not visible ${PROBE_PATIENCE_MS} ms after its event was accepted`);
}

const until = (moment: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, moment - performance.now())));
