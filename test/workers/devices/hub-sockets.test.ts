import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { decodeJwt } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import { signToken } from "#auth/token.ts";
import type { DeviceKey } from "#domain/event.ts";
import { connected, devicesWith, freshAddress, revisionsOf, withOperations, workerSocket } from "./hub-support.ts";
import {
  assign,
  CHANGED,
  consumeRecords,
  dealerScope,
  env,
  freshDealer,
  freshDevice,
  hubOf,
  report,
  Socket,
} from "./support.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("queries and mutations on a hub's socket", () => {
  it("are executed by the API, side by side with subscriptions, and answered by their ids", async () => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const { socket, hub, address } = await connected(dealerScope("D-q"));
    const calls: unknown[] = [];
    await withOperations(hub, async (call) => {
      calls.push(call);
      return `{"data":{"said":${JSON.stringify(JSON.parse(call.payload).query)}}}`;
    });
    socket.subscribe("{ viewer { role } }", { a: 1 }, "q");
    socket.subscribe("mutation { acknowledge }", {}, "m");
    for (const id of ["q", "m"]) await socket.received((message) => message.type === "complete" && message.id === id);
    expect(socket.messages.filter(({ type }) => type === "next")).toMatchObject([
      { id: "q", payload: { data: { said: "{ viewer { role } }" } } },
      { id: "m", payload: { data: { said: "mutation { acknowledge }" } } },
    ]);
    expect(calls[0]).toMatchObject({ scope: dealerScope("D-q"), address, payload: expect.stringContaining('"a":1') });
    socket.subscribe(CHANGED, { key }, "q");
    await socket.received(({ type, id }) => type === "error" && id === "q");
  });

  it("are not answered once canceled, and are limited in number while they are under way", async () => {
    const { socket, hub } = await connected();
    const answers: (() => void)[] = [];
    await withOperations(hub, () => new Promise((resolve) => answers.push(() => resolve('{"data":{}}'))));
    for (let n = 0; n < 33; n++) socket.subscribe("{ a }", {}, `${n}`);
    const { id, payload } = await socket.received(({ type }) => type === "error");
    expect([id, payload[0].extensions.code]).toEqual(["32", "COST_LIMIT"]);
    socket.send({ type: "complete", id: "0" });
    socket.send({ type: "ping", payload: {} });
    await socket.received(({ type }) => type === "pong");
    // An object's promises are its own.
    await runInDurableObject(hub as never, () => {
      for (const answer of answers) answer();
    });
    await socket.received((message) => message.type === "complete" && message.id === "31");
    expect(socket.messages.filter(({ type }) => type === "next")).toHaveLength(31);
    expect(socket.messages.some((message) => message.id === "0")).toBe(false);
  });

  it("get an error of their own while the API cannot be reached", async () => {
    const { socket, hub } = await connected();
    await withOperations(hub, () => Promise.reject(new Error("Network connection lost.")));
    socket.subscribe("{ a }", {}, "q");
    const { payload } = await socket.received(({ type }) => type === "error");
    expect(payload).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE" } }]);
  });
});

describe("a token on a hub", () => {
  it("gets nothing after it has expired, and its socket is closed with 4403", async () => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const { socket, hub } = await connected(undefined, { expiresIn: "10m" });
    const other = await connected(undefined, {});
    for (const one of [socket, other.socket]) one.subscribe(CHANGED, { key });
    await Promise.all([socket.items(1), other.socket.items(1)]);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 11 * 60_000);
    await consumeRecords([report(key, 2)]);
    expect(await socket.closing()).toMatchObject({ code: 4403, reason: expect.stringMatching(/expired/) });
    expect(await socket.items(1)).toHaveLength(1);
    expect(await other.socket.items(2)).toHaveLength(2);
    void hub;
  });

  it("is closed by the hub's alarm when it expires, without a subscription too", async () => {
    const { socket, hub } = await connected(undefined, { expiresIn: "10m" });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 11 * 60_000);
    await runDurableObjectAlarm(hub as never);
    expect((await socket.closing()).code).toBe(4403);
  });

  it.each(["with the next item", "by the next alarm"])("is closed %s once it is revoked", async (when) => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const address = freshAddress();
    const token = await signToken({ role: "ops" }, LOCAL_TOKEN_KEY, "1h");
    const socket = await Socket.open({}, address);
    socket.authenticate(token);
    socket.subscribe(CHANGED, { key });
    await socket.items(1);
    await env.DB.prepare("INSERT INTO token_revocations VALUES (?1, ?2, ?3, 'ann', 'lost')")
      .bind(`token:${decodeJwt(token).jti}`, Date.now(), Date.now() + 60_000)
      .run();
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 31_000);
    if (when === "with the next item") await consumeRecords([report(key, 2)]);
    else await runDurableObjectAlarm(hubOf(address) as never);
    expect(await socket.closing()).toMatchObject({ code: 4403, reason: "Forbidden: the token was revoked" });
    expect(await socket.items(1)).toHaveLength(1);
    await env.DB.exec("DELETE FROM token_revocations");
  });
});

