import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BoundaryServer, refusing, startBoundaryServer } from "../../test/support/boundary-server.ts";

const TOPIC = "device.elt.status.reported";

let boundary: BoundaryServer;
beforeEach(async () => {
  boundary = await startBoundaryServer(() => true);
});
afterEach(() => boundary.stop());

type Ended = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
};

/** `concord bridge` in a process of its own, with this many records in two partitions of memory. */
function startBridge(args: readonly string[], records: number, env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ["test/support/fake-bridge.ts", ...args], {
    env: {
      ...process.env,
      ...{ NO_COLOR: "1", FAKE_RECORDS: String(records), CONCORD_URL: boundary.url, CONCORD_CREDENTIAL: "dev:dev" },
      ...{ CONCORD_BRIDGE_BROKERS: "memory:1", CONCORD_BRIDGE_HTTP_PORT: "0", ...env },
    },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, out, err })),
  );
  return { child, ended, out: () => out };
}

const eventsIn = (out: string) =>
  out
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const until = (holds: () => unknown) =>
  vi.waitFor(() => expect(holds()).toBeTruthy(), { timeout: 15_000, interval: 20 });

describe("concord bridge", () => {
  it("with --once delivers everything, commits it, says where it stands and ends with 0", async () => {
    const { code, out, err } = await startBridge(["--once"], 10).ended;
    expect([code, boundary.received.length, boundary.requests.at(-1)?.authorization]).toEqual([
      0,
      10,
      `Basic ${btoa("dev:dev")}`,
    ]);
    expect(err).toContain(`committed [["${TOPIC}-0",5],["${TOPIC}-1",5]]`);
    const events = eventsIn(out);
    expect(events.map(({ event }) => event)).toEqual(["bridge.session_opened", "bridge.standing", "bridge.ended"]);
    expect(events[1]).toMatchObject({
      "messaging.system": "kafka",
      "messaging.consumer.group.name": "concord-bridge",
      "messaging.destination.name": TOPIC,
      "lag.records": 0,
    });
  });

  it("delivers and commits what it has when it gets SIGTERM", async () => {
    // It waits for as long only as there is something to wait for: not a minute.
    const { child, ended, out } = startBridge(["--drain-ms", "60000"], 6);
    await until(() => boundary.received.length === 6);
    child.kill("SIGTERM");
    const { code, err } = await ended;
    expect([code, out()]).toEqual([0, expect.stringContaining('"bridge.stopping"')]);
    expect(err).toContain(`committed [["${TOPIC}-0",3],["${TOPIC}-1",3]]`);
    expect(eventsIn(out()).at(-1)).toMatchObject({ event: "bridge.ended", reason: "it was asked to end" });
  });

  it("gives up a drain that takes too long, and commits nothing that was not answered for", async () => {
    boundary.before = refusing(503);
    const { child, ended, out } = startBridge(["--drain-ms", "100"], 6);
    await until(() => out().includes("bridge.delivery_retried"));
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 0, err: expect.stringContaining("committed []") });
  });

  it("ends at once at a second signal", async () => {
    boundary.before = refusing(503);
    const { child, ended, out } = startBridge(["--drain-ms", "60000"], 6);
    await until(() => out().includes("bridge.delivery_retried"));
    child.kill("SIGTERM");
    await until(() => out().includes("bridge.stopping"));
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
  });

  it("stops at refused credentials with a message and no stack", async () => {
    boundary.before = refusing(401);
    const { code, err } = await startBridge([], 2).ended;
    expect(code).toBe(1);
    expect(err).toMatch(/^Concord refused the credentials \(401.*Set CONCORD_CREDENTIAL/);
    expect(err).not.toContain("    at ");
  });

  it("ends with 2 for settings that cannot work, and names all of them", async () => {
    const { code, err } = await startBridge(["--requests", "0", "--from", "yesterday"], 0).ended;
    expect([code, err]).toEqual([2, expect.stringMatching(/--from: .*\n.*--requests: /)]);
  });

  it("says so where the port of /metrics is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const { code, err } = await startBridge(["--http-port", String(port)], 0).ended;
    taken.close();
    expect([code, err]).toEqual([1, expect.stringMatching(/EADDRINUSE.*Set --http-port to a free port/)]);
  });

  it("serves /metrics and /healthz while it runs", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    const { child, ended } = startBridge(["--http-port", String(port)], 4);
    await until(() => boundary.received.length === 4);
    const [metrics, health] = await Promise.all([
      fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text()),
      fetch(`http://127.0.0.1:${port}/healthz`),
    ]);
    expect(metrics).toContain(
      `messaging_client_sent_messages_total{messaging_system="concord",messaging_operation_name="send",messaging_destination_name="${TOPIC}"} 4`,
    );
    expect([health.status, await health.json()]).toEqual([200, expect.objectContaining({ state: "delivering" })]);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });
});

describe("concord bridge --dry-run", () => {
  it("prints what would be accepted and what not, sends nothing, commits nothing, and ends with 4", async () => {
    const { code, out, err } = await startBridge(["--dry-run"], 3).ended;
    expect(out.split("\n")).toEqual([
      `${TOPIC}: 3 read, 0 would be accepted, 3 would become dead letters`,
      expect.stringMatching(`^  schema_mismatch: 3, the first at ${TOPIC}-0 offset 0: eventId: `),
      "Nothing was sent, and nothing was committed.",
      "",
    ]);
    expect([code, boundary.received]).toEqual([4, []]);
    expect(err).toContain("3 records of what was read would become dead letters");
    expect(err).toContain("committed []");
  });

  it("prints JSON with --json, and --json needs it", async () => {
    const { out } = await startBridge(["--dry-run", "--json"], 1).ended;
    expect(JSON.parse(out)).toMatchObject({ isComplete: true, topics: [{ topic: TOPIC, records: 1, accepted: 0 }] });
    expect(await startBridge(["--json"], 1).ended).toMatchObject({
      code: 2,
      err: expect.stringContaining("--dry-run"),
    });
  });

  it("stops at a topic that Concord would refuse by its name", async () => {
    const { code, err } = await startBridge(["--dry-run"], 1, { FAKE_TOPIC: "orders" }).ended;
    expect([code, err]).toEqual([1, expect.stringContaining("the topic orders is not named as Concord's")]);
  });
});
