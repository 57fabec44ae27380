import { setTimeout as wait } from "node:timers/promises";
import type { Outcomes } from "../../../local/clients.ts";
import { compareThroughGraphql } from "../../../local/compare.ts";
import { table } from "../../../local/screen.ts";
import { foldOracle } from "../../../samples/oracle.ts";
import { until } from "../../peers/children.ts";
import { openGate } from "../../peers/gate.ts";
import { Bridge, type Line } from "../bridge.ts";
import type { Outgoing, Placed } from "../cluster.ts";
import { Ledger } from "../ledger.ts";
import { type Fleet, fleetRecords, letterViolations } from "../records.ts";
import type { Scenario, Setting } from "../scenario.ts";

const PARTITIONS = 3;
const GROUP = "account";
const DELIVERY_SECONDS = 90;
const SETTLE_SECONDS = 90;
/** Small requests, so that there are many places at which something can happen. */
const OPTIONS = { "parcel-records": "100", requests: "3", "commit-ms": "200", "drain-ms": "2000" };

/**
 * Everything that is published arrives, whatever is killed on the way: the first half in a classic group, the second in a
 * KIP-848 group of the same name, which goes on where the first ended.
 */
export const account: Scenario = async (setting) => {
  const { cluster, clients, stack, seed, events, say } = setting;
  const before = await clients.outcomes();
  const fleet = fleetRecords(seed, events);
  const topics = [...new Set(fleet.records.map(({ topic }) => topic))];
  await cluster.createTopics(topics, PARTITIONS);
  const middle = Math.ceil(fleet.records.length / 2);
  const ledger = new Ledger();
  const gate = await openGate(stack.url, ledger.observe);
  const published: Placed[] = [];
  try {
    for (const [protocol, records] of [
      ["classic", fleet.records.slice(0, middle)],
      ["consumer", fleet.records.slice(middle)],
    ] as const) {
      say(`${records.length} records for a ${protocol} group`);
      await throughTrouble(setting, { ledger, gate, topics, protocol, records, published });
    }
  } finally {
    gate.close();
  }
  const outcomes = await settled(setting, ledger, before);
  const letters = (await clients.exactLetters()).filter(({ topic }) => topics.includes(topic));
  const violations = [
    ...ledger.violations,
    ...accountViolations(ledger, published, before, outcomes),
    ...letterViolations(published, letters, fleet.dead),
    ...(await deviceViolations(setting, fleet)),
  ];
  console.log(`\n${table(rowsOf(ledger, published, before, outcomes))}\n`);
  if (violations.length > 0)
    throw new Error(`the account is not closed:\n    ${violations.slice(0, 20).join("\n    ")}`);
  return `${published.length} records of ${topics.length} topics, ${ledger.deliveries - ledger.distinct} repeats, lag 0`;
};

type Trouble = {
  readonly ledger: Ledger;
  readonly gate: Awaited<ReturnType<typeof openGate>>;
  readonly topics: readonly string[];
  readonly protocol: "classic" | "consumer";
  readonly records: readonly Outgoing[];
  /** All that was published so far, which grows. */
  readonly published: Placed[];
};

/** How many things happen to a half. Before each, a part of its records is published, so that there is work for it. */
const PARTS = 6;

async function throughTrouble(setting: Setting, { ledger, gate, topics, protocol, records, published }: Trouble) {
  const { broker, cluster, say } = setting;
  // Other scenarios have topics of their own.
  const options = { ...OPTIONS, topics: topics.join(), "group-protocol": protocol };
  const begin = (onLine?: (line: Line) => void) =>
    new Bridge({ url: gate.url, brokers: broker.address, group: GROUP, options, ...(onLine && { onLine }) });
  let running = begin();
  const reach = (wanted: number) => {
    const what = `${wanted} records to be delivered (there were ${ledger.distinct})`;
    return until(
      what,
      async () => ledger.distinct >= wanted,
      DELIVERY_SECONDS,
      () => `${ledger.missingOf(published).join("\n")}\n${running.log().slice(-1000)}`,
    );
  };
  let part = 0;
  const publishPart = async () => {
    const [from, to] = [part, part + 1].map((each) => Math.floor((records.length * each) / PARTS)) as [number, number];
    part += 1;
    published.push(...(await cluster.publish(records.slice(from, to))));
  };
  /** Publishes the next part, and waits until some of it is delivered. */
  const nextPart = async () => {
    const before = published.length;
    await publishPart();
    await reach(before + Math.floor((published.length - before) / 4));
  };

  await nextPart();
  await killedAtArrival(ledger, running);
  say(`killed while a request was on its way, at ${ledger.distinct}`);
  running = begin();

  await nextPart();
  say(`the broker restarts, at ${ledger.distinct}`);
  await broker.restart();

  await nextPart();
  const second = begin();
  await until(
    "a second bridge to have partitions",
    async () => hasPartitions(second),
    40,
    () => second.log(),
  );
  say(`a second bridge has joined, at ${ledger.distinct}`);

  await nextPart();
  gate.set("pressure");
  say(`Concord answers 503 for three seconds, then its answers are lost, then it is away, at ${ledger.distinct}`);
  await wait(3_000);
  gate.set("answer lost");
  await wait(500);
  gate.set("cut");
  await wait(500);
  gate.set("open");

  await nextPart();
  await second.stop();
  say(`the second bridge has left, at ${ledger.distinct}`);

  await reach(published.length);
  running.kill();
  await running.ended(10);
  running = begin((line) => {
    if (line.event === "bridge.committed" && part === PARTS) running.kill();
  });
  await publishPart();
  await running.ended(DELIVERY_SECONDS);
  say(`killed at a commit, at ${ledger.distinct}`);
  running = begin();

  await reach(published.length);
  const hasNoLag = async () => (await cluster.lag(GROUP, topics)) === 0;
  await until("a lag of 0", hasNoLag, 30, () => running.log());
  const code = await running.stop();
  if (code !== 0) throw new Error(`the bridge ended with ${code}:\n${running.log().slice(-2000)}`);
  say(`everything is delivered, and the broker tells a lag of ${await cluster.lag(GROUP, topics)}`);
}

