import { performance } from "node:perf_hooks";
import { percentile } from "../local/screen.ts";
import { until } from "./measure.ts";
import { bodyOf, deviceNames, post, produce, report } from "./records.ts";
import { type BenchWorker, type Ours, startBenchWorker, startOurs } from "./stacks.ts";

export type ConsumerFigures = {
  /**
   * Records per second, from the first POST until the last record is settled, so sending them to the queue is included.
   * The median of turns.
   */
  readonly recordsPerSecond: Readonly<Record<"floor" | "live" | "objectsFloor" | "always", number>>;
};

/** Requests per turn, each with a hundred records of as many devices. */
export const REQUESTS = 20;
const TURNS = 5;

/** Rows that the consumer writes: a json_each upsert of a hundred, against reading, merging and writing by contract. */
export async function benchConsumer(say: (line: string) => void): Promise<ConsumerFigures> {
  const floors = await startBenchWorker("floors");
  const live = await startOurs({ objectWrites: "live" });
  const always = await startOurs({ objectWrites: "always" });
  try {
    const sides = {
      floor: (turn: number) => drainFloor(floors, 2 * turn, "/queue"),
      live: (turn: number) => drainOurs(live, turn),
      objectsFloor: (turn: number) => drainFloor(floors, 2 * turn + 1, "/queue?objects"),
      always: (turn: number) => drainOurs(always, turn),
    };
    const times: Record<keyof typeof sides, number[]> = { floor: [], live: [], objectsFloor: [], always: [] };
    // The first turn creates the devices, which costs other than changing them.
    for (let turn = 0; turn <= TURNS; turn++) {
      for (const [name, drain] of Object.entries(sides) as [keyof typeof sides, (turn: number) => Promise<number>][]) {
        const elapsedMs = await drain(turn);
        if (turn > 0) times[name].push(elapsedMs);
      }
      say(`consumer: turn ${turn} of ${TURNS}, each of ${REQUESTS * 100} records`);
    }
    const rateOf = (ms: readonly number[]) => (REQUESTS * 100 * 1_000) / percentile(ms, 0.5);
    return {
      recordsPerSecond: {
        floor: rateOf(times.floor),
        live: rateOf(times.live),
        objectsFloor: rateOf(times.objectsFloor),
        always: rateOf(times.always),
      },
    };
  } finally {
    await Promise.all([floors.stop(), live.stop(), always.stop()]);
  }
}

export const requestsOf = (number: number) =>
  Array.from({ length: REQUESTS }, (_, i) => deviceNames(100, i * 100).map((name) => report(name, number)));

/** @param number of the reports, which identifies the rows that they leave */
async function drainFloor({ url, db }: BenchWorker, number: number, path: string): Promise<number> {
  const began = performance.now();
  const requests = requestsOf(number).map((records) => post(new URL(path, url), bodyOf(records)));
  await Promise.all(requests);
  await until(async () => {
    const sql = "SELECT count(*) AS count FROM rows WHERE value->>'eventId' LIKE '%-' || ?1";
    const row = await db.prepare(sql).bind(String(number)).first<{ count: number }>();
    return row?.count === REQUESTS * 100;
  }, "the floor's rows");
  return performance.now() - began;
}

/** @param number of the reports */
export async function drainOurs({ url, clients }: Ours, number: number): Promise<number> {
  const before = (await clients.outcomes()).accepted;
  const began = performance.now();
  await Promise.all(requestsOf(number).map((records) => produce(url, records)));
  await until(async () => {
    const { accepted, inFlight } = await clients.outcomes();
    return accepted === before + REQUESTS * 100 && inFlight === 0;
  }, "our records");
  return performance.now() - began;
}
