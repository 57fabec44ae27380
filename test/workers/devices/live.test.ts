import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Scope } from "#auth/scope.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { ObjectWrites } from "#objects/object-writes.ts";
import { addReports, type MetricsReport } from "#telemetry/metrics.ts";
import { allShards } from "#telemetry/shards.ts";
import { LEASE_MS } from "../../../workers/devices/live/lease.ts";
import {
  alarmOf,
  assign,
  CHANGED,
  consumeRecords,
  consumerDeps,
  dealerScope,
  endLease,
  env,
  eventRecord,
  freshDevice,
  OPS,
  objectOf,
  raise,
  redeploy,
  refusalOf,
  report,
  requestSocket,
  Socket,
  snapshotOf,
  socketsOf,
  watchesOf,
} from "./support.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A client that has subscribed to a device and received its snapshot. */
async function watch(key: DeviceKey, afterRevision: number | null = null, scope: Scope = OPS): Promise<Socket> {
  const socket = await Socket.authenticated({ device: key }, scope);
  socket.subscribe(CHANGED, { key, afterRevision });
  if (afterRevision === null) await socket.items(1);
  return socket;
}

const revisionsOf = (items: readonly { kind: string; revision: number }[]) =>
  items.map(({ kind, revision }) => `${kind} ${revision}`);

describe("the protocol", () => {
  it.each<[string, (socket: Socket) => unknown, number]>([
    ["what is no JSON", (socket) => socket.send("{"), 4400],
    ["bytes", (socket) => socket.sendBytes(new Uint8Array([123, 125])), 4400],
    ["an unknown type", (socket) => socket.send({ type: "start" }), 4400],
    ["a subscription without an id", (socket) => socket.send({ type: "subscribe", payload: { query: "" } }), 4400],
    ["a subscription before who it is", (socket) => socket.subscribe(CHANGED), 4401],
    [
      "a token that is none",
      (socket) => socket.send({ type: "connection_init", payload: { authorization: "x" } }),
      4403,
    ],
  ])("closes the socket for %s", async (_, act, code) => {
    const socket = await Socket.open({ device: freshDevice() });
    act(socket);
    expect((await socket.closing()).code).toBe(code);
  });

  it("closes a socket that sends connection_init twice, even while the first token is being verified", async () => {
    const socket = await Socket.authenticated({ device: freshDevice() });
    socket.send({ type: "connection_init" });
    expect((await socket.closing()).code).toBe(4429);
    const hasty = await Socket.open({ device: freshDevice() });
    hasty.send({ type: "connection_init", payload: {} });
    hasty.send({ type: "connection_init", payload: {} });
    expect([4403, 4429]).toContain((await hasty.closing()).code);
  });

  it("closes a socket that uses the id of an active subscription, and not one that reuses that of an ended one", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const socket = await watch(key);
    socket.send({ type: "complete", id: "1" });
    socket.subscribe(CHANGED, { key });
    expect(revisionsOf(await socket.items(2))).toEqual(["SNAPSHOT 1", "SNAPSHOT 1"]);
    socket.subscribe(CHANGED, { key });
    expect((await socket.closing()).code).toBe(4409);
  });

  it("closes a socket that does not authenticate", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const key = freshDevice();
    const socket = await Socket.open({ device: key });
    await runInDurableObject(objectOf(key), () => vi.advanceTimersByTime(10_000));
    vi.useRealTimers();
    expect((await socket.closing()).code).toBe(4408);
  });

  it("answers a ping without waking the object", async () => {
    const key = freshDevice();
    const socket = await Socket.authenticated({ device: key });
    const received = await runInDurableObject(objectOf(key), (instance) => vi.spyOn(instance, "webSocketMessage"));
    socket.send('{"type":"ping"}');
    await socket.received(({ type }) => type === "pong");
    expect(received).not.toHaveBeenCalled();
    socket.send({ type: "ping", payload: { at: 1 } });
    await vi.waitFor(() => expect(socket.messages.filter(({ type }) => type === "pong")).toHaveLength(2));
    expect(received).toHaveBeenCalledOnce();
  });

  it.each<[string, object, string]>([
    ["syntax", { query: "subscription {" }, "GRAPHQL_PARSE_FAILED"],
    ["a field that is not there", { query: "subscription { nothing }" }, "GRAPHQL_VALIDATION_FAILED"],
    ["a query", { query: "{ freshness { settled } }" }, "BAD_USER_INPUT"],
    ["no document", { query: undefined }, "BAD_REQUEST"],
    ["an id of no document", { documentId: "sha256:00" }, "PERSISTED_DOCUMENT_NOT_FOUND"],
    ["a variable that does not fit", { query: CHANGED, variables: { key: 7 } }, "BAD_USER_INPUT"],
    ["a device of another object", { query: CHANGED, variables: { key: "elt:other" } }, "BAD_USER_INPUT"],
    [
      "too many fields",
      { query: `subscription { deviceChanged(key: "x") { ${"kind ".repeat(1_001)} } }` },
      "GRAPHQL_PARSE_FAILED",
    ],
    [
      "too costly an answer",
      {
        query: `subscription { deviceChanged(key: "x") { device { alerts(first: 100) { edges { node { device { alerts(first: 100) { edges { node { alertId } } } } } } } } } }`,
      },
      "COST_LIMIT",
    ],
  ])("answers %s with an error of that subscription alone", async (_, payload, code) => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const socket = await watch(key);
    socket.send({ type: "subscribe", id: "2", payload });
    const { payload: errors } = await socket.received(({ type, id }) => type === "error" && id === "2");
    expect(errors).toMatchObject([{ extensions: { code } }]);
    expect(errors[0].extensions).not.toHaveProperty("http");
    await consumeRecords([report(key, 2)]);
    expect(revisionsOf(await socket.items(2))).toEqual(["SNAPSHOT 1", "EVENT 2"]);
  });

  it("executes only trusted documents for dealers, except locally", async () => {
    const key = freshDevice();
    await consumeRecords([assign(key, 1, "D-t")]);
    await redeploy(objectOf(key), { TRUSTED_DOCUMENTS_ONLY: "true" });
    const socket = await Socket.authenticated({ device: key }, dealerScope("D-t"));
    socket.subscribe(CHANGED, { key });
    const { payload } = await socket.received(({ type }) => type === "error");
    expect(payload).toMatchObject([{ extensions: { code: "TRUSTED_DOCUMENTS_ONLY" } }]);
  });
});

