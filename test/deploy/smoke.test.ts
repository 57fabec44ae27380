import type { D1Database } from "@cloudflare/workers-types";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newTokenKey } from "#auth/new-key.ts";
import { signOpsToken } from "#auth/ops-user.ts";
import { LOCAL_TOKEN_SECRET } from "#auth/token.ts";
import { DEVICE_KEY } from "../../deploy/smoke/device.ts";
import { type SmokeReport, type SmokeTarget, smokeTest, smokeTestWithin } from "../../deploy/smoke/smoke.ts";
import { type Edge, type EdgeAnswer, type EdgeRequest, startEdge } from "../../local/edge.ts";
import { type Stack, startStack } from "../../local/stack.ts";

const ALL = [
  "sign in",
  "all Workers are ready",
  "what an earlier test left is cleaned up",
  "an event is accepted",
  "GraphQL shows it",
  "a subscriber gets the next one",
  "a bad record becomes a dead letter",
  "the letter is repaired, replayed and applied",
  "the device is removed",
  "the archive has its records",
];

let stack: Stack;
let edge: Edge;
/** What the edge answers in the platform's place, and whether its sockets are silent. */
let fault: Fault = () => undefined;
let isSilent = false;

beforeAll(async () => {
  stack = await startStack();
  edge = await startEdge({
    target: () => stack.url,
    intercept: (request) => fault(request),
    isSilent: () => isSilent,
  });
});
afterAll(async () => {
  await edge?.close();
  await stack?.stop();
});
afterEach(() => {
  fault = () => undefined;
  isSilent = false;
});

const target = (): SmokeTarget => ({ url: edge.url, credential: "dev:dev", signingKey: undefined });
const failed = ({ steps }: SmokeReport) => steps.find(({ ok }) => !ok);
const db = async () => (await stack.worker<{ DB: D1Database }>("concord-ingest").getEnv()).DB;
const count = async (sql: string): Promise<number> => (await (await db()).prepare(sql).first<number>("n")) ?? 0;

async function ops<T>(path: string): Promise<T> {
  const token = await signOpsToken({ actor: "test", role: "viewer" }, LOCAL_TOKEN_SECRET, "5m");
  const response = await fetch(new URL(`/ops/api${path}`, stack.url), {
    headers: { Authorization: `Bearer ${token}` },
  });
  return (await response.json()) as T;
}
const openLetters = async () =>
  (await ops<{ deadLetters: unknown[] }>(`/dead-letters?device=${DEVICE_KEY}&state=open`)).deadLetters;

