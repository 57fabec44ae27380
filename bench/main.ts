import { parseArgs } from "node:util";
import { benchLive, type LiveLoad } from "./live.ts";

/** Measures the platform on this machine, over HTTP and WebSocket to local Workers. Figures are of this run alone. */
const { values } = parseArgs({
  options: {
    devices: { type: "string", default: "50" },
    sockets: { type: "string", default: "500" },
    rounds: { type: "string", default: "40" },
    "pace-ms": { type: "string", default: "500" },
  },
});

const devices = countOf("devices");
const load: LiveLoad = {
  devices,
  socketsADevice: Math.max(1, Math.round(countOf("sockets") / devices)),
  rounds: countOf("rounds"),
  paceMs: countOf("pace-ms"),
};

const started = performance.now();
const say = (line: string) => console.log(`  ${((performance.now() - started) / 1_000).toFixed(1)} s  ${line}`);

console.log("Live: sockets on devices while updates flow");
const { sockets, events, told, missed, repeated, pushMs, postMs } = await benchLive(load, say);
const ms = (value: number) => `${value.toFixed(0)} ms`;
console.log(`
  sockets        ${sockets} on ${load.devices} devices
  events         ${events}, told ${told} times: ${missed} missed, ${repeated} repeated
  push latency   p50 ${ms(pushMs.p50)}   p99 ${ms(pushMs.p99)}   max ${ms(pushMs.max)}   from the POST's beginning to the socket
  POST answered  p50 ${ms(postMs.p50)}   p99 ${ms(postMs.p99)}   as soon as the queue has it
  ratio          p99 of a push is ${(pushMs.p99 / postMs.p50).toFixed(1)} times the p50 of a POST that is answered
`);
if (missed > 0 || repeated > 0) {
  console.error("A socket missed a revision or was told one twice.");
  process.exit(1);
}
process.exit(0);

function countOf(name: keyof typeof values): number {
  const count = Number(values[name]);
  if (Number.isInteger(count) && count > 0) return count;
  console.error(`--${name} has to be a whole number above 0.`);
  process.exit(2);
}