describe("a socket of one of our Workers", () => {
  it("gets items of any target, and completes when all are over", async () => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const dealerId = freshDealer();
    const other = freshDevice();
    await consumeRecords([assign(other, 1, dealerId)]);
    const many = await workerSocket({ kind: "devices", deviceKeys: [key, other], after: null }, dealerScope(dealerId));
    await many.received(({ type, item }) => type === "item" && item.kind === "snapshot");
    await consumeRecords([report(other, 2), report(key, 2)]);
    await consumeRecords([assign(other, 3, freshDealer())]);
    await many.received(({ type }) => type === "complete");
    expect(many.messages.map(({ type, item }) => [type, item?.deviceKey, item?.kind].join(" ").trim()).sort()).toEqual(
      [
        `complete`,
        `item ${key} lost`,
        `item ${other} event`,
        `item ${other} lost`,
        `item ${other} snapshot`,
        "opened",
      ].sort(),
    );
    const nobodys = await workerSocket({ kind: "device", deviceKey: key, after: null }, dealerScope(dealerId));
    expect(await nobodys.received(({ type }) => type === "error")).toMatchObject({ code: "NOT_FOUND" });
    const one = await workerSocket({ kind: "device", deviceKey: key, after: null });
    await one.received(({ type }) => type === "item");
    expect(one.messages.map(({ type }) => type)).toEqual(["opened", "item"]);
  });
});

describe("a hub that many use", () => {
  it("has 250 sockets for a caller, says so when it closes one more, and has room again when one leaves", async () => {
    const address = freshAddress();
    const dealerId = freshDealer();
    const token = await signToken(dealerScope(dealerId), LOCAL_TOKEN_KEY, "1h");
    const open = async () => {
      const socket = await Socket.open({}, address);
      socket.authenticate(token);
      return socket;
    };
    const sockets = await Promise.all(Array.from({ length: 250 }, open));
    for (const socket of sockets) await socket.received(({ type }) => type === "connection_ack");
    const { code, reason } = await (await open()).closing();
    expect([code, reason]).toEqual([4429, expect.stringMatching(/retry in 60 s$/)]);
    const { socket: another } = await connected(dealerScope(freshDealer()), { address });
    another.close();
    const seats = () =>
      runInDurableObject(hubOf(address) as never, (_, { storage }) =>
        Number(storage.sql.exec("SELECT count(*) AS n FROM sockets WHERE address = ?", address).one().n),
      );
    sockets[0]?.close();
    await vi.waitFor(async () => expect(await seats()).toBe(249), { timeout: 3_000 });
    await (await open()).received(({ type }) => type === "connection_ack");
    for (const socket of sockets) socket.close();
  });

  it("keeps the documents that are in use, and makes room when there are too many others", async () => {
    const [key] = (await devicesWith(1)) as [DeviceKey];
    const { socket, hub } = await connected();
    await runInDurableObject(hub as never, (_, { storage }) => {
      for (let n = 0; n < 1_000; n++) storage.kv.put(`document:old-${n}`, "{ nothing }");
    });
    // A document that no other test has stored.
    socket.subscribe(`${CHANGED} # ${key}`, { key });
    await socket.items(1);
    await consumeRecords([report(key, 2)]);
    expect(revisionsOf(await socket.items(2))).toEqual(["SNAPSHOT 1", "EVENT 2"]);
    const left = await runInDurableObject(
      hub as never,
      (_, { storage }) => [...storage.kv.list({ prefix: "document:old" })].length,
    );
    expect(left).toBe(0);
  });
});
