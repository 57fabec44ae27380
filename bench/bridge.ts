import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { percentile } from "../local/screen.ts";
import { ROOT } from "../local/tool.ts";
import { benthos } from "../test/peers/benthos/build.ts";
import { begin, type Child, until } from "../test/peers/children.ts";
import { environment, versionText } from "../test/peers/follower.ts";
import { type Broker, kafkaJars, startBroker } from "../test/peers/kafka/broker.ts";
import { type Door, openDoor } from "./door.ts";
import { fillTopic } from "./kafka.ts";
import { sleep } from "./measure.ts";
import { watchMemory } from "./memory.ts";
import { TOPIC } from "./records.ts";
import { startOurs } from "./stacks.ts";

/** The same requests without a broker, the bridge, and what others would do in its place. */
const SIDES = ["alone", "bridge", "benthos", "kcat"] as const;
export type BridgeSide = (typeof SIDES)[number];

export type BridgeFigures = {
  /** Records a second that the boundary answers for, from the first request on: the median of rounds. */
  readonly recordsPerSecond: Partial<Readonly<Record<BridgeSide, number>>>;
  /** The most that a side's processes had in memory, in MB. Absent where there is no /proc. */
  readonly peakMb: Partial<Readonly<Record<BridgeSide, number>>>;
  readonly backlog: Backlog;
};

/** A bridge at work on records that wait, before a boundary that takes everything at once. */
export type Backlog = {
  readonly waiting: number;
  readonly delivered: number;
  readonly recordsPerSecond: number;
  readonly peakMb?: number;
};

const ROUNDS = 3;
const PARTITIONS = 4;
const RECORDS = 40_000;
/** The bridge's own defaults: records of a request, and requests at a time. */
const [PARCEL, REQUESTS] = [1_000, 4];
const BACKLOG = 1_000_000;
const BACKLOG_TOPIC = "device.ecobee.status.reported";
const BACKLOG_MS = 90_000;

/**
 * From a broker until the queue has it: the bridge beside kcat with curl, Benthos, and the boundary's own pace. The queue
 * has no consumer. @returns `undefined` where no broker can be had
 */
export async function benchBridge(say: (line: string) => void): Promise<BridgeFigures | undefined> {
  const jars = await kafkaJars();
  if ("missing" in jars) {
    say(`bridge: not measured, since there is no broker. ${jars.missing}`);
    return undefined;
  }
  const broker = await startBroker(jars.folder);
  try {
    say(`bridge: a topic of ${RECORDS} records`);
    await fillTopic(broker.address, TOPIC, PARTITIONS, RECORDS);
    const rounds = await benchRounds(broker, say);
    say(`bridge: a backlog of ${BACKLOG} records`);
    await fillTopic(broker.address, BACKLOG_TOPIC, PARTITIONS, BACKLOG);
    const backlog = await benchBacklog(broker);
    say(`bridge: ${backlog.delivered} of them are delivered`);
    return { ...rounds, backlog };
  } finally {
    await broker.stop();
  }
}

async function benchRounds(broker: Broker, say: (line: string) => void) {
  const ours = await startOurs({ isConsumed: false });
  const door = await openDoor(ours.url);
  const acts = await actsOf(broker, door, say);
  const rates: Partial<Record<BridgeSide, number[]>> = {};
  const peakMb: Partial<Record<BridgeSide, number>> = {};
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      say(`bridge: round ${round} of ${ROUNDS}`);
      for (const side of SIDES) {
        const act = acts[side];
        if (!act) continue;
        const mostMb = await act(round);
        const { records, seconds } = door.passed();
        rates[side] = [...(rates[side] ?? []), records / seconds];
        if (mostMb !== undefined) peakMb[side] = Math.max(peakMb[side] ?? 0, mostMb);
      }
    }
  } finally {
    door.close();
    await ours.stop();
  }
  const medians = Object.entries(rates).map(([side, each]) => [side, percentile(each, 0.5)]);
  return { recordsPerSecond: Object.fromEntries(medians) as BridgeFigures["recordsPerSecond"], peakMb };
}

/** Carries the topic's records to the door. @returns the most memory in MB */
type Carry = (round: number) => Promise<number | undefined>;

