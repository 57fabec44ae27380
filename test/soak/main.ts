import { connect, type Outcomes } from "../../local/clients.ts";
import { readOptions } from "../../local/options.ts";
import { bar, table } from "../../local/screen.ts";
import { fingerprintStores } from "../../local/stores.ts";
import { generate } from "../../samples/generate.ts";
import type { SampleRecord } from "../../samples/record.ts";
import { Ledger, push } from "./load.ts";
import { CALM, type FaultCounts, phasesOf } from "./plan.ts";
import { atRest, endedOf, historyLength, reconcile } from "./reconcile.ts";
import { type FaultyStack, startFaultyStack } from "./stack.ts";

const values = readOptions(
  `npm run soak -- [--minutes 1] [--seed 1] [--rate 80]
All Workers over HTTP with faults switched on, then every record reconciled.`,
  {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    rate: { type: "string", default: "80" },
  },
);
const [minutes, seed, rate] = [values.minutes, values.seed, values.rate].map(Number) as [number, number, number];
if (!(minutes > 0 && rate > 0 && Number.isInteger(seed))) {
  throw new Error("usage: npm run soak -- --minutes N --seed S [--rate R]");
}

/** How many violations are printed. */
const SHOWN = 30;

const startedAt = Date.now();
const records = streamOf();
const phases = phasesOf(minutes);
console.log(`\nSoak: ${records.length} records in ${minutes} min, ${rate} a second, seed ${seed}`);
console.log(`  ${phases.map(({ name, seconds }) => `${name} ${seconds.toFixed(0)} s`).join(", ")}, then calm\n`);

const faulty = await startFaultyStack(seed);
const { stack } = faulty;
const ledger = new Ledger();
try {
  const clients = await connect(stack.url);
  const weather = changeWeather(faulty);
  await push(stack.url, ledger, { records, rate, progress: bar("pushed, with faults") });
  await weather;
  const faults = await faulty.faultCounts();
  console.log("  waiting for the queues to fall quiet");
  const first = await atRest(clients, ledger);
  ledger.violations.push(...(await reconcile(stack, clients, ledger)));
  console.log(`\n${table(figures(first, faults))}\n`);

  console.log("Pushing all of it again, without faults: nothing may change");
  const before = await fingerprintStores(stack);
  await push(stack.url, ledger, { records, rate: rate * 3, progress: bar("pushed again") });
  const again = await atRest(clients, ledger);
  const d1Rows = again.d1RowsWritten - first.d1RowsWritten;
  const objectWrites = again.objectWrites - first.objectWrites;
  console.log(
    `\n${table([
      ["rows written in D1", d1Rows],
      ["writes in device objects", objectWrites],
    ])}\n`,
  );
  if (d1Rows > 0 || objectWrites > 0)
    ledger.violations.push(`the second run wrote ${d1Rows} rows, ${objectWrites} objects`);
  if (before !== (await fingerprintStores(stack))) ledger.violations.push("the second run changed rows");
  ledger.violations.push(...(await reconcile(stack, clients, ledger)));
} catch (thrown) {
  ledger.violations.push(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
} finally {
  await stack.stop();
}
console.log(`\nseed ${seed}, ${Math.round((Date.now() - startedAt) / 1000)} s: ${ledger.violations.length} violations`);
for (const violation of ledger.violations.slice(0, SHOWN)) console.error(`  ✗ ${violation.slice(0, 400)}`);
if (ledger.violations.length > SHOWN) console.error(`  … and ${ledger.violations.length - SHOWN} more`);
process.exit(ledger.violations.length === 0 ? 0 : 1);

/**
 * Enough devices that no history, which keeps a hundred events, drops one, so that every accepted event can be looked
 * up.
 */
function streamOf(): SampleRecord[] {
  const events = Math.round(minutes * 60 * rate);
  return generate({ seed, devices: Math.max(200, Math.ceil(events / 30)), events });
}

async function changeWeather({ setFaults }: FaultyStack): Promise<void> {
  for (const { plan, seconds } of phases) {
    await setFaults(plan);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
  await setFaults(CALM);
}

function figures(outcomes: Outcomes, faults: FaultCounts): (readonly [string, string | number, string?])[] {
  const { applied, unchanged, superseded, duplicate, deadLettered, accepted } = outcomes;
  return [
    ["requests", ledger.requests],
    ["sent again by the client", ledger.resends],
    ["records answered", ledger.answered, `${ledger.accepted.length} accepted, ${ledger.deadLettered} dead-lettered`],
    ["events in histories", historyLength(ledger)],
    ["dead letters", ledger.letters.size],
    ["counted as accepted", accepted, "with those whose answer was lost"],
    ["applied", applied],
    ["unchanged", unchanged],
    ["superseded", superseded],
    ["duplicate", duplicate],
    ["dead-lettered", deadLettered.total],
    ...Object.entries(deadLettered.byReason).map(([reason, count]) => [`  ${reason}`, count] as const),
    ["redelivered", endedOf(outcomes) - accepted, "outcomes beyond what was accepted"],
    ["faults injected", Object.values(faults).reduce((sum, count) => sum + count, 0)],
    ...Object.entries(faults).map(([kind, count]) => [`  ${kind}`, count] as const),
  ];
}