describe("the /live path", () => {
  it.each([
    ["/live?device=nothing", 400, 4400],
    ["/live?device=elt:", 400, 4400],
    [`/live?dealer=${"x".repeat(200)}`, 400, 4400],
    ["/live?device=elt:1&dealer=D-1", 400, 4400],
    ["/elsewhere", 404, 4400],
  ])("closes a socket for %s, and says %s to what is no socket", async (path, status, code) => {
    expect(await refusalOf(path)).toMatchObject({ code, reason: expect.stringMatching(/^Bad Request: .*\/live/) });
    expect((await requestSocket(path, { Upgrade: "" })).status).toBe(status === 400 ? 426 : status);
  });

  it("takes sockets for graphql-transport-ws only, and says so in the protocol that was asked for", async () => {
    const headers = { "Sec-WebSocket-Protocol": "graphql-ws, other" };
    const { headers: answered } = await requestSocket("/live?device=elt:1", headers);
    expect(answered.get("Sec-WebSocket-Protocol")).toBe("graphql-ws");
    expect(await refusalOf("/live?device=elt:1", headers)).toMatchObject({
      code: 4406,
      reason: expect.stringMatching(/graphql-transport-ws/),
    });
  });

  it("closes sockets with 1013 while the Worker is misconfigured", async () => {
    const broken = { ...env, TOKEN_KEYS: "{" };
    expect((await refusalOf("/live", {}, broken)).code).toBe(1013);
    expect((await requestSocket("/live", { Upgrade: "" }, broken)).status).toBe(503);
  });
});

