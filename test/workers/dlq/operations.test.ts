import { beforeEach, describe, expect, it } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import { DeadLetterRepository, REPLAY_LEASE_MS } from "#letters/repositories/dead-letter.ts";
import type { Env } from "../../../workers/dlq/env.ts";
import worker from "../../../workers/dlq/index.ts";
import { operations } from "../../../workers/dlq/operations.ts";
import {
  bearer,
  bearerAt,
  emptyOps,
  env,
  FAILED_MS,
  failOneRead,
  fakeQueue,
  letter,
  opsOf,
  recordNamed,
  settlement,
  TOPIC,
} from "./support.ts";

const letters = new DeadLetterRepository(env.DB);

beforeEach(async () => {
  await emptyOps();
});

const ops = opsOf;

describe("access to the operations API", () => {
  it.each([
    "/ops/api/dead-letters",
    "/ops/api/dead-letters/a",
    "/ops/api/summary",
    "/ops/api/outcomes",
    "/ops/metrics",
  ])("requires a token of role ops for %s", async (path) => {
    const { get } = ops();
    const nobody = await get(path, {});
    expect([nobody.status, nobody.body.error.code]).toEqual([401, "unauthenticated"]);
    expect(nobody.headers.get("WWW-Authenticate")).toContain("Bearer");
    const others: Scope[] = [{ role: "service" }, { role: "dealer", dealerIds: ["D-1"] }];
    for (const scope of others) {
      const refused = await get(path, await bearer(scope));
      expect([refused.status, refused.body.error.code]).toEqual([403, "forbidden"]);
    }
  });

  it("refuses a replay without a token, and sends nothing", async () => {
    await letters.park([letter("a")]);
    const { ask, events } = ops();
    expect((await ask("POST", "/ops/api/dead-letters/a/replay", { headers: {} })).status).toBe(401);
    expect(events.sent).toEqual([]);
  });

  it("leaves the index and the health check open", async () => {
    const { get } = ops();
    expect((await get("/ops", {})).body.endpoints).toBeDefined();
    expect((await get("/ops/healthz", {})).body).toEqual({ status: "ok", worker: "dlq" });
  });

  it("forbids caches to store any answer", async () => {
    expect((await ops().get("/ops/api/summary")).headers.get("Cache-Control")).toBe("no-store");
  });
});

describe("the settings of the dlq Worker", () => {
  const fetch = (vars: Partial<Env>) =>
    worker.fetch(
      new Request("https://ops.example/ops/healthz") as Parameters<typeof worker.fetch>[0],
      { ...env, ...vars } as Env,
      {} as ExecutionContext,
    );

  it.each([
    ["the local secret in production", { ENVIRONMENT: "production" }],
    ["a short secret in staging", { ENVIRONMENT: "staging", TOKEN_SECRET: "short" }],
    ["no key, secret or Access", { TOKEN_KEYS: undefined, TOKEN_SECRET: undefined }],
    [
      "the local key in staging",
      { ENVIRONMENT: "staging", TOKEN_SECRET: "a-secret-of-at-least-thirty-two-characters" },
    ],
    ["an environment without a name", { ENVIRONMENT: "" }],
  ])("make it serve nothing with %s, and the answer says why without the secret", async (_, vars) => {
    const response = await fetch(vars as Partial<Env>);
    expect(response.status).toBe(503);
    const text = await response.text();
    expect(JSON.parse(text).error).toMatchObject({ code: "misconfigured" });
    expect(text).toMatch(/TOKEN_(SECRET|KEYS)[.:a-z]* (is|must|holds)|ENVIRONMENT: must be/);
    expect(text).not.toContain(LOCAL_TOKEN_SECRET);
  });

  it.each([
    ["local", LOCAL_TOKEN_SECRET],
    ["production", "a-secret-of-at-least-thirty-two-characters"],
  ])("let it serve in %s with a valid secret", async (ENVIRONMENT, TOKEN_SECRET) => {
    const vars = { ENVIRONMENT, TOKEN_SECRET, ...(ENVIRONMENT !== "local" && { TOKEN_KEYS: undefined }) };
    expect((await fetch(vars as Partial<Env>)).status).toBe(200);
  });
});