describe("a smoke test of a platform that works", () => {
  it("passes each step, and leaves one removed device, and letters that are closed", async () => {
    const told: string[] = [];
    const report = await smokeTest(target(), ({ name }) => told.push(name));
    expect(failed(report)).toBeUndefined();
    expect([told, report.steps.map(({ name }) => name)]).toEqual([ALL, ALL]);
    expect(await count("SELECT count(*) AS n FROM devices")).toBe(1);
    expect(await count("SELECT count(*) AS n FROM dealer_records")).toBe(0);
    expect(await count("SELECT count(*) AS n FROM dead_letters WHERE state <> 'resolved'")).toBe(0);
  });

  it("raises no alert, since the group of its letters is ignored from the first one on", async () => {
    await smokeTest(target());
    const { groups } = await ops<{ groups: { state: string; changedBy: string }[] }>("/groups");
    expect(groups).toMatchObject([{ state: "ignored", changedBy: "smoke-test" }]);
    // Only the first test of an environment had to set it.
    expect(await count("SELECT count(*) AS n FROM audit_log WHERE action = 'group.state'")).toBe(1);
  });

  it("tests the version that it asks for, and nothing where another one answers", async () => {
    const ready = await (await fetch(new URL("/readyz", stack.url))).json();
    const { version, workers } = ready as { version: string; workers: Record<string, { version: string }> };
    const asking = (api: string) => ({
      "Cloudflare-Workers-Version-Overrides": `concord="${version}", concord-api="${api}", concord-devices="${workers.live?.version}"`,
    });
    expect(failed(await smokeTestWithin(3_000, { ...target(), headers: asking(workers.api?.version ?? "") }))).toBe(
      undefined,
    );
    const another = await smokeTestWithin(500, {
      ...target(),
      headers: asking("dc8dcd28-271b-4367-9840-6c244f84cb40"),
    });
    expect(failed(another)).toMatchObject({
      name: "all Workers are ready",
      problem: expect.stringMatching(/asked for the version dc8dcd28\S+ of concord-api, and \S+ answered/),
    });
  });

  it("goes on where the front door is of a release that knows no versions, and not if the front door is asked for", async () => {
    const workers = Object.fromEntries(["ingest", "api", "live", "dlq", "metrics"].map((name) => [name, READY]));
    fault = ({ path }) => (path === "/readyz" ? answer(200, { status: "ready", workers }) : undefined);
    const asking = (worker: string) => ({ "Cloudflare-Workers-Version-Overrides": `${worker}="dc8dcd28"` });
    const behind = await smokeTestWithin(3_000, { ...target(), headers: asking("concord-api-staging") });
    expect(failed(behind)).toBeUndefined();
    const itself = await smokeTestWithin(500, { ...target(), headers: asking("concord-staging") });
    expect(failed(itself)?.problem).toMatch(/dc8dcd28 of concord-staging, and one without a name answered/);
  });

  it("does not look into the archive where there is none, or where more is archived than an answer reads", async () => {
    const { workers } = (await (await fetch(new URL("/readyz", stack.url))).json()) as { workers: object };
    const off = { ...workers, archive: { ...READY, archive: ["off"] } };
    fault = ({ path }) => (path === "/readyz" ? answer(200, { status: "ready", workers: off }) : undefined);
    const without = await smokeTest(target());
    expect([failed(without), without.steps.map(({ name }) => name)]).toEqual([undefined, ALL.slice(0, -1)]);
    fault = ({ path }) =>
      path.startsWith("/ops/api/archive/recent") ? answer(200, { eventIds: [], isWhole: false }) : undefined;
    expect(failed(await smokeTest(target()))).toBeUndefined();
  });

  it("passes beside another one", async () => {
    const reports = await Promise.all([smokeTest(target()), smokeTest(target())]);
    expect(reports.map(failed)).toEqual([undefined, undefined]);
    expect(await openLetters()).toEqual([]);
  });
});

type Fault = (request: EdgeRequest) => EdgeAnswer | undefined;

const answer = (status: number, body: object): EdgeAnswer => ({ status, body: JSON.stringify(body) });
const isProduced = ({ method, path }: EdgeRequest): boolean => method === "POST" && path.startsWith("/topics/");

/** Acts at the nth record that is published. */
function atRecord(n: number, act: () => EdgeAnswer | undefined): Fault {
  let records = 0;
  return (request) => (isProduced(request) && ++records === n ? act() : undefined);
}

const ACCEPTED = answer(200, { offsets: [{ partition: 0, offset: 1, error_code: null, error: null }] });
const READY = { status: "ready" };
const UNREADY = { status: "not ready", checks: { migrations: "0009 is not applied" } };