describe("an object with subscribers", () => {
  it("counts sockets that open and close", async () => {
    const counts = async () => {
      const shards = allShards(env.METRICS) as unknown as { reports(): Promise<MetricsReport[]> }[];
      const { socketsOpened, socketsClosed } = (await Promise.all(shards.map((shard) => shard.reports())))
        .flat()
        .reduce(addReports, {});
      return [socketsOpened?.device ?? 0, socketsClosed?.device ?? 0] as const;
    };
    const [opened, closed] = await counts();
    const socket = await Socket.authenticated({ device: freshDevice() });
    await vi.waitFor(async () => expect((await counts())[0]).toBe(opened + 1));
    socket.close();
    // Those of the tests before may still be leaving.
    await vi.waitFor(async () => expect((await counts())[1]).toBeGreaterThan(closed));
  });

  it("releases its watch and its documents once all sockets are closed", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const sockets = [await watch(key), await watch(key), await watch(key)];
    expect(await socketsOf(objectOf(key))).toBe(3);
    expect(await watchesOf(`device ${key}`)).toBeGreaterThan(Date.now());
    for (const socket of sockets) socket.close();
    await vi.waitFor(async () => expect(await socketsOf(objectOf(key))).toBe(0));
    await consumeRecords([report(key, 2)]);
    await endLease(objectOf(key));
    expect(await watchesOf(`device ${key}`)).toBeNull();
    const kept = await runInDurableObject(objectOf(key), (_, { storage }) =>
      [...storage.kv.list()].map(([name]) => name),
    );
    expect(kept).toEqual(["memory"]);
    expect(await alarmOf(objectOf(key))).toBeNull();
  });

  it("renews its watch as long as it has subscribers, with one write to D1 for all of them", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    await watch(key);
    const first = await watchesOf(`device ${key}`);
    await env.DB.prepare("UPDATE watches SET until_ms = until_ms - 1000").run();
    await watch(key);
    expect(await watchesOf(`device ${key}`)).toBe((first ?? 0) - 1_000);
    const alarm = await alarmOf(objectOf(key));
    expect(alarm).toBeLessThan(Date.now() + LEASE_MS);
    vi.spyOn(Date, "now").mockReturnValue(Math.max(alarm ?? 0, Date.now()));
    await runDurableObjectAlarm(objectOf(key));
    expect(await watchesOf(`device ${key}`)).toBeGreaterThanOrEqual(first ?? 0);
  });

  it("sends an event with the id that it has in the device's history", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const socket = await Socket.authenticated({ device: key }, OPS);
    socket.subscribe("subscription ($key: String!) { deviceChanged(by: { key: $key }) { event { id } } }", { key });
    await socket.items(1);
    await consumeRecords([report(key, 2)]);
    const [, item] = (await socket.items(2)) as unknown as { event: { id: string } }[];
    const entry = (await snapshotOf(key))?.history[0];
    expect(atob(item?.event.id ?? "")).toBe(`DeviceEvent:${key}/${entry?.topic}/${entry?.version}`);
  });

  it("continues its subscriptions after hibernation", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const socket = await watch(key);
    for (const second of [2, 3, 4]) {
      await evictDurableObject(objectOf(key));
      await consumeRecords([report(key, second)]);
    }
    expect(revisionsOf(await socket.items(4))).toEqual(["SNAPSHOT 1", "EVENT 2", "EVENT 3", "EVENT 4"]);
    await evictDurableObject(objectOf(key));
    socket.send('{"type":"ping"}');
    await socket.received(({ type }) => type === "pong");
  });

  it("delivers nothing after a token has expired", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const socket = await Socket.authenticated({ device: key }, undefined, "2s");
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_000);
    await consumeRecords([report(key, 2)]);
    expect((await socket.closing()).code).toBe(4403);
    expect(await socket.items(1)).toHaveLength(1);
  });

  it("closes with 1013 while the watch cannot be registered in D1", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 1)]);
    const outage = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
    const prepare = env.DB.prepare.bind(env.DB);
    await redeploy(objectOf(key), {
      DB: { withSession: () => ({ prepare, batch: outage, getBookmark: () => null }) } as never,
    });
    const socket = await Socket.authenticated({ device: key });
    socket.subscribe(CHANGED, { key });
    expect((await socket.closing()).code).toBe(1013);
  });

  it("sends a gap with the current device, if its history does not reach back to the cursor", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 0)]);
    const socket = await watch(key);
    socket.close();
    await consumeRecords(Array.from({ length: 101 }, (_, i) => report(key, i + 1)));
    const late = await watch(key, 1);
    expect(await late.items(1)).toMatchObject([
      { kind: "GAP", revision: 102, event: null, device: { report: { indoorTemperatureC: 101 / 4 } } },
    ]);
    const lucky = await watch(key, 2);
    expect(await lucky.items(100)).toHaveLength(100);
    const ahead = await watch(key, 500);
    expect(revisionsOf(await ahead.items(1))).toEqual(["GAP 102"]);
  });

  it("has the same answer for an unknown device and for another dealer's", async () => {
    const key = freshDevice();
    await consumeRecords([assign(key, 1, "D-has")]);
    const words = [];
    for (const [device, scope] of [
      [key, dealerScope("D-has-not")],
      [freshDevice(), dealerScope("D-has-not")],
    ] as const) {
      for (const afterRevision of [null, 0]) {
        const socket = await Socket.authenticated({ device }, scope);
        socket.subscribe(CHANGED, { key: device, afterRevision });
        words.push((await socket.received(({ type }) => type === "error")).payload);
      }
    }
    expect(new Set(words.map((payload) => JSON.stringify(payload))).size).toBe(1);
  });
});