function killedAtArrival(ledger: Ledger, bridge: Bridge): Promise<unknown> {
  ledger.onArrival = () => bridge.kill();
  return bridge.ended(30).finally(() => {
    ledger.onArrival = () => undefined;
  });
}

const hasPartitions = (bridge: Bridge): boolean =>
  bridge.of("session_opened").some(({ partitions }) => Number(partitions) > 0);

/** Waits until everything that Concord accepted has an outcome. */
async function settled({ clients, say }: Setting, ledger: Ledger, before: Outcomes): Promise<Outcomes> {
  const read = async () => clients.outcomes();
  let outcomes = await read();
  await until(
    "all outcomes",
    async () => {
      outcomes = await read();
      return outcomes.inFlight === 0 && outcomes.accepted - before.accepted >= ledger.deliveries;
    },
    SETTLE_SECONDS,
    () => JSON.stringify(outcomes),
  );
  say(`all outcomes are there: ${outcomes.accepted - before.accepted}`);
  return outcomes;
}

const endedOf = ({ applied, unchanged, duplicate, superseded, deadLettered }: Outcomes): number =>
  applied + unchanged + duplicate + superseded + deadLettered.total;

function accountViolations(ledger: Ledger, published: readonly Placed[], before: Outcomes, now: Outcomes): string[] {
  const violations = [...ledger.countsOf(published)].flatMap(([topic, { published: count, answered }]) =>
    answered === count ? [] : [`${topic}: ${count} records were published, and ${answered} arrived`],
  );
  const accepted = now.accepted - before.accepted;
  const ended = endedOf(now) - endedOf(before);
  if (accepted !== ledger.deliveries) violations.push(`${ledger.deliveries} were answered for, ${accepted} accepted`);
  if (ended !== accepted) violations.push(`${accepted} were accepted, and ${ended} have an outcome`);
  return violations;
}

async function deviceViolations({ clients }: Setting, { samples, removed }: Fleet): Promise<string[]> {
  const differences = await compareThroughGraphql(clients, foldOracle(samples), () => undefined);
  const violations = differences
    .filter(({ key }) => !removed.includes(key))
    .map((one) => `${one.key} ${one.member}: ${JSON.stringify(one.expected)}, found ${JSON.stringify(one.found)}`);
  for (const key of removed) {
    const query = "query Status($key: String!) { device(key: $key) { status } }";
    const { device } = await clients.query<{ device: { status: string } | null }>(query, { key });
    if (device?.status !== "RETIRED") violations.push(`${key} is ${device?.status ?? "not there"}, not removed`);
  }
  return violations;
}

function rowsOf(ledger: Ledger, published: readonly Placed[], before: Outcomes, now: Outcomes) {
  const topics = [...ledger.countsOf(published)].sort(([a], [b]) => (a < b ? -1 : 1));
  const since = (name: "applied" | "unchanged" | "duplicate" | "superseded") => now[name] - before[name];
  const total = topics.reduce((sum, [, { repeats }]) => sum + repeats, 0);
  return [
    ...topics.map(([topic, { published: count, answered, repeats }]) => {
      return [topic, count, answered === count ? `arrived, ${repeats} of them again` : `${answered} arrived`] as const;
    }),
    ["published", published.length, `${total} were repeated`] as const,
    ["applied", since("applied")] as const,
    ["unchanged", since("unchanged")] as const,
    ["superseded", since("superseded")] as const,
    ["duplicate", since("duplicate")] as const,
    ["dead letters", now.deadLettered.total - before.deadLettered.total, "failures, repeats included"] as const,
  ];
}
