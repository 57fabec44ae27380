import { connect } from "../../local/clients.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { openGate } from "./gate.ts";
import { PEERS, type Peer } from "./peers.ts";

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

const TOPIC = "device.ecobee.status.reported";
const WAIT_MS = 30_000;
/** How long a peer has to stay silent to count as done. Longer than any wait between retries in the configurations. */
const QUIET_MS = 4_000;

const counts = { passed: 0, failed: 0, skipped: 0 };
let stack: Stack | undefined;
for (const [name, peer] of Object.entries(PEERS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const found = peer.find();
  if ("missing" in found) {
    counts.skipped += 1;
    console.log(`- ${name}: skipped, it is not on this machine. ${found.missing}`);
    continue;
  }
  stack ??= await startStack();
  try {
    console.log(`✓ ${name} (${found.version}): ${await judge(name, peer, stack)}`);
    counts.passed += 1;
  } catch (error) {
    counts.failed += 1;
    console.error(`✗ ${name} (${found.version}): ${error instanceof Error ? error.message : error}`);
  }
}
await stack?.stop();
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed === 0 ? 0 : 1);

/** @returns what was seen @throws Error with what was expected and did not come */
async function judge(name: string, peer: Peer, { url }: Stack): Promise<string> {
  const clients = await connect(url);
  const deviceId = `peer-${name}`;
  const value = (eventId: string, day: number, online: unknown = true) =>
    JSON.stringify({ eventId, occurredAt: `2026-11-0${day}T08:00:00Z`, deviceId, data: { online } });
  const applied = async () => {
    const { device } = await clients.query<{ device: { history: { edges: { node: { eventId: string } }[] } } | null }>(
      "query History($key: String!) { device(key: $key) { history(first: 20) { edges { node { eventId } } } } }",
      { key: `ecobee:${deviceId}` },
    );
    return (device?.history.edges ?? []).map(({ node }) => node.eventId).sort();
  };
  const reasons = async () => {
    const letters = await clients.exactLetters(`?topic=${TOPIC}`);
    const ours = letters.filter(({ payload }) => payload?.includes(deviceId));
    return ours.map(({ reason }) => reason).sort();
  };

  const gate = await openGate(url);
  const running = await peer.start({ url: gate.url, user: "dev", password: "dev", topic: TOPIC });
  try {
    const notJson = peer.carries === "any text" ? [`not JSON, "${deviceId}"`] : [];
    await running.send([value("e-1", 1), value("bad", 2, "yes"), ...notJson, value("e-2", 2)]);
    const bad = [...notJson.map(() => "not_json"), "schema_mismatch"];
    await until("the good ones beside bad ones in GraphQL", async () => same(await applied(), ["e-1", "e-2"]));
    await until("the bad ones among the dead letters", async () => same(await reasons(), bad));

    gate.set("pressure");
    await running.send([value("e-3", 3)]);
    await until("an attempt that is answered 503", async () => gate.attemptsWhile("pressure") > 0);
    gate.set("cut");
    await until("another attempt after the 503", async () => gate.attemptsWhile("cut") > 0);
    gate.set("open");
    await until("what was held back in GraphQL", async () => same(await applied(), ["e-1", "e-2", "e-3"]));

    const attempts = gate.seen.length;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    if (gate.seen.length > attempts) throw new Error(`it sent ${gate.seen.length - attempts} more requests unasked`);
    const answers = gate.seen.flatMap(({ status }) => status ?? []);
    if (answers.some((status) => status !== 200)) throw new Error(`Concord answered ${answers.join(", ")}`);
    return `3 applied, ${bad.length} dead-lettered (${bad.join(", ")}); in the outage 503 × ${gate.attemptsWhile("pressure")}, no answer × ${gate.attemptsWhile("cut")}, nothing lost; then silent`;
  } catch (error) {
    const said = running.log().split("\n").slice(-15).join("\n");
    throw new Error(`${(error as Error).message}\n  answers: ${JSON.stringify(gate.seen)}\n${said}`);
  } finally {
    await running.stop();
    gate.close();
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${WAIT_MS / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.join() === b.join();
}