describe("reading letters", () => {
  it("shows a letter with its record, failure, state and times", async () => {
    const failure = {
      reason: "schema_mismatch",
      issues: [{ path: "data.name", code: "invalid_type", message: "Invalid input: expected string" }],
    } as const;
    const record = recordNamed("evt", {
      value: '{ "eventId": "evt", "deviceId": "dev-1", "data": {} }',
      key: "k",
      headers: [["source", "erp"]],
      partition: 2,
      offset: 17,
      timestampMs: 1_700_000_000_000,
    });
    await letters.park([letter("a", { record, failure, contractVersion: 1, stage: "ingest", traceparent: "00-a" })]);
    const path = "/ops/api/dead-letters/a?unmask=to+see+it";
    const { status, body } = await ops().get(path, await bearerAt("admin"));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: "a",
      state: "open",
      group: expect.stringMatching(/^[0-9a-f]{16}$/),
      source: "infinity",
      masked: false,
      edited: null,
      revision: 0,
      runId: null,
      revisions: [],
      audit: [{ action: "letter.unmask", actor: "admin@example.com", role: "admin", reason: "to see it" }],
      topic: TOPIC,
      eventId: "evt",
      deviceKey: "infinity:dev-1",
      stage: "ingest",
      reason: "schema_mismatch",
      issues: failure.issues,
      message: "data.name: Invalid input: expected string.",
      failure,
      payload: record.value,
      payloadEncoding: "text",
      key: "k",
      headers: [["source", "erp"]],
      partition: 2,
      offset: 17,
      timestampMs: 1_700_000_000_000,
      receivedAt: "2026-11-23T13:00:00.000Z",
      failures: 1,
      replays: 0,
      outcome: null,
      firstFailedAt: "2026-11-23T13:00:01.000Z",
      lastFailedAt: "2026-11-23T13:00:01.000Z",
      replayedAt: null,
      settledAt: null,
      contractVersion: 1,
      workerVersion: "test",
      traceparent: "00-a",
    });
  });

  it.each([
    [{ reason: "fault", error: { name: "TypeError", message: "x is not a function" } } as const, "TypeError: x is not"],
    [{ reason: "crash" } as const, "The consumer died"],
    [{ reason: "from_the_future" } as never, "from_the_future"],
  ])("describes a failure in one line: %j", async (failure, message) => {
    await letters.park([letter("a", { failure })]);
    expect((await ops().get("/ops/api/dead-letters/a")).body.message).toContain(message);
  });

  it("never sends, plans or edits a letter that was cut short, even by force", async () => {
    const cut = { sha256: "0".repeat(64), keptBytes: 65_536 };
    await letters.park([letter("a", { failure: { reason: "too_large", bytes: 9_000_000, limit: 65_536, cut } })]);
    const { get, post, patch, events } = ops();
    for (const body of [{}, { force: true }]) {
      const answer = await post("/ops/api/dead-letters/a/replay", body);
      expect([answer.status, answer.body.error.code]).toEqual([409, "not_replayable"]);
      expect(answer.body.error.canForce).toBeUndefined();
    }
    const { plan } = (await post("/ops/api/plans", { selection: { ids: ["a"] }, force: true })).body;
    expect(plan).toMatchObject({
      passes: 0,
      refused: [{ why: "only the beginning of its value is stored", count: 1 }],
    });
    const edit = { patch: [{ op: "replace", path: "", value: {} }], reason: "r", revision: 0 };
    expect((await patch("/ops/api/dead-letters/a", edit, await bearerAt("admin"))).status).toBe(422);
    expect((await get("/ops/api/dead-letters/a")).body).toMatchObject({
      next: "discard",
      message: expect.stringContaining(`SHA-256 of all: ${cut.sha256}`),
    });
    expect(events.sent).toEqual([]);
  });

  it("answers 404 for an unknown letter", async () => {
    const { status, body } = await ops().get("/ops/api/dead-letters/nope");
    expect([status, body.error.code]).toEqual([404, "not_found"]);
  });

  it("lists pages by cursor until there is no next one", async () => {
    await letters.park(Array.from({ length: 7 }, (_, i) => letter(`l${i}`, { failedAtMs: FAILED_MS + i })));
    const { get } = ops();
    const seen: unknown[] = [];
    let path: string | null = "/ops/api/dead-letters?first=3";
    while (path) {
      const { body } = await get(path);
      seen.push(...(body.deadLetters as { id: string }[]).map(({ id }) => id));
      path = body.nextCursor ? `/ops/api/dead-letters?first=3&after=${body.nextCursor}` : null;
    }
    expect(seen).toEqual(["l6", "l5", "l4", "l3", "l2", "l1", "l0"]);
  });

  it("filters by state, topic and reason", async () => {
    await letters.park([letter("a"), letter("b"), letter("c", { failure: { reason: "crash" } })]);
    await letters.settle([settlement("a")]);
    const { get } = ops();
    const { body } = await get(`/ops/api/dead-letters?state=open&reason=not_json&topic=${TOPIC}`);
    expect(body).toMatchObject({ deadLetters: [{ id: "b" }], nextCursor: null });
    expect((await get("/ops/api/summary")).body.deadLetters).toHaveLength(3);
  });

  it.each([
    ["state=closed", "state"],
    ["reason=bad", "reason"],
    ["first=0", "first"],
    ["first=101", "first"],
    ["first=ten", "first"],
    ["topic=", "topic"],
    ["after=nonsense", "after"],
    ["after=WzEsMl0", "after"],
    ["status=open", "status"],
  ])("answers ?%s with 400 and names the parameter", async (query, name) => {
    const { status, body } = await ops().get(`/ops/api/dead-letters?${query}`);
    expect([status, body.error.code]).toEqual([400, "invalid_parameter"]);
    expect(body.error.parameters).toEqual([{ name, message: expect.any(String) }]);
    expect(body.error.message).toContain(name);
  });

  it("answers an unknown path with 404 in the same shape", async () => {
    expect((await ops().get("/ops/api/nothing")).body.error.code).toBe("not_found");
  });
});

