import { readOptions } from "../../../local/options.ts";
import { table } from "../../../local/screen.ts";
import { deployUnderLoad, type LoadFigures } from "./deployment.ts";
import { untried } from "./oracle.ts";

/** How many violations are printed. */
const SHOWN = 20;

const USAGE = `npm run deploy:under-load -- [--sockets 500] [--devices 100] [--rate 30] [--seconds 5]
Replaces each Worker of a local stack while sockets are open and events flow, and compares what was delivered.

  --sockets   open subscriptions
  --devices   devices that they watch
  --rate      events a second
  --seconds   between two Workers`;

const values = readOptions(USAGE, {
  sockets: { type: "string", default: "500" },
  devices: { type: "string", default: "100" },
  rate: { type: "string", default: "30" },
  seconds: { type: "string", default: "5" },
});
const [sockets, devices, rate, between] = [values.sockets, values.devices, values.rate, values.seconds].map(Number) as [
  number,
  number,
  number,
  number,
];
if (![sockets, devices, rate, between].every((number) => number > 0)) {
  console.error(`Each number has to be above 0.\n\n${USAGE}`);
  process.exit(2);
}

console.log(`\nEach Worker is replaced in turn while ${sockets} sockets are open and ${rate} events a second flow\n`);
const figures = await deployUnderLoad({
  sockets,
  devices,
  eventsPerSecond: rate,
  secondsBetween: between,
  secondsAway: 3,
  say: (line) => console.log(`  ${line}`),
});
console.log(`\n${table(rowsOf(figures))}\n`);
for (const gap of figures.gaps.slice(0, SHOWN)) console.error(`  ✗ A gap, closed by a snapshot: ${gap}`);
const missing = untried(figures);
for (const each of missing) console.error(`  ✗ This run shows nothing: ${each}.`);
for (const violation of figures.violations.slice(0, SHOWN)) console.error(`  ✗ ${violation.slice(0, 400)}`);
const { violations, gaps } = figures;
console.log(`${violations.length} violations, ${gaps.length} gaps`);
process.exit(violations.length + gaps.length + missing.length === 0 ? 0 : 1);

function rowsOf({ counted, refusals, ...found }: LoadFigures): (readonly [string, string | number, string?])[] {
  const refused = [...refusals].map(([by, times]) => `${by} ${times} times`).join(", ");
  return [
    ["sockets", found.sockets],
    ["deployments", found.deployments.length],
    ["reconnects", found.reconnects],
    ["slowest reconnect", `${Math.round(found.slowestReconnectMs)} ms`],
    ["events", found.events, refused && `producers were refused: ${refused}`],
    ["  accepted", counted.accepted],
    ["  applied", counted.applied],
    ["  superseded", counted.superseded],
    ["  duplicate", counted.duplicate],
    ["  unchanged", counted.unchanged],
    ["  dead-lettered", counted.deadLettered],
    ["revisions delivered", found.revisions],
    ["  of a time away", found.caughtUpOn, "after a reconnect, of events before it"],
    ["gaps", found.gaps.length, "each closed by a snapshot"],
  ];
}
