import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Scope } from "../../../src/shared/auth/scope.ts";
import type { DeviceKey } from "../../../src/shared/domain/event.ts";
import type { ObjectWrites } from "../../../src/shared/live/object-writes.ts";
import { addReports, type MetricsReport } from "../../../src/shared/telemetry/metrics.ts";
import { shardsOf } from "../../../src/shared/telemetry/shards.ts";
import { LEASE_MS } from "../../../workers/devices/live/lease.ts";
import {
  alarmOf,
  assign,
  CHANGED,
  consumerDeps,
  dealerScope,
  endLease,
  env,
  eventOf,
  eventRecord,
  FEED,
  feedOf,
  freshDealer,
  freshDevice,
  happen,
  knock,
  OPS,
  objectOf,
  raise,
  redeploy,
  report,
  Socket,
  snapshotOf,
  socketsOf,
  watchesOf,
} from "./support.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Somebody who watches a device and has been told where it stands. */
async function watch(key: DeviceKey, afterRevision: number | null = null, scope: Scope = OPS): Promise<Socket> {
  const socket = await Socket.greeted({ device: key }, scope);
  socket.subscribe(CHANGED, { key, afterRevision });
  if (afterRevision === null) await socket.items(1);
  return socket;
}

const revisionsOf = (items: readonly { kind: string; revision: number }[]) =>
  items.map(({ kind, revision }) => `${kind} ${revision}`);

describe("the protocol", () => {
  it.each<[string, (socket: Socket) => unknown, number]>([
    ["what is no JSON", (socket) => socket.say("{"), 4400],
    ["bytes", (socket) => socket.sayBytes(new Uint8Array([123, 125])), 4400],
    ["a type that nobody knows", (socket) => socket.say({ type: "start" }), 4400],
    ["a subscription without an id", (socket) => socket.say({ type: "subscribe", payload: { query: "" } }), 4400],
    ["a subscription before who it is", (socket) => socket.subscribe(CHANGED), 4401],
    [
      "a token that is none",
      (socket) => socket.say({ type: "connection_init", payload: { authorization: "x" } }),
      4403,
    ],
  ])("closes the socket for %s", async (_, act, code) => {
    const socket = await Socket.open({ device: freshDevice() });
    act(socket);
    expect((await socket.closing()).code).toBe(code);
  });

  it("closes a socket that says twice who it is, even while the first is being looked at", async () => {
    const socket = await Socket.greeted({ device: freshDevice() });
    socket.say({ type: "connection_init" });
    expect((await socket.closing()).code).toBe(4429);
    const hasty = await Socket.open({ device: freshDevice() });
    hasty.say({ type: "connection_init", payload: {} });
    hasty.say({ type: "connection_init", payload: {} });
    expect([4403, 4429]).toContain((await hasty.closing()).code);
  });

  it("closes a socket that uses an id twice, and not one that uses it again", async () => {
    const key = freshDevice();
    await happen([report(key, 1)]);
    const socket = await watch(key);
    socket.say({ type: "complete", id: "1" });
    socket.subscribe(CHANGED, { key });
    expect(revisionsOf(await socket.items(2))).toEqual(["SNAPSHOT 1", "SNAPSHOT 1"]);
    socket.subscribe(CHANGED, { key });
    expect((await socket.closing()).code).toBe(4409);
  });

  it("closes a socket that does not say who it is", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const key = freshDevice();
    const socket = await Socket.open({ device: key });
    await runInDurableObject(objectOf(key), () => vi.advanceTimersByTime(10_000));
    vi.useRealTimers();
    expect((await socket.closing()).code).toBe(4408);
  });

  it("answers a ping without waking the object", async () => {
    const key = freshDevice();
    const socket = await Socket.greeted({ device: key });
    const received = await runInDurableObject(objectOf(key), (instance) => vi.spyOn(instance, "webSocketMessage"));
    socket.say('{"type":"ping"}');
    await socket.heard(({ type }) => type === "pong");
    expect(received).not.toHaveBeenCalled();
    socket.say({ type: "ping", payload: { at: 1 } });
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
    await happen([report(key, 1)]);
    const socket = await watch(key);
    socket.say({ type: "subscribe", id: "2", payload });
    const { payload: errors } = await socket.heard(({ type, id }) => type === "error" && id === "2");
    expect(errors).toMatchObject([{ extensions: { code } }]);
    expect(errors[0].extensions).not.toHaveProperty("http");
    await happen([report(key, 2)]);
    expect(revisionsOf(await socket.items(2))).toEqual(["SNAPSHOT 1", "EVENT 2"]);
  });

  it("runs only trusted documents for dealers outside local", async () => {
    const key = freshDevice();
    await happen([assign(key, 1, "D-t")]);
    await redeploy(objectOf(key), { TRUSTED_DOCUMENTS_ONLY: "true" });
    const socket = await Socket.greeted({ device: key }, dealerScope("D-t"));
    socket.subscribe(CHANGED, { key });
    const { payload } = await socket.heard(({ type }) => type === "error");
    expect(payload).toMatchObject([{ extensions: { code: "TRUSTED_DOCUMENTS_ONLY" } }]);
  });
});