describe("replaying a letter", () => {
  const replayPath = "/ops/api/dead-letters/a/replay";

  it("sends exactly the stored record, in a parcel of its own, without its earlier attempts and receipt", async () => {
    const original = recordNamed("evt", {
      value: '{"eventId":"evt", "n": 1.0, "s":"\u0000\ud83d\ude00"}',
      headers: [["h", "v"]],
      partition: 1,
      offset: 5,
      timestampMs: 7,
    });
    await letters.park([
      letter("a", { record: { ...original, attempts: 5, suspect: true, receipt: "p.0" }, traceparent: "00-t" }),
    ]);
    const { post, events, metrics } = ops();
    const { status, body } = await post(replayPath);
    expect(status).toBe(202);
    expect(body).toMatchObject({ id: "a", state: "replaying", replays: 1, replayedAt: "2026-11-23T13:01:01.000Z" });
    expect(events.sent).toEqual([
      {
        kind: "parcel",
        id: expect.any(String),
        isolated: true,
        traceparent: "00-t",
        records: [{ ...original, letterId: "a" }],
      },
    ]);
    expect(metrics.reports).toEqual([{ replayed: { [TOPIC]: 1 } }]);
  });

  it("sends keys and values that are bytes unchanged", async () => {
    const record = recordNamed("evt", { key: "/w==", keyEncoding: "base64", value: "AP+A", encoding: "base64" });
    await letters.park([letter("a", { record })]);
    const { post, events } = ops();
    expect((await post(replayPath)).body).toMatchObject({ payload: '"•••"', payloadEncoding: "text", masked: true });
    expect(events.sent).toMatchObject([{ kind: "parcel", isolated: true, records: [{ ...record, letterId: "a" }] }]);
  });

  it("answers 409 for a letter that is being replayed, and sends it once", async () => {
    await letters.park([letter("a")]);
    const { post, events } = ops();
    const answers = await Promise.all([post(replayPath), post(replayPath), post(replayPath)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
    expect(events.sent).toHaveLength(1);
  });

  it("sends a letter again if its outcome never arrived", async () => {
    await letters.park([letter("a")]);
    await ops().post(replayPath);
    const later = ops({ nowMs: FAILED_MS + 60_000 + REPLAY_LEASE_MS });
    expect((await later.post(replayPath)).status).toBe(202);
  });

  it("sends a resolved letter by force only", async () => {
    await letters.park([letter("a")]);
    await letters.settle([settlement("a")]);
    expect((await ops().post(replayPath)).body.error).toMatchObject({ canForce: true });
    expect((await ops().post(replayPath, { force: true })).status).toBe(202);
  });

  it("answers 404 for an unknown letter, and sends nothing", async () => {
    expect((await ops().post(replayPath)).status).toBe(404);
  });

  it("leaves the letter open when the send fails", async () => {
    await letters.park([letter("a")]);
    const { post, metrics } = ops({ events: fakeQueue({ refuses: true }) });
    const { status, body } = await post(replayPath);
    expect([status, body.error.code]).toEqual([503, "queue_unavailable"]);
    expect(await letters.find("a")).toMatchObject({ state: "open", replays: 0, replayedAtMs: null });
    expect(metrics.reports).toEqual([]);
    expect((await ops().post(replayPath)).status).toBe(202);
  });

  it("leaves the letter open when it was claimed and cannot be read", async () => {
    await letters.park([letter("a")]);
    const { post, events, metrics } = ops();
    failOneRead();
    expect((await post(replayPath)).body.error.code).toBe("queue_unavailable");
    expect(await letters.find("a")).toMatchObject({ state: "open", replays: 0, replayedAtMs: null });
    expect([events.sent, metrics.reports]).toEqual([[], []]);
    expect((await post(replayPath)).status).toBe(202);
  });

  it("closes the letter or opens it again by the consumer's answer", async () => {
    await letters.park([letter("a")]);
    await ops().post(replayPath);
    await letters.park([letter("a", { failedAtMs: FAILED_MS + 61_000 })]);
    expect(await letters.find("a")).toMatchObject({ state: "open", failures: 2, replays: 1 });
    await ops({ nowMs: FAILED_MS + 62_000 }).post(replayPath);
    await letters.settle([settlement("a", { settledAtMs: FAILED_MS + 63_000 })]);
    expect(await letters.find("a")).toMatchObject({ state: "resolved", outcome: "applied", replays: 2 });
  });
});

it("a fault is answered with 500, without its details", async () => {
  const broken = { summary: () => Promise.reject(new Error("D1_ERROR: secret detail")) };
  const app = operations({ ...ops().deps, letters: broken as unknown as DeadLetterRepository });
  const response = await app.request("/ops/api/summary", { headers: await bearer() });
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("secret detail");
});
