import { performance } from "node:perf_hooks";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { percentile } from "../local/screen.ts";
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
const PAGE_SIZE = 50;
const PAGE = `{ devices(first: ${PAGE_SIZE}) { edges { node {
  key status dealer { name } customer { name } alerts(first: 5) { edges { node { severity text } } } } } } }`;

export const DEVICES = 1_000;
/** How many events are followed from the POST until they are read. */
const FOLLOWED = 150;

/** Reads and their freshness: a bare SELECT by key, against GraphQL with a token, a scope and limits. */
export async function benchRead(say: (line: string) => void): Promise<ReadFigures> {
  const [floors, ours] = [await startBenchWorker("floors"), await startOurs()];
  try {
    const headers = await headersOf();
    for (let i = 0; i < DEVICES; i += 100) {
      const records = deviceNames(100, i).map((name) => report(name, 0));
      await post(new URL("/upsert", floors.url), bodyOf(records));
    }
    await fill(ours.url);
    await settled(ours);
    say(`read: ${DEVICES} devices are there; a device by key against a bare SELECT`);
    const rates = await takeTurns({
      select: (i) => select(floors, `bench-${i % DEVICES}`),
      device: (i) => askDevice(ours.url, `bench-${i % DEVICES}`, headers),
      page: () => askPage(ours.url, headers),
    });
    say(`read: from POST to visible, ${FOLLOWED} events on each side`);
    const times = { floor: [] as number[], ours: [] as number[] };
    for (let i = 1; i <= FOLLOWED; i++) {
      times.floor.push(await followFloor(floors, i));
      times.ours.push(await follow(ours.url, i, headers));
    }
    const summary = (ms: readonly number[]) => ({ p50: percentile(ms, 0.5), p99: percentile(ms, 0.99) });
    const pageCost = await ours.countReads(PAGE);
    return { ...rates, pageCost, visibleMs: { floor: summary(times.floor), ours: summary(times.ours) } };
  } finally {
    await Promise.all([floors.stop(), ours.stop()]);
  }
}

type Headers = Readonly<Record<string, string>>;

const graphql = (base: URL, query: string, variables: object, headers: Headers): Promise<string> =>
  post(new URL("/graphql", base), JSON.stringify({ query, variables }), { ...headers });

/** A device by key. @throws Error if it is not there, since the measured answer must have it */
export async function askDevice(base: URL, deviceId: string, headers: Headers): Promise<void> {
  const answer = await graphql(base, DEVICE, { key: `elt:${deviceId}` }, headers);
  if (!answer.includes('"indoorTemperatureC":')) throw new Error(`elt:${deviceId} is not told whole: ${answer}`);
}

/** Fifty devices, each with its dealer, its customer and its alerts. */
export async function askPage(base: URL, headers: Headers): Promise<void> {
  const answer = await graphql(base, PAGE, {}, headers);
  const told = answer.match(/"severity":/g)?.length ?? 0;
  if (told !== PAGE_SIZE) throw new Error(`a page tells ${told} alerts: ${answer.slice(0, 300)}`);
}

export async function headersOf(): Promise<Record<string, string>> {
  const token = await signToken({ role: "service" }, LOCAL_TOKEN_SECRET, "1h");
  return { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
}

/** A thousand devices with their dealers, customers and alerts, sent by a side's own way. */
export async function fill(base: URL): Promise<void> {
  for (let i = 0; i < DEVICES; i += 100) {
    await produce(
      base,
      deviceNames(100, i).map((name) => report(name, 0)),
    );
    const belonging = deviceNames(100, i).map((name, j) => belongings(name, i + j));
    for (const topic of Object.keys(belonging[0] ?? {})) {
      await produce(
        base,
        belonging.map((each) => each[topic] as BenchRecord),
        topic,
      );
    }
  }
}

/** Waits until everything that `fill` sent is settled. */
export const settled = ({ clients }: Ours): Promise<void> =>
  until(async () => {
    const { accepted, inFlight } = await clients.outcomes();
    return accepted === 4 * DEVICES && inFlight === 0;
  }, "the devices");

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

export async function follow(base: URL, number: number, headers: Headers): Promise<number> {
  const record = report("bench-0", number);
  const { data } = record.value as { data: { indoorTemperatureC: number } };
  const began = performance.now();
  await produce(base, [record]);
  const isThere = async () =>
    (await graphql(base, DEVICE, { key: "elt:bench-0" }, headers)).includes(
      `"indoorTemperatureC":${data.indoorTemperatureC},`,
    );
  while (!(await isThere())) await sleep(0);
  return performance.now() - began;
}
