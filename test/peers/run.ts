import { type Clients, connect } from "../../local/clients.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { type Account, comesTo, count, isClosed, readAccount, since, sumOf, tell } from "./account.ts";
import type { Found } from "./build.ts";
import { until } from "./children.ts";
import { type Gate, openGate } from "./gate.ts";
import { stopBroker } from "./kafka/peers.ts";
import type { Peer, Running } from "./peer.ts";
import { PEERS } from "./peers.ts";
import { type Kind, type Outcome, type PeerRecord, recordsOf } from "./records.ts";

/**
 * Runs programs that other people wrote against Concord: `node test/peers/run.ts [peer…]`, all of them unless named.
 * Each is given good and bad records, then an outage; see README.md beside this file.
 */
const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(PEERS, name));
if (unknown.length > 0) {
  console.error(`There is no peer ${unknown.join(", ")}; there are ${Object.keys(PEERS).join(", ")}.`);
  process.exit(2);
}

const TOPIC = "device.ecobee.registration.created";
const WAIT_SECONDS = 60;
/** How long a peer has to stay silent to count as done. Longer than any wait between retries in the configurations. */
const QUIET_MS = 4_000;

const counts = { passed: 0, failed: 0, skipped: 0 };
let stack: Stack | undefined;
const chosen = Object.entries(PEERS)
  .filter(([name]) => names.length === 0 || names.includes(name))
  // What has to be built first is built while others run.
  .map(([name, peer]) => ({ name, peer, prepared: settled(peer.prepare()) }));
for (const { name, peer, prepared } of chosen) {
  const found = await prepared;
  if ("missing" in found) {
    counts.skipped += 1;
    console.log(`- ${name}: skipped, it is not on this machine. ${found.missing}`);
    continue;
  }
  const started = Date.now();
  try {
    if ("failed" in found) throw found.failed;
    stack ??= await startStack();
    const seen = await judge(name, peer, stack);
    console.log(`✓ ${name} (${found.version}), ${Math.round((Date.now() - started) / 1000)} s: ${seen}`);
    counts.passed += 1;
  } catch (error) {
    counts.failed += 1;
    console.error(`✗ ${name}: ${error instanceof Error ? error.message : error}`);
  }
}
await stopBroker();
await stack?.stop();
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed === 0 ? 0 : 1);

/** So that a peer that cannot be built fails in its turn. */
function settled(preparing: Promise<Found>): Promise<Found | { readonly failed: unknown }> {
  return preparing.catch((failed: unknown) => ({ failed }));
}

/** @returns what was seen @throws Error with what was expected and did not come */
async function judge(name: string, peer: Peer, { url }: Stack): Promise<string> {
  const clients = await connect(url);
  const { topic = TOPIC } = peer;
  const deviceId = `peer-${name}`;
  const { kinds, lines } = recordsOf(deviceId);
  // Of another device: the first was removed by a record that happened when it was received.
  const { good, bad } = recordsOf(`${deviceId}-outage`);
  const changes = peer.changes?.(lines) ?? {};
  const carried = (Object.keys(kinds) as Kind[]).filter((kind) => changes[kind] !== "not carried");
  const records = carried.flatMap((kind) => kinds[kind].records);
  const expected = sumOf(carried.map((kind) => (changes[kind] as Outcome | undefined) ?? kinds[kind].outcome));

  const gate = await openGate(url);
  const before = await readAccount(clients, topic);
  let account = before;
  const read = async () => (account = since(before, await readAccount(clients, topic)));
  const running = await peer.start({ url: gate.url, user: "dev", password: "dev", topic });
  try {
    await running.send(records.filter(({ value }) => value !== null));
    const removals = records.filter(({ value }) => value === null);
    if (removals.length > 0) await running.send(removals);
    await eventually(`${count(expected)} records accounted for`, async () => comesTo(await read(), expected));
    const isRemoved = carried.includes("tombstone") && changes.tombstone === undefined;
    if (isRemoved) await eventually("the device removed", () => isRetired(clients, topic, deviceId));

    const applied = account.applied;
    await outage(gate, running, [good(), bad()]);
    await eventually("the account closed with the records of the outage", async () => {
      const { letters } = await read();
      return (
        isClosed(account) &&
        account.applied === applied + 1 &&
        count({ merged: 0, letters }) > count({ ...expected, merged: 0 })
      );
    });

    const attempts = gate.seen.length;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    if (gate.seen.length > attempts) throw new Error(`it sent ${gate.seen.length - attempts} more requests unasked`);
    const answers = gate.seen.flatMap(({ status }) => status ?? []);
    if (answers.some((status) => status !== 200)) throw new Error(`Concord answered ${answers.join(", ")}`);
    return `${records.length} records in: ${expected.merged} merged, ${tell(expected.letters)}; then 2 in an outage (${tellOutage(gate)}), nothing lost; then silent`;
  } catch (error) {
    const said = running.log().split("\n").slice(-15).join("\n").slice(-3000);
    throw new Error(
      `${(error as Error).message}\n  expected: ${tellAccount(expected)}\n  was: ${tellAccount(account)}\n  requests: ${JSON.stringify(gate.seen)}\n${said}`,
    );
  } finally {
    await running.stop();
    gate.close();
  }
}

/** Concord is under pressure, then away, then takes a request and its answer is lost. */
async function outage(gate: Gate, running: Running, records: readonly PeerRecord[]): Promise<void> {
  const before = gate.attemptsWhile("open");
  gate.set("pressure");
  await running.send(records);
  for (const [state, next] of [
    ["pressure", "cut"],
    ["cut", "answer lost"],
    ["answer lost", "open"],
  ] as const) {
    await eventually(`an attempt while the gate says: ${state}`, async () => gate.attemptsWhile(state) > 0);
    gate.set(next);
  }
  await eventually("what was not answered once more", async () => gate.attemptsWhile("open") > before);
}

function tellOutage(gate: Gate): string {
  const states = ["pressure", "cut", "answer lost"] as const;
  return states.map((state) => `${state} × ${gate.attemptsWhile(state)}`).join(", ");
}

function tellAccount({ merged, letters, ...more }: Outcome & Partial<Account>): string {
  const own = `${merged} merged, ${tell(letters)}`;
  if (more.accepted === undefined) return own;
  return `${own}; ${more.accepted} accepted, ${more.inFlight} in flight; stored letters: ${tell(more.stored ?? {})}`;
}

function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  return until(what, holds, WAIT_SECONDS);
}

async function isRetired(clients: Clients, topic: string, deviceId: string): Promise<boolean> {
  const { device } = await clients.query<{ device: { status: string } | null }>(
    "query Status($key: String!) { device(key: $key) { status } }",
    { key: `${topic.split(".")[1]}:${deviceId}` },
  );
  return device?.status === "RETIRED";
}
