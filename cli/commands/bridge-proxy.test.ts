import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { StandInBroker } from "../../test/bridge/broker.ts";
import { HABITS } from "../../test/bridge/habits.ts";
import { type Front, StandInProxy } from "../../test/bridge/stand-in-proxy.ts";
import { type BoundaryServer, startBoundaryServer } from "../../test/support/boundary-server.ts";

const TOPIC = "device.ecobee.status.reported";

let [boundary, proxy, broker, front]: [BoundaryServer?, StandInProxy?, StandInBroker?, Front?] = [];
beforeEach(async () => {
  boundary = await startBoundaryServer(() => true);
  const habits = HABITS.karapace;
  broker = new StandInBroker({ rebalanceMs: 50, keepsPositions: false, startOf: habits.startOf });
  broker.addTopic(TOPIC, 2);
  proxy = new StandInProxy({ habits, broker, nextFault: () => "none", pollLimit: 20, expiryMs: 60_000 });
  front = await proxy.listen();
});
afterEach(async () => {
  proxy?.close();
  boundary?.stop();
});

/** The command itself, as `npx` starts it, with none but the parts that it always has. */
function startBridge(...args: readonly string[]) {
  const options = ["--proxy", front?.url.href ?? "", "--proxy-poll-timeout-ms", "200", "--http-port", "0", ...args];
  const env = { ...process.env, CONCORD_URL: boundary?.url, CONCORD_CREDENTIAL: "dev:dev" };
  const child = spawn(process.execPath, ["cli/main.mjs", "bridge", ...options], { env });
  let out = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (out += chunk));
  return { child, ended: once(child, "close").then(([code]) => ({ code: code as number | null, out })) };
}

const produce = (from: number, to: number) => {
  for (let n = from; n < to; n++) {
    const value = Buffer.from(String(n)).toString("base64");
    broker?.append(TOPIC, n % 2, { key: null, value, timestamp: 1_000 });
  }
};
const delivered = () => (boundary?.received ?? []).map(({ value }) => Number(value)).toSorted((a, b) => a - b);
const numbers = (to: number) => Array.from({ length: to }, (_, n) => n);

it("the command carries all records of a REST proxy with --once, and the next one goes on behind them", async () => {
  produce(0, 50);
  expect(await startBridge("--once").ended).toMatchObject({ code: 0 });
  expect(delivered()).toEqual(numbers(50));
  produce(50, 60);
  const { code, out } = await startBridge("--once").ended;
  expect([code, delivered()]).toEqual([0, numbers(60)]);
  expect(out).toContain(`${TOPIC}: all is delivered`);
});

it("killed with -9, it loses nothing: the next one sends again what was not committed", async () => {
  produce(0, 40);
  const { child, ended } = startBridge("--commit-ms", "60000");
  await vi.waitFor(() => expect(delivered().length).toBeGreaterThan(0), { timeout: 15_000 });
  child.kill("SIGKILL");
  await ended;
  proxy?.restart();
  expect(await startBridge("--once").ended).toMatchObject({ code: 0 });
  expect([...new Set(delivered())]).toEqual(numbers(40));
});

it("stops at a proxy that cannot start at a time, with what to do instead", async () => {
  expect(await startBridge("--from", "2026-11-01T00:00:00Z").ended).toMatchObject({
    code: 1,
    out: expect.stringMatching(/concord: A REST proxy cannot look up offsets by time/),
  });
});