describe("if only watched devices are written", () => {
  const writtenIn = async (records: Parameters<typeof consumeRecords>[0], writes: ObjectWrites = "live") =>
    (await consumeRecords(records, consumerDeps(writes))).report.objectWrites;

  it("an object without subscribers is written for its desired state only", async () => {
    const key = freshDevice();
    expect(await writtenIn([report(key, 1), raise(key, 2)])).toBe(0);
    expect(await writtenIn([eventRecord(key, "twin.desired", 3, { mode: "heat" })])).toBe(1);
    await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "live" });
    expect(await snapshotOf(key)).toBeUndefined();
    await watch(key);
    expect(await writtenIn([report(key, 4)])).toBe(1);
    expect((await snapshotOf(key))?.aspects.desired?.value).toEqual({ mode: "heat" });
  });

  it("an object begins with the state in D1, and sends a gap to older cursors", async () => {
    const key = freshDevice();
    await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "live" });
    await writtenIn([report(key, 8)]);
    const first = await watch(key);
    expect(await first.items(1)).toMatchObject([
      { kind: "SNAPSHOT", revision: 1, device: { report: { indoorTemperatureC: 2 } } },
    ]);
    await writtenIn([report(key, 12)]);
    expect(revisionsOf(await first.items(2))).toEqual(["SNAPSHOT 1", "EVENT 2"]);
    first.close();
    await vi.waitFor(async () => expect(await socketsOf(objectOf(key))).toBe(0));
    // Within the lease nothing is missed.
    await writtenIn([report(key, 16)]);
    const second = await watch(key, 2);
    expect(revisionsOf(await second.items(1))).toEqual(["EVENT 3"]);
    second.close();
    await vi.waitFor(async () => expect(await socketsOf(objectOf(key))).toBe(0));
    await endLease(objectOf(key));
    expect(await writtenIn([report(key, 20)])).toBe(0);
    const third = await watch(key, 3);
    expect(await third.items(1)).toMatchObject([
      { kind: "GAP", revision: 4, device: { report: { indoorTemperatureC: 5 } } },
    ]);
  });

  it("no event is lost for a client that subscribes while it is written", async () => {
    for (let i = 0; i < 20; i++) {
      const key = freshDevice();
      await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "live" });
      await writtenIn([report(key, 1)]);
      const [socket] = await Promise.all([watch(key), writtenIn([report(key, 2)]), writtenIn([report(key, 3)])]);
      await vi.waitFor(async () => {
        const items = await socket.items(1);
        // In its first snapshot, or delivered after it.
        expect(items.at(-1).device.report.indoorTemperatureC).toBe(3 / 4);
      });
      const revisions = (await socket.items(1)).map(({ revision }) => revision);
      expect(revisions).toEqual(revisions.map((_, j) => revisions[0] + j));
    }
  });

  it("no event is lost for a subscriber while the setting is switched, in either direction", async () => {
    const key = freshDevice();
    await consumeRecords([report(key, 0)]);
    const socket = await watch(key);
    const order: [ObjectWrites, ObjectWrites][] = [
      ["always", "always"],
      ["live", "always"],
      ["live", "live"],
      ["always", "live"],
      ["always", "always"],
      ["always", "live"],
      ["live", "live"],
      ["live", "always"],
    ];
    for (const [i, [consumers, objects]] of order.entries()) {
      await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: objects });
      await writtenIn([report(key, i + 1)], consumers);
    }
    expect(revisionsOf(await socket.items(9))).toEqual(["SNAPSHOT 1", ...order.map((_, i) => `EVENT ${i + 2}`)]);
  });
});
