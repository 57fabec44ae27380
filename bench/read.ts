import { performance } from "node:perf_hooks";
import { percentile } from "../demo/screen.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "../src/shared/auth/token.ts";
import { type Rate, sleep, takeTurns, until } from "./measure.ts";
import { type BenchRecord, belongings, bodyOf, deviceNames, post, produce, report } from "./records.ts";
import { type BenchWorker, type Counted, type Ours, startBenchWorker, startOurs } from "./stacks.ts";

export type ReadFigures = Readonly<Record<"select" | "device" | "page", Rate>> & {
  /** Milliseconds from the beginning of a POST until a reader sees what it brought. */
  /** Of a page of fifty devices with what belongs to them. */
  readonly pageCost: Counted;
  readonly visibleMs: Readonly<Record<"floor" | "ours", { readonly p50: number; readonly p99: number }>>;
};

const DEVICE = "query ($key: String!) { device(key: $key) { status report { mode indoorTemperatureC reportedAt } } }";
const PAGE = `{ devices(first: 50) { edges { node {
  key status dealer { name } customer { name } alerts(first: 5) { edges { node { severity text } } } } } } }`;

const DEVICES = 1_000;
/** How often an event is followed on its way. */
const FOLLOWED = 150;

/** Reads, and how late they are: a bare SELECT by key, against GraphQL with a token, a scope and limits. */
export async function benchRead(say: (line: string) => void): Promise<ReadFigures> {
  const [floors, ours] = [await startBenchWorker("floors"), await startOurs()];
  try {
    const headers = await headersOf();
    await fill(floors, ours);
    say(`read: ${DEVICES} devices are there; a device by key against a bare SELECT`);
    const graphql = (query: string, variables: object) =>
      post(new URL("/graphql", ours.url), JSON.stringify({ query, variables }), headers);
    const rates = await takeTurns({
      select: (i) => select(floors, `bench-${i % DEVICES}`),
      device: (i) => graphql(DEVICE, { key: `elt:bench-${i % DEVICES}` }),
      page: () => graphql(PAGE, {}),
    });
    say(`read: from POST to visible, ${FOLLOWED} events on each side`);
    const times = { floor: [] as number[], ours: [] as number[] };
    for (let i = 1; i <= FOLLOWED; i++) {
      times.floor.push(await followFloor(floors, i));
      times.ours.push(await followOurs(ours, i, headers));
    }
    const summary = (ms: readonly number[]) => ({ p50: percentile(ms, 0.5), p99: percentile(ms, 0.99) });
    const pageCost = await ours.countReads(PAGE);
    return { ...rates, pageCost, visibleMs: { floor: summary(times.floor), ours: summary(times.ours) } };
  } finally {
    await Promise.all([floors.stop(), ours.stop()]);
  }
}

async function headersOf(): Promise<Record<string, string>> {
  const token = await signToken({ role: "service" }, LOCAL_TOKEN_SECRET, "1h");
  return { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
}

async function fill(floors: BenchWorker, ours: Ours): Promise<void> {
  for (let i = 0; i < DEVICES; i += 100) {
    const records = deviceNames(100, i).map((name) => report(name, 0));
    await post(new URL("/upsert", floors.url), bodyOf(records));
    await produce(ours.url, records);
    const belonging = deviceNames(100, i).map((name, j) => belongings(name, i + j));
    for (const topic of Object.keys(belonging[0] ?? {})) {
      await produce(
        ours.url,
        belonging.map((each) => each[topic] as BenchRecord),
        topic,
      );
    }
  }
  await until(async () => {
    const { accepted, inFlight } = await ours.clients.outcomes();
    return accepted === 4 * DEVICES && inFlight === 0;
  }, "the devices");
}

const select = async ({ url }: BenchWorker, id: string): Promise<string> => {
  const response = await fetch(new URL(`/select?id=${id}`, url));
  return response.text();
};

async function followFloor(floors: BenchWorker, number: number): Promise<number> {
  const began = performance.now();
  await post(new URL("/queue", floors.url), bodyOf([report("bench-0", number)]));
  const isThere = async () => (await select(floors, "bench-0")).includes(`bench-0-${number}\\"`);
  while (!(await isThere())) await sleep(0);
  return performance.now() - began;
}

async function followOurs({ url }: Ours, number: number, headers: Record<string, string>): Promise<number> {
  const record = report("bench-0", number);
  const { data } = record.value as { data: { indoorTemperatureC: number } };
  const body = JSON.stringify({ query: DEVICE, variables: { key: "elt:bench-0" } });
  const began = performance.now();
  await produce(url, [record]);
  const isThere = async () =>
    (await post(new URL("/graphql", url), body, headers)).includes(`"indoorTemperatureC":${data.indoorTemperatureC},`);
  while (!(await isThere())) await sleep(0);
  return performance.now() - began;
}
