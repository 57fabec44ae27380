import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ReadSession } from "#repositories/read-session.ts";
import type { Env } from "../../../workers/api/env.ts";
import { ask, dealerScope, emptyTables, env, registered, rememberDevice, seedDevices, version } from "./support.ts";

const TOKEN_HEADER = "Concord-Consistency-Token";
const OUTAGE = new Error("D1_ERROR: Network connection lost.");

/** A D1 whose reads follow a test's script, one entry per call; after the last one they are real. */
function unreliable(...faults: readonly (Error | "hangs")[]): { env: Env; starts: string[]; calls: () => number } {
  const starts: string[] = [];
  let calls = 0;
  const wrap = (statement: D1PreparedStatement): object => ({
    bind: (...values: unknown[]) => wrap(statement.bind(...values)),
    all: () => {
      const fault = faults[Math.min(calls++, faults.length)];
      if (fault === "hangs") return new Promise<never>(() => {});
      return fault ? Promise.reject(fault) : statement.all();
    },
  });
  const DB = {
    withSession: (start: string) => {
      const session = env.DB.withSession(start);
      let isUsed = false;
      const prepare = (sql: string) => {
        // The list of revoked tokens has a session of its own, which is not about a request's reads.
        if (sql.includes("token_revocations")) return session.prepare(sql);
        if (!isUsed) starts.push(start);
        isUsed = true;
        return wrap(session.prepare(sql));
      };
      return { prepare, getBookmark: () => session.getBookmark() };
    },
  } as unknown as D1Database;
  return { env: { ...env, DB }, starts, calls: () => calls };
}

const always = (fault: Error) => Array.from({ length: 1_000 }, () => fault);

beforeAll(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
});
beforeEach(emptyTables);

describe("the freshness of an answer", () => {
  it("comes with a token, with which a later request reads at least as fresh", async () => {
    const watched = unreliable();
    const first = await ask(`{ device(key: "elt:1") { key } }`, watched);
    const token = first.headers.get(TOKEN_HEADER) ?? "";
    expect(first.extensions.concord).toMatchObject({ servedBy: "D1", consistencyToken: token });
    await ask(`{ device(key: "elt:1") { key } }`, { ...watched, headers: { [TOKEN_HEADER]: token } });
    expect(watched.starts).toEqual(["first-unconstrained", token]);
  });

  it("is that of the primary if a client asks for strong reads", async () => {
    const watched = unreliable();
    await ask(`{ device(key: "elt:1") { key } }`, { ...watched, headers: { "Concord-Consistency": "strong" } });
    expect(watched.starts).toEqual(["first-primary"]);
  });

  it.each([
    "",
    "x",
    "first-primary",
    `${"0".repeat(8)}-1`,
    "00000000-00000003-00000000-0000000000000000000000000000000G",
  ])("cannot be asked for with a malformed token, which is 400: %j", async (token) => {
    const watched = unreliable();
    const { status, errors } = await ask("{ __typename }", { ...watched, headers: { [TOKEN_HEADER]: token } });
    expect([status, errors?.[0]?.extensions.code]).toEqual([400, "BAD_CONSISTENCY_TOKEN"]);
    expect(watched.starts).toEqual([]);
  });
});

describe("while D1 fails", () => {
  it("a read is retried until it succeeds, unnoticed by its client", async () => {
    await seedDevices({ key: "elt:1" });
    const watched = unreliable(OUTAGE, OUTAGE);
    const { data, errors } = await ask(`{ device(key: "elt:1") { key } }`, watched);
    expect([data, errors]).toEqual([{ device: { key: "elt:1" } }, undefined]);
    expect(watched.calls()).toBe(3);
  });

  it("a read that fails by an error in its statement is not retried", async () => {
    const watched = unreliable(...always(new Error("D1_ERROR: near x: syntax error")));
    const { errors } = await ask(`{ device(key: "elt:1") { key } }`, watched);
    expect(errors?.[0]?.extensions).toEqual({ code: "INTERNAL_SERVER_ERROR" });
    expect(watched.calls()).toBe(1);
  });

  it.each([
    ["fails", OUTAGE],
    ["hangs", "hangs"],
  ] as const)("a read that %s is given up at its deadline", async (_, fault) => {
    const session = new ReadSession(unreliable(...Array.from({ length: 99 }, () => fault)).env.DB, { deadlineMs: 80 });
    const started = Date.now();
    await expect(session.prepare("SELECT 1").all()).rejects.toThrow(/timed out|connection lost/);
    expect(Date.now() - started).toBeLessThan(1_000);
  });

  it("a list fails with UPSTREAM_UNAVAILABLE and a time to retry", async () => {
    const { errors } = await ask("{ devices { edges { node { key } } } }", unreliable(...always(OUTAGE)));
    expect(errors).toMatchObject([{ extensions: { code: "UPSTREAM_UNAVAILABLE", retryAfterMs: 1_000 } }]);
  });

  it("a device is read from its object, and the answer says so", async () => {
    await rememberDevice("elt:1", {
      ...registered("S-1"),
      dealer: { version: version(1), value: { dealerId: "D-1" } },
    });
    const query = `{ device(key: "elt:1") { key serialNumber dealer { name } } }`;
    const { data, errors, extensions } = await ask(query, unreliable(...always(OUTAGE)));
    expect(data).toEqual({ device: { key: "elt:1", serialNumber: "S-1", dealer: null } });
    expect(errors).toMatchObject([{ path: ["device", "dealer"], extensions: { code: "UPSTREAM_UNAVAILABLE" } }]);
    expect(extensions.concord.servedBy).toBe("OBJECTS");
  });

  it("a device's object answers only callers who may see the device", async () => {
    await rememberDevice("elt:1", { dealer: { version: version(1), value: { dealerId: "D-1" } } });
    const ask1 = (scope: ReturnType<typeof dealerScope>) =>
      ask(`{ device(key: "elt:1") { key } }`, { ...unreliable(...always(OUTAGE)), scope });
    expect((await ask1(dealerScope("D-1"))).data).toEqual({ device: { key: "elt:1" } });
    expect((await ask1(dealerScope("D-2"))).data).toEqual({ device: null });
  });
});

it("a request that needs more statements than one may run fails with COST_LIMIT", async () => {
  const session = new ReadSession(env.DB, { maxStatements: 2 });
  for (let i = 0; i < 2; i++) await session.prepare("SELECT 1").all();
  await expect(session.prepare("SELECT 1").all()).rejects.toThrow("at most 2 statements");
  expect(session.report.statements).toBe(2);
});