describe("the door", () => {
  it.each([
    ["/live", 400],
    ["/live?device=nothing", 400],
    ["/live?device=elt:", 400],
    [`/live?dealer=${"x".repeat(200)}`, 400],
    ["/live?device=elt:1&dealer=D-1", 400],
    ["/elsewhere", 404],
  ])("does not open %s", async (path, status) => {
    expect((await knock(path)).status).toBe(status);
  });

  it("opens only for the protocol that it speaks", async () => {
    expect((await knock("/live?device=elt:1", { "Sec-WebSocket-Protocol": "graphql-ws" })).status).toBe(400);
  });
});

describe("an object that people listen to", () => {
  it("counts who comes and who leaves", async () => {
    const told = async () => {
      const shards = shardsOf(env.METRICS) as unknown as { reports(): Promise<MetricsReport[]> }[];
      const { socketsOpened, socketsClosed } = (await Promise.all(shards.map((shard) => shard.reports())))
        .flat()
        .reduce(addReports, {});
      return [socketsOpened?.device ?? 0, socketsClosed?.device ?? 0] as const;
    };
    const [opened, closed] = await told();
    const socket = await Socket.greeted({ device: freshDevice() });
    await vi.waitFor(async () => expect((await told())[0]).toBe(opened + 1));
    socket.leave();
    // Those of the tests before may still be leaving.
    await vi.waitFor(async () => expect((await told())[1]).toBeGreaterThan(closed));
  });

  it("holds no socket once they have left, and lets its watch and its documents go", async () => {
    const key = freshDevice();
    await happen([report(key, 1)]);
    const sockets = [await watch(key), await watch(key), await watch(key)];
    expect(await socketsOf(objectOf(key))).toBe(3);
    expect(await watchesOf(`device ${key}`)).toBeGreaterThan(Date.now());
    for (const socket of sockets) socket.leave();
    await vi.waitFor(async () => expect(await socketsOf(objectOf(key))).toBe(0));
    await happen([report(key, 2)]);
    await endLease(objectOf(key));
    expect(await watchesOf(`device ${key}`)).toBeNull();
    const kept = await runInDurableObject(objectOf(key), (_, { storage }) =>
      [...storage.kv.list()].map(([name]) => name),
    );
    expect(kept).toEqual(["memory"]);
    expect(await alarmOf(objectOf(key))).toBeNull();
  });

  it("renews its watch for as long as somebody listens, and D1 is asked once for all of them", async () => {
    const key = freshDevice();
    await happen([report(key, 1)]);
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

  it("goes on after it slept, with whoever listened before", async () => {
    const key = freshDevice();
    await happen([report(key, 1)]);
    const socket = await watch(key);
    for (const second of [2, 3, 4]) {
      await evictDurableObject(objectOf(key));
      await happen([report(key, second)]);
    }
    expect(revisionsOf(await socket.items(4))).toEqual(["SNAPSHOT 1", "EVENT 2", "EVENT 3", "EVENT 4"]);
    await evictDurableObject(objectOf(key));
    socket.say('{"type":"ping"}');
    await socket.heard(({ type }) => type === "pong");
  });

  it("tells nothing once a token has run out", async () => {
    const key = freshDevice();
    await happen([report(key, 1)]);
    const socket = await Socket.greeted({ device: key }, undefined, "2s");
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_000);
    await happen([report(key, 2)]);
    expect((await socket.closing()).code).toBe(4403);
    expect(await socket.items(1)).toHaveLength(1);
  });

  it("asks to be tried again while D1 cannot be told that somebody watches", async () => {
    const key = freshDevice();
    await happen([report(key, 1)]);
    const outage = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
    const prepare = env.DB.prepare.bind(env.DB);
    await redeploy(objectOf(key), {
      DB: { withSession: () => ({ prepare, batch: outage, getBookmark: () => null }) } as never,
    });
    const socket = await Socket.greeted({ device: key });
    socket.subscribe(CHANGED, { key });
    expect((await socket.closing()).code).toBe(1013);
  });

  it("tells of a gap that its history does not fill, with the device as it is", async () => {
    const key = freshDevice();
    await happen([report(key, 0)]);
    const socket = await watch(key);
    socket.leave();
    await happen(Array.from({ length: 101 }, (_, i) => report(key, i + 1)));
    const late = await watch(key, 1);
    expect(await late.items(1)).toMatchObject([
      { kind: "GAP", revision: 102, event: null, device: { report: { indoorTemperatureC: 101 / 4 } } },
    ]);
    const lucky = await watch(key, 2);
    expect(await lucky.items(100)).toHaveLength(100);
    const ahead = await watch(key, 500);
    expect(revisionsOf(await ahead.items(1))).toEqual(["GAP 102"]);
  });

  it("says what is unknown, or another's, in the same words", async () => {
    const key = freshDevice();
    await happen([assign(key, 1, "D-has")]);
    const words = [];
    for (const [device, scope] of [
      [key, dealerScope("D-has-not")],
      [freshDevice(), dealerScope("D-has-not")],
    ] as const) {
      for (const afterRevision of [null, 0]) {
        const socket = await Socket.greeted({ device }, scope);
        socket.subscribe(CHANGED, { key: device, afterRevision });
        words.push((await socket.heard(({ type }) => type === "error")).payload);
      }
    }
    expect(new Set(words.map((payload) => JSON.stringify(payload))).size).toBe(1);
  });
});

describe("a dealer's feed", () => {
  const listen = async (dealerId: string, after: string | null = null) => {
    const socket = await Socket.greeted({ dealer: dealerId }, dealerScope(dealerId));
    socket.subscribe(FEED, { dealerId, after });
    if (after === null) await socket.items(1);
    return socket;
  };

  it("is called once for a batch, however many devices and rounds that has", async () => {
    const dealerId = freshDealer();
    const keys = Array.from({ length: 120 }, freshDevice);
    await happen(keys.map((key) => assign(key, 1, dealerId)));
    const socket = await listen(dealerId);
    const deps = consumerDeps();
    const announce = vi.fn(deps.announce);
    await happen(
      keys.flatMap((key) => [report(key, 2), raise(key, 3)]),
      { ...deps, announce },
    );
    expect(announce.mock.calls.map(([id, list]) => [id, list.length])).toEqual([[dealerId, 240]]);
    const kinds = (await socket.items(241)).map(({ kind }) => kind);
    expect(Map.groupBy(kinds, (kind) => kind).get("ALERT_RAISED")).toHaveLength(120);
  });

  it("is not called while nobody watches, and says so to whoever comes back", async () => {
    const dealerId = freshDealer();
    const key = freshDevice();
    const announce = vi.fn(consumerDeps().announce);
    await happen([assign(key, 1, dealerId)], { ...consumerDeps(), announce });
    expect(announce).not.toHaveBeenCalled();
    const first = await listen(dealerId);
    await happen([report(key, 2)]);
    const [, told] = await first.items(2);
    first.leave();
    await happen([report(key, 3)]);
    const second = await listen(dealerId, told.cursor);
    expect((await second.items(1)).map(({ kind }) => kind)).toEqual(["DEVICE_CHANGED"]);
    second.leave();
    await vi.waitFor(async () => expect(await socketsOf(feedOf(dealerId))).toBe(0));
    await endLease(feedOf(dealerId));
    await happen([report(key, 4)]);
    const third = await listen(dealerId, told.cursor);
    expect((await third.items(1)).map(({ kind }) => kind)).toEqual(["GAP"]);
  });

  it("is told again by a consumer that came again, and drops what it knows", async () => {
    const dealerId = freshDealer();
    const key = freshDevice();
    await happen([assign(key, 1, dealerId)]);
    const socket = await listen(dealerId);
    const records = [report(key, 2), raise(key, 3)];
    // The first consumer dies in front of the feed, the second behind it, and the third says it all again.
    void happen(records, { ...consumerDeps(), announce: () => new Promise(() => {}) });
    await vi.waitFor(async () => expect((await snapshotOf(key))?.history).toHaveLength(3));
    for (const attempts of [2, 3]) await happen(records, consumerDeps(), attempts);
    await happen([report(key, 4)]);
    const kinds = (await socket.items(4)).map(({ kind }) => kind);
    expect(kinds).toEqual(["STARTED", "DEVICE_CHANGED", "ALERT_RAISED", "DEVICE_CHANGED"]);
  });

  it("holds a record back in the queue while it cannot be told", async () => {
    const dealerId = freshDealer();
    const key = freshDevice();
    await happen([assign(key, 1, dealerId)]);
    const socket = await listen(dealerId);
    const deps = { ...consumerDeps(), announce: () => Promise.reject(new Error("Network connection lost.")) };
    await happen([report(key, 2)], deps);
    const { report: counted } = await happen(
      deps.events.drain().flatMap(({ records }) => records),
      consumerDeps(),
      2,
    );
    expect(counted.outcomes).toEqual({ "device.elt.status.reported applied": 1 });
    expect((await socket.items(2)).map(({ kind }) => kind)).toEqual(["STARTED", "DEVICE_CHANGED"]);
  });

  it("remembers so much and tells of a gap behind it", async () => {
    const dealerId = freshDealer();
    const key = freshDevice();
    const socket = await listen(dealerId);
    const [{ cursor }] = await socket.items(1);
    socket.leave();
    const news = Array.from({ length: 600 }, (_, i) => eventOf(report(key, i)));
    await feedOf(dealerId).announce(
      news.map(({ deviceKey, version, topic }) => ({
        kind: "deviceChanged",
        deviceKey,
        version,
        topic,
        isOwn: true,
        alertId: null,
        severity: null,
      })),
      null,
    );
    await evictDurableObject(feedOf(dealerId));
    const late = await listen(dealerId, cursor);
    expect((await late.items(1)).map(({ kind }) => kind)).toEqual(["GAP"]);
    const lucky = await listen(dealerId, String(Number(cursor) + 100));
    expect(await lucky.items(500)).toHaveLength(500);
  });
});

describe("where only watched devices are written", () => {
  const writtenIn = async (records: Parameters<typeof happen>[0], writes: ObjectWrites = "live") =>
    (await happen(records, consumerDeps(writes))).report.objectWrites;

  it("writes no object that nobody watches, but for what is desired of it", async () => {
    const key = freshDevice();
    expect(await writtenIn([report(key, 1), raise(key, 2)])).toBe(0);
    expect(await writtenIn([eventRecord(key, "twin.desired", 3, { mode: "heat" })])).toBe(1);
    await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "live" });
    expect(await snapshotOf(key)).toBeUndefined();
    await watch(key);
    expect(await writtenIn([report(key, 4)])).toBe(1);
    expect((await snapshotOf(key))?.aspects.desired?.value).toEqual({ mode: "heat" });
  });

  it("begins with what D1 knows, and tells of a gap whoever saw less", async () => {
    const key = freshDevice();
    await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "live" });
    await writtenIn([report(key, 8)]);
    const first = await watch(key);
    expect(await first.items(1)).toMatchObject([
      { kind: "SNAPSHOT", revision: 1, device: { report: { indoorTemperatureC: 2 } } },
    ]);
    await writtenIn([report(key, 12)]);
    expect(revisionsOf(await first.items(2))).toEqual(["SNAPSHOT 1", "EVENT 2"]);
    first.leave();
    await vi.waitFor(async () => expect(await socketsOf(objectOf(key))).toBe(0));
    // Within the lease nothing is missed.
    await writtenIn([report(key, 16)]);
    const second = await watch(key, 2);
    expect(revisionsOf(await second.items(1))).toEqual(["EVENT 3"]);
    second.leave();
    await vi.waitFor(async () => expect(await socketsOf(objectOf(key))).toBe(0));
    await endLease(objectOf(key));
    expect(await writtenIn([report(key, 20)])).toBe(0);
    const third = await watch(key, 3);
    expect(await third.items(1)).toMatchObject([
      { kind: "GAP", revision: 4, device: { report: { indoorTemperatureC: 5 } } },
    ]);
  });

  it("loses no event to somebody who comes while it happens", async () => {
    for (let i = 0; i < 20; i++) {
      const key = freshDevice();
      await redeploy(objectOf(key), { DEVICE_OBJECT_WRITES: "live" });
      await writtenIn([report(key, 1)]);
      const [socket] = await Promise.all([watch(key), writtenIn([report(key, 2)]), writtenIn([report(key, 3)])]);
      await vi.waitFor(async () => {
        const items = await socket.items(1);
        // In the snapshot it began with, or told behind it.
        expect(items.at(-1).device.report.indoorTemperatureC).toBe(3 / 4);
      });
      const revisions = (await socket.items(1)).map(({ revision }) => revision);
      expect(revisions).toEqual(revisions.map((_, j) => revisions[0] + j));
    }
  });

  it("loses no event to a subscriber while it is switched on and off, in either order", async () => {
    const key = freshDevice();
    await happen([report(key, 0)]);
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