async function actsOf(broker: Broker, door: Door, say: (line: string) => void) {
  const acts: Partial<Record<BridgeSide, Carry>> = {
    alone: () => untilEnded(node("bench/boundary-alone.ts", door.url.origin, RECORDS, PARCEL, REQUESTS)),
    bridge: (round) => untilEnded(bridge(broker, door.url, TOPIC, `bench-${round}`)),
  };
  const env = { ...environment({ url: door.url, user: "dev", password: "dev", topic: TOPIC }), KAFKA: broker.address };
  if (versionText("kcat", "-V") === undefined) say("bridge: kcat is left out (Debian: apt-get install kcat)");
  else acts.kcat = () => kcat(env);
  const built = await benthos();
  if ("missing" in built) say(`bridge: Benthos is left out. ${built.missing}`);
  else acts.benthos = (round) => runBenthos(join(built.folder, "redpanda-connect"), round, env, door);
  return acts;
}

const node = (script: string, ...args: readonly (string | number)[]): Child =>
  begin(process.execPath, [join(ROOT, script), ...args.map(String)], {
    env: { ...process.env, CONCORD_CREDENTIAL: "dev:dev" },
  });

const bridge = (broker: Broker, url: URL, topic: string, group: string): Child =>
  node(
    "cli/main.mjs",
    ...["bridge", "--url", url.origin, "--brokers", broker.address, "--topics", topic],
    ...["--group", group, "--once", "--http-port", "0"],
  );

/** @throws Error with what it said, if it failed */
async function untilEnded({ process: child, log }: Child): Promise<number | undefined> {
  const memory = watchMemory(child.pid as number);
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`it ended with ${code}: ${log().slice(-1_000)}`);
  return memory.stop();
}

/** One run for each request, as the script is meant: it reads one partition, and starts both programs anew. */
async function kcat(env: NodeJS.ProcessEnv): Promise<number | undefined> {
  let most: number | undefined;
  for (let from = 0; from < RECORDS / PARTITIONS; from += PARCEL) {
    const run = begin(join(ROOT, "test/peers/kafka/kcat.sh"), [], {
      env: { ...env, FROM: String(from), COUNT: String(PARCEL) },
    });
    const peak = await untilEnded(run);
    if (peak !== undefined) most = Math.max(most ?? 0, peak);
  }
  return most;
}

/** The configuration of the documentation, with a group of its own. It never ends by itself. */
async function runBenthos(program: string, round: number, env: NodeJS.ProcessEnv, door: Door) {
  const config = readFileSync(join(ROOT, "test/peers/redpanda-connect-kafka.yaml"), "utf8");
  const file = join(mkdtempSync(join(tmpdir(), "concord-bench-")), "benthos.yaml");
  writeFileSync(file, config.replace("consumer_group: concord", `consumer_group: benthos-${round}`));
  const child = begin(program, ["run", file], { env });
  const memory = watchMemory(child.process.pid as number);
  try {
    await until("Benthos to deliver the topic", async () => door.records() >= RECORDS, 120, child.log);
    return memory.stop();
  } finally {
    await child.stop();
  }
}

async function benchBacklog(broker: Broker): Promise<Backlog> {
  const boundary = node("bench/fast-boundary.ts");
  const [url] = (await once(createInterface(boundary.process.stdout), "line")) as [string];
  const delivered = async () => ((await (await fetch(url)).json()) as { records: number }).records;
  const child = bridge(broker, new URL(url), BACKLOG_TOPIC, "bench-backlog");
  const memory = watchMemory(child.process.pid as number);
  try {
    await until("the bridge to begin", async () => (await delivered()) > 0, 60, child.log);
    const [beganMs, before] = [performance.now(), await delivered()];
    let records = before;
    while (records < BACKLOG && performance.now() - beganMs < BACKLOG_MS) {
      await sleep(100);
      records = await delivered();
    }
    const seconds = (performance.now() - beganMs) / 1_000;
    const peakMb = memory.stop();
    const recordsPerSecond = (records - before) / seconds;
    return { waiting: BACKLOG, delivered: records, recordsPerSecond, ...(peakMb !== undefined && { peakMb }) };
  } finally {
    await Promise.all([child.stop(), boundary.stop()]);
  }
}
