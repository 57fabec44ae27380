import { parseArgs } from "node:util";
import { atRest, NO_OUTCOMES } from "../local/at-rest.ts";
import { connect, type Outcomes } from "../local/clients.ts";
import { compareThroughGraphql, type Difference } from "../local/compare.ts";
import { assign, type Dealer, isShown, reassign } from "../local/reassign.ts";
import { replay } from "../local/replay.ts";
import { bar, percentile, type Row, table } from "../local/screen.ts";
import { startStack } from "../local/stack.ts";
import { compareStores, fingerprintStores } from "../local/stores.ts";
import { generate } from "../samples/generate.ts";
import { foldOracle } from "../samples/oracle.ts";
import { showArchive, showEarlier, showForgetting, showVerification } from "./archive.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    devices: { type: "string", default: "400" },
    events: { type: "string", default: "5000" },
    rate: { type: "string", default: "250" },
  },
});
const [seed, devices, events, rate] = [values.seed, values.devices, values.events, values.rate].map(Number) as [
  number,
  number,
  number,
  number,
];

console.log("\nConcord: a year of a commercial HVAC fleet, from Kafka's REST Proxy to GraphQL\n");
console.log("1. Starting seven Workers with D1, Queues and Durable Objects on this machine");
/** How many groups of dead letters are printed. */
const LARGEST = 5;

const stack = await startStack();
const clients = await connect(stack.url);
const failures: string[] = [];

try {
  const records = generate({ seed, devices, events });
  const oracle = foldOracle(records);

  console.log(`\n2. Pushing ${events} records of ${devices} devices at ${rate} a second (seed ${seed})`);
  const first = await replay(clients, records, rate, bar("pushed"));
  const outcomes = await atRest(clients, NO_OUTCOMES, first);
  console.log(`\n${table(outcomeRows(outcomes, NO_OUTCOMES))}\n`);
  console.log(
    table([
      ...freshnessRows("from push to visible in GraphQL", first.freshnessMs.warm),
      ...freshnessRows("the same while objects are touched for the first time", first.freshnessMs.cold),
    ]),
  );
  const expectedDead = records.filter(({ fault }) => fault).length;
  check(
    outcomes.deadLettered.total === expectedDead,
    `${expectedDead} records are bad, ${outcomes.deadLettered.total} were dead-lettered`,
  );

  console.log("\n3. Comparing every device with an independent fold of the same records");
  const shown = await compareThroughGraphql(clients, oracle, bar("GraphQL against the fold"));
  const stored = await compareStores(stack, bar("D1 against device objects"));
  for (const difference of [...shown, ...stored].slice(0, 20)) console.log(describe(difference));
  check(shown.length + stored.length === 0, `${shown.length + stored.length} differences`);

  console.log("\n4. Pushing the same records again: nothing may change");
  const before = await fingerprintStores(stack);
  const second = await replay(clients, records, rate * 4, bar("pushed again"));
  const again = await atRest(clients, outcomes, second);
  console.log(`\n${table(outcomeRows(again, outcomes))}\n`);
  const written = again.d1RowsWritten - outcomes.d1RowsWritten;
  const objectWrites = again.objectWrites - outcomes.objectWrites;
  console.log(
    table([
      ["rows written in D1", written],
      ["writes in device objects", objectWrites],
    ]),
  );
  check(written === 0 && objectWrites === 0, "the second run wrote rows");
  check(before === (await fingerprintStores(stack)), "the second run changed rows");
  check(again.duplicate - outcomes.duplicate === second.accepted, "not every record of the second run was a duplicate");

  console.log("\n5. A technician reassigns a device while both dealers look at their screens");
  const [from, to] = ["D-north", "D-south"].map((dealerId) => ({ dealerId, name: dealerId })) as [Dealer, Dealer];
  const move = { key: "elt:demo-reassigned", from, to };
  await assign(clients, { key: move.key, dealer: from, atMs: Date.now() - 60_000 });
  await isShown(clients, move.key);
  const beforeMs = Date.now();
  const screens = await reassign(stack.url, clients, move);
  console.log(`\n${table(screens.map(({ screen, kind, afterMs }) => [screen, `${afterMs.toFixed(0)} ms`, kind]))}`);
  check(
    screens.map(({ kind }) => kind).join() === "LOST,DEVICE_LOST,DEVICE_GAINED",
    `the screens showed ${screens.map(({ kind }) => kind)}`,
  );

  console.log("\n6. What the dead letters have in common");
  const groups = (await clients.groups()).sort((one, other) => other.letters - one.letters);
  const largest = groups.slice(0, LARGEST).map(({ letters, signature }): Row => [`${letters} letters`, "", signature]);
  console.log(`\n${table([...largest, [`and ${groups.length - largest.length} groups more`, ""]])}`);
  const letters = groups.reduce((sum, group) => sum + group.letters, 0);
  check(letters === expectedDead, `${letters} letters are in groups, and ${expectedDead} records were bad`);

  console.log("\n7. Every record that was settled is in the archive: the reassigned device as it was before");
  await showArchive(stack.url, check);
  const dealers = [from.dealerId, to.dealerId] as const;
  await showEarlier(stack.url, clients, { key: move.key, atMs: beforeMs, dealers }, check);

  console.log("\n8. Verifying the live state: it has to be the fold of the archive");
  await showVerification(stack.url, oracle.size + 1, check);

  console.log("\n9. A customer asks to be forgotten");
  await showForgetting(stack.url, clients, oracle, check);

  console.log(
    failures.length === 0
      ? `\nAll ${oracle.size} devices agree: in GraphQL, in D1, in their objects, in the archive and in the fold.\n`
      : "\nThe demo failed:\n",
  );
} catch (error) {
  failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await stack.stop();
}
for (const failure of failures) console.error(`  ✗ ${failure}`);
process.exit(failures.length === 0 ? 0 : 1);

function freshnessRows(what: string, ms: readonly number[]): Row[] {
  if (ms.length === 0) return [[what, "none watched"]];
  const row = (share: number): Row => [`  p${share * 100}`, `${percentile(ms, share).toFixed(1)} ms`];
  return [[what, `${ms.length} watched`], row(0.5), row(0.95), row(0.99)];
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) failures.push(otherwise);
}

function describe({ key, member, expected, found }: Difference): string {
  return `  ${key} ${member}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`;
}

function outcomeRows(now: Outcomes, before: Outcomes): (readonly [string, string | number, string?])[] {
  const since = (name: "accepted" | "applied" | "superseded" | "duplicate" | "unchanged") => now[name] - before[name];
  const reasons = Object.entries(now.deadLettered.byReason)
    .map(([reason, count]) => [reason, count - (before.deadLettered.byReason[reason] ?? 0)] as const)
    .filter(([, count]) => count > 0);
  return [
    ["accepted", since("accepted")],
    ["applied", since("applied")],
    ["superseded", since("superseded"), "older than what was known"],
    ["duplicate", since("duplicate"), "known already"],
    ["unchanged", since("unchanged"), "newer, with the same content"],
    ["dead-lettered", now.deadLettered.total - before.deadLettered.total],
    ...reasons.map(([reason, count]) => [`  ${reason}`, count] as const),
  ];
}