/** What is broken, the step that fails by it, and what that step says. */
const FAULTS: readonly (readonly [string, Fault, string, RegExp])[] = [
  [
    "a Worker that is not ready",
    ({ path }) => (path === "/readyz" ? answer(503, { workers: { api: UNREADY } }) : undefined),
    "all Workers are ready",
    /api says .*0009 is not applied.*Nothing was sent/,
  ],
  [
    "a page to sign in at in front of it",
    () => ({ status: 302, headers: { Location: "https://team.example/login" } }),
    "all Workers are ready",
    /https:\/\/team.example, which is a page to sign in at/,
  ],
  [
    "an api Worker that fails",
    ({ path }) => (path === "/graphql" ? answer(500, { errors: [{ message: "boom" }] }) : undefined),
    "what an earlier test left is cleaned up",
    /POST \/graphql .*answered 500 .*boom/,
  ],
  [
    "an ingest Worker that refuses",
    (request) => (isProduced(request) ? answer(503, { message: "the queue is unavailable" }) : undefined),
    "an event is accepted",
    /answered 503 .*the queue is unavailable.*was not accepted/,
  ],
  [
    "a credential that is not taken",
    (request) => (isProduced(request) ? answer(401, { message: "unknown" }) : undefined),
    "an event is accepted",
    /INGEST_CREDENTIALS: whether it has "dev"/,
  ],
  [
    "a consumer that applies nothing",
    (request) => (isProduced(request) ? ACCEPTED : undefined),
    "GraphQL shows it",
    /did not show a registration of elt:concord-smoke within .*consumer/,
  ],
  [
    "a devices Worker that refuses sockets",
    ({ path }) => (path.startsWith("/live?") ? answer(503, {}) : undefined),
    "a subscriber gets the next one",
    /at \/live ended before it delivered/,
  ],
  [
    "objects that say nothing of an event",
    atRecord(2, () => {
      isSilent = true;
      return undefined;
    }),
    "a subscriber gets the next one",
    /delivered revision \d+, and not the event smoke-.* within/,
  ],
  [
    "a boundary that takes the bad record",
    atRecord(3, () => ACCEPTED),
    "a bad record becomes a dead letter",
    /breaks its contract and was answered 200/,
  ],
  [
    "letters that are not stored",
    atRecord(3, () => answer(200, { offsets: [{ error_code: 42206, error: "kept as a dead letter" }] })),
    "a bad record becomes a dead letter",
    /kept the event smoke-.* does not list it within/,
  ],
  [
    "a replay that is refused",
    ({ path }) => (path.endsWith("/replay") ? answer(503, { error: { code: "queue_unavailable" } }) : undefined),
    "the letter is repaired, replayed and applied",
    /\/replay was answered 503 .*queue_unavailable/,
  ],
  [
    "a replay that never reaches the consumer",
    ({ path }) => (path.endsWith("/replay") ? answer(202, {}) : undefined),
    "the letter is repaired, replayed and applied",
    /was repaired and replayed, and is open/,
  ],
  [
    "a removal that is not applied",
    ({ path }) => (path.endsWith("registration.removed") ? ACCEPTED : undefined),
    "the device is removed",
    /did not show the removal/,
  ],
  [
    "an archive that lacks a record",
    ({ path }) =>
      path.startsWith("/ops/api/archive/recent") ? answer(200, { eventIds: ["another"], isWhole: true }) : undefined,
    "the archive has its records",
    /archive did not have smoke-\S+, .*the records are not lost.*consume\.not_archived/,
  ],
];

describe("a smoke test of a platform that is broken", () => {
  it.each(FAULTS)("finds %s", async (_, broken, step, says) => {
    fault = broken;
    const report = await smokeTestWithin(3_000, target());
    expect(failed(report)).toMatchObject({ name: step, problem: expect.stringMatching(says) });
    expect(report.ok).toBe(false);
    expect(await openLetters()).toEqual([]);
  });

  it("says what it left behind where it could not clean up, and the next one cleans that up", async () => {
    fault = ({ path }) => (/replay$|discards$/.test(path) ? answer(503, {}) : undefined);
    const report = await smokeTestWithin(3_000, target());
    expect(report.steps.at(-1)).toMatchObject({
      name: "clean up",
      ok: false,
      problem: expect.stringMatching(/Left behind: .*its letter of the event smoke-/),
    });
    expect(await openLetters()).toHaveLength(1);
    fault = () => undefined;
    expect(failed(await smokeTest(target()))).toBeUndefined();
    // It may be of a test that runs now.
    expect(await openLetters()).toHaveLength(1);
    await (await db()).exec(
      "UPDATE dead_letters SET last_failed_at_ms = last_failed_at_ms - 400000 WHERE state = 'open'",
    );
    expect(failed(await smokeTest(target()))).toBeUndefined();
    expect(await openLetters()).toEqual([]);
    expect(await count("SELECT count(*) AS n FROM devices")).toBe(1);
  });

  it("says that a key is none, or may not sign for it, and does not repeat the key", async () => {
    const { signingKey } = await newTokenKey({ may: ["service"] });
    for (const [key, says] of [
      [signingKey, /may not sign the role admin/],
      ['{"d":"s3cret"}', /is no private key/],
    ] as const) {
      const { steps } = await smokeTest({ ...target(), signingKey: key });
      expect(steps[0]).toMatchObject({ name: "sign in", ok: false, problem: expect.stringMatching(says) });
      expect(JSON.stringify(steps)).not.toContain("s3cret");
    }
  });

  it("says that nobody answers, and no secret", async () => {
    const report = await smokeTest({
      url: new URL("http://127.0.0.1:1"),
      credential: "bridge:s3cret",
      signingKey: undefined,
    });
    expect(failed(report)?.problem).toMatch(/GET \/readyz at http:\/\/127.0.0.1:1 got no answer \(/);
    expect(JSON.stringify(report)).not.toContain("s3cret");
  });
});
