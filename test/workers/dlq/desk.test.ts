import { beforeEach, describe, expect, it } from "vitest";
import type { DeskRole } from "../../../src/shared/auth/desk-user.ts";
import type { Failure, Letter } from "../../../src/shared/queue/letter.ts";
import { DeadLetterRepository } from "../../../src/shared/repositories/dead-letter.ts";
import { MAX_REPLAYS } from "../../../src/shared/repositories/dead-letter-statements.ts";
import { LetterChangeRepository, UNDO_MS } from "../../../src/shared/repositories/letter-change.ts";
import { bearerAt, deskOf, emptyDesk, env, FAILED_MS, letter, recordNamed, settlement, TOPIC } from "./support.ts";

const letters = new DeadLetterRepository(env.DB);
const changes = new LetterChangeRepository(env.DB);

beforeEach(emptyDesk);

const nameless: Failure = {
  reason: "schema_mismatch",
  issues: [{ path: "data.name", code: "invalid_type", message: "Invalid input: expected string" }],
};

/** A profile without its name, which an edit could give it. */
const broken = (id: string, more: Partial<Letter> = {}): Letter => ({
  ...letter(id, { failure: nameless }),
  record: recordNamed(id, {
    value: `{"eventId":"${id}","occurredAt":"2026-11-23T13:00:00.000Z","deviceId":"dev-${id}", "data":{"model": "M"}}`,
  }),
  contractVersion: 1,
  ...more,
});

const admin = () => bearerAt("admin");
const groupOf = async (id: string) => (await letters.find(id))?.groupId as string;

describe("groups", () => {
  it("hold the letters of one fingerprint, and count them whoever writes them", async () => {
    await letters.park([broken("a"), broken("b"), letter("c")]);
    await letters.park([broken("a", { failedAtMs: FAILED_MS + 5 })]);
    const { get } = deskOf();
    const { groups } = (await get("/ops/api/groups")).body;
    expect(groups).toHaveLength(2);
    expect(groups[0]).toMatchObject({
      id: await groupOf("a"),
      state: "open",
      signature: `${TOPIC} · schema_mismatch · invalid_type at data.name`,
      letters: 2,
      failures: 3,
      counts: { open: 2, replaying: 0, resolved: 0, discarded: 0, quarantined: 0 },
      firstFailedAt: "2026-11-23T13:00:01.000Z",
      lastFailedAt: "2026-11-23T13:00:01.005Z",
    });
    await letters.claim(["a"], { runId: "r", nowMs: FAILED_MS + 10 });
    await letters.settle([settlement("a"), settlement("b")]);
    expect((await get(`/ops/api/groups/${await groupOf("a")}`)).body).toMatchObject({
      state: "resolved",
      counts: { open: 0, replaying: 0, resolved: 2 },
    });
  });

  it("are resolved by their last waiting letter, and regress with the next failure", async () => {
    await letters.park([broken("a")]);
    await letters.settle([settlement("a")]);
    const state = async () => (await deskOf().get(`/ops/api/groups/${await groupOf("a")}`)).body.state;
    expect(await state()).toBe("resolved");
    await letters.park([broken("b", { failedAtMs: FAILED_MS + 9_000 })]);
    expect(await state()).toBe("regressed");
    await letters.settle([settlement("b", { settledAtMs: FAILED_MS + 10_000 })]);
    expect(await state()).toBe("resolved");
    await letters.park([broken("a", { failedAtMs: FAILED_MS + 11_000 })]);
    expect(await state()).toBe("regressed");
  });

  it("that are ignored stay so, whatever comes", async () => {
    await letters.park([broken("a")]);
    const group = await groupOf("a");
    const { post, get } = deskOf();
    const changed = await post(`/ops/api/groups/${group}/state`, { state: "ignored", note: "a test device" });
    expect(changed.body).toMatchObject({ state: "ignored", note: "a test device", changedBy: "ops" });
    await letters.park([broken("b")]);
    expect((await get(`/ops/api/groups/${group}`)).body).toMatchObject({ state: "ignored", counts: { open: 2 } });
  });

  it("lose a letter that fails otherwise to another group", async () => {
    await letters.park([broken("a")]);
    const first = await groupOf("a");
    await letters.park([broken("a", { failure: { reason: "crash" }, failedAtMs: FAILED_MS + 5 })]);
    const { get } = deskOf();
    expect((await get(`/ops/api/groups/${first}`)).body).toMatchObject({ letters: 0, counts: { open: 0 } });
    expect((await get(`/ops/api/groups/${await groupOf("a")}`)).body).toMatchObject({ letters: 1, failures: 2 });
  });

  it("page without a gap, and are narrowed by state, topic and reason", async () => {
    const failures: Failure[] = [
      nameless,
      { reason: "crash" },
      { reason: "empty_value" },
      { reason: "not_json", message: "" },
    ];
    await letters.park(failures.map((failure, i) => broken(`l${i}`, { failure, failedAtMs: FAILED_MS + i })));
    const { get } = deskOf();
    const seen: string[] = [];
    for (let path = "/ops/api/groups?first=1", more = true; more; ) {
      const { body } = await get(path);
      seen.push(body.groups[0].reason);
      path = `/ops/api/groups?first=1&after=${body.nextCursor}`;
      more = body.nextCursor !== null;
    }
    expect(seen).toEqual(["not_json", "empty_value", "crash", "schema_mismatch"]);
    expect((await get(`/ops/api/groups?reason=crash&state=open&topic=${TOPIC}`)).body.groups).toHaveLength(1);
    expect((await get("/ops/api/groups?status=open")).body.error.code).toBe("invalid_parameter");
  });
});

describe("an edit", () => {
  const patch = [{ op: "add", path: "/data/name", value: "Hall" }];

  it("is kept beside the untouched original, and is what a replay sends", async () => {
    await letters.park([broken("a")]);
    const original = (await letters.find("a"))?.record;
    const desk = deskOf();
    const edited = await desk.patch(
      "/ops/api/dead-letters/a",
      { patch, reason: "the name was lost", revision: 0, unmask: "to see it" },
      await admin(),
    );
    expect(edited.status).toBe(200);
    expect(edited.body).toMatchObject({ revision: 1, payload: original?.value, state: "open" });
    expect(JSON.parse(edited.body.edited).data).toEqual({ model: "M", name: "Hall" });
    expect((await letters.find("a"))?.record).toEqual(original);
    expect((await desk.post("/ops/api/dead-letters/a/replay")).status).toBe(202);
    expect(desk.events.sent[0]?.records).toEqual([{ ...original, value: edited.body.edited, letterId: "a" }]);
    const detail = (await desk.get("/ops/api/dead-letters/a?unmask=look", await admin())).body;
    expect(detail.revisions).toMatchObject([
      { revision: 1, patch, actor: "admin@example.com", reason: "the name was lost" },
    ]);
    expect(detail.audit.map(({ action }: { action: string }) => action)).toEqual([
      "letter.unmask",
      "letter.replay",
      "letter.edit",
      "letter.unmask",
    ]);
  });

  it("keeps its original when the edited record fails again", async () => {
    await letters.park([broken("a")]);
    const original = (await letters.find("a"))?.record;
    const desk = deskOf();
    await desk.patch("/ops/api/dead-letters/a", { patch, reason: "r", revision: 0 }, await admin());
    await desk.post("/ops/api/dead-letters/a/replay");
    const [sent] = desk.events.sent.flatMap(({ records }) => records);
    await letters.park([
      broken("a", { record: sent as Letter["record"], failure: { reason: "crash" }, failedAtMs: FAILED_MS + 90_000 }),
    ]);
    expect(await letters.find("a")).toMatchObject({
      record: original,
      edited: sent?.value,
      reason: "crash",
      failures: 2,
    });
  });

  it.each([
    ["a payload its contract refuses", [{ op: "add", path: "/data/name", value: 7 }], "schema_mismatch"],
    ["another event id", [...patch, { op: "replace", path: "/eventId", value: "z" }], "eventId"],
    ["another time", [...patch, { op: "remove", path: "/occurredAt" }], "occurredAt"],
    ["a test that fails", [{ op: "test", path: "/data/model", value: "N" }, ...patch], "something else is there"],
    ["a place that is not there", [{ op: "remove", path: "/data/none" }], "there is nothing at"],
  ])("that makes %s is refused, and nothing is kept of it", async (_, wrong, why) => {
    await letters.park([broken("a")]);
    const before = await letters.find("a");
    const body = { patch: wrong, reason: "r", revision: 0 };
    const answer = await deskOf().patch("/ops/api/dead-letters/a", body, await admin());
    expect([answer.status, answer.body.error.code]).toEqual([422, "not_valid"]);
    expect(answer.body.error.message).toContain(why);
    expect(await letters.find("a")).toEqual(before);
    expect(await changes.revisionsOf(["a"])).toEqual(new Map());
  });

  it.each([
    [[{ op: "replace", path: "/__proto__/x", value: 1 }]],
    [[{ op: "add", path: "data/name", value: 1 }]],
    [[{ op: "replace", path: "/data" }]],
    [[]],
    [Array.from({ length: 101 }, () => ({ op: "remove", path: "/data" }))],
  ])("of %j is no patch", async (wrong) => {
    await letters.park([broken("a")]);
    const answer = await deskOf().patch(
      "/ops/api/dead-letters/a",
      { patch: wrong, reason: "r", revision: 0 },
      await admin(),
    );
    expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_parameter"]);
  });

  it("of two at once one is kept", async () => {
    await letters.park([broken("a")]);
    const { patch: edit } = deskOf();
    const headers = await admin();
    const names = ["Hall", "Attic", "Cellar"];
    const answers = await Promise.all(
      names.map((name) =>
        edit(
          "/ops/api/dead-letters/a",
          { patch: [{ op: "add", path: "/data/name", value: name }], reason: name, revision: 0 },
          headers,
        ),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(await letters.find("a")).toMatchObject({ revision: 1 });
    expect((await changes.revisionsOf(["a"])).get("a")).toHaveLength(1);
  });

  it("of a whole group is looked at first, and made only where its contract takes it", async () => {
    const other = recordNamed("c", { value: '{"eventId":"c","occurredAt":"never","deviceId":"d","data":{}}' });
    await letters.park([broken("a"), broken("b"), broken("c", { record: other })]);
    const desk = deskOf();
    const path = `/ops/api/groups/${await groupOf("a")}/edit`;
    const preview = (await desk.post(path, { patch, reason: "names" }, await admin())).body;
    expect(preview).toMatchObject({
      letters: 3,
      pass: 2,
      applied: 0,
      fail: { count: 1, issues: [{ path: "occurredAt", code: "invalid_format" }] },
    });
    expect(preview.samples).toHaveLength(3);
    expect((await letters.find("a"))?.revision).toBe(0);
    expect((await desk.post(path, { patch, reason: "names", apply: true }, await admin())).body).toMatchObject({
      applied: 2,
    });
    expect((await letters.find("b"))?.revision).toBe(1);
    expect((await letters.find("c"))?.revision).toBe(0);
  });
});

describe("a discard", () => {
  const discard = (selection: unknown, nowMs?: number) =>
    deskOf(nowMs === undefined ? {} : { nowMs }).post("/ops/api/discards", { selection, reason: "noise" });

  it("takes what waits and nothing else, says why, and can be taken back for a day", async () => {
    await letters.park([broken("a"), broken("b"), broken("c")]);
    await letters.settle([settlement("b")]);
    await letters.claim(["c"], { runId: "r", nowMs: FAILED_MS + 59_000 });
    const atMs = FAILED_MS + 60_000;
    expect((await discard({ ids: ["a", "b", "c", "nobody"] }, atMs)).body).toEqual({ discarded: 1 });
    expect(await letters.find("a")).toMatchObject({ state: "discarded", discardReason: "noise", discardedAtMs: atMs });
    const tooLate = await deskOf({ nowMs: atMs + UNDO_MS + 1 }).post("/ops/api/dead-letters/a/restore");
    expect([tooLate.status, tooLate.body.error.code]).toEqual([409, "conflict"]);
    const inTime = await deskOf({ nowMs: atMs + UNDO_MS }).post("/ops/api/dead-letters/a/restore");
    expect(inTime.body).toMatchObject({ state: "open", discardReason: null });
    const { audit } = (await deskOf().get("/ops/api/audit?first=2")).body;
    expect(audit).toMatchObject([
      { action: "letter.restore", target: "a" },
      { action: "letter.discard", reason: "noise", after: { changed: 1 } },
    ]);
  });

  it("of a letter that fails again is over", async () => {
    await letters.park([broken("a")]);
    await discard({ ids: ["a"] });
    await letters.park([broken("a", { failedAtMs: FAILED_MS + 99_000 })]);
    expect(await letters.find("a")).toMatchObject({ state: "open", discardReason: null, discardedAtMs: null });
  });

  it.each([
    [{ filter: {} }],
    [{ filter: { status: "open" } }],
    [{ filter: { reason: "odd" } }],
    [{ ids: [] }],
    [{}],
    [{ group: "g", ids: ["a"] }],
  ])("of the selection %j is refused", async (selection) => {
    await letters.park([broken("a")]);
    const answer = await discard(selection);
    expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_parameter"]);
    expect(await letters.find("a")).toMatchObject({ state: "open" });
  });
});

describe("filters", () => {
  it.each([
    ["source=infinity", ["a", "b"]],
    ["device=infinity:dev-a", ["a"]],
    ["text=invalid_type", ["a", "b"]],
    ["text=dev-b", ["b"]],
    ["text=dev-b%20elt", []],
    ['text="%20OR%20*', []],
    ["text=*", []],
    ["text=%E2%80%A6", []],
    ["text=a%20NEAR(b)", []],
    ["since=2026-11-23T13:00:01.005Z", ["b"]],
    ["until=2026-11-23T13:00:01.005Z", ["a", "c"]],
  ])("?%s", async (query, expected) => {
    const elt = recordNamed("c", { topic: "device.elt.profile.updated" });
    await letters.park([broken("a"), broken("b", { failedAtMs: FAILED_MS + 5 }), letter("c", { record: elt })]);
    const { body } = await deskOf().get(`/ops/api/dead-letters?${query}`);
    expect(body.deadLetters?.map(({ id }: { id: string }) => id).sort()).toEqual(expected);
  });

  it("follow a letter whose failure changes, and leave one that is gone", async () => {
    await letters.park([broken("a")]);
    await letters.park([broken("a", { failure: { reason: "crash" }, failedAtMs: FAILED_MS + 5 })]);
    const found = async (text: string) =>
      (await deskOf().get(`/ops/api/dead-letters?text=${text}`)).body.deadLetters.length;
    expect([await found("invalid_type"), await found("crash")]).toEqual([0, 1]);
    await env.DB.exec("DELETE FROM dead_letters");
    expect(await found("crash")).toBe(0);
  });
});

describe("who may do what", () => {
  const AS_VIEWER: [string, string, unknown?][] = [
    ["GET", "/ops/api/me"],
    ["GET", "/ops/api/dead-letters"],
    ["GET", "/ops/api/dead-letters/a"],
    ["GET", "/ops/api/groups"],
    ["GET", "/ops/api/runs"],
    ["GET", "/ops/api/audit"],
    ["GET", "/ops/api/summary"],
    ["GET", "/ops/api/topics"],
    ["GET", "/ops/api/history?range=1h"],
    ["GET", "/ops/api/trends?groups=g"],
    ["GET", "/ops/api/outcomes"],
    ["GET", "/ops/metrics"],
  ];
  const AS_OPERATOR: typeof AS_VIEWER = [
    ["POST", "/ops/api/dead-letters/a/replay"],
    ["POST", "/ops/api/dead-letters/a/restore"],
    ["POST", "/ops/api/discards", { selection: { ids: ["a"] }, reason: "r" }],
    ["POST", "/ops/api/groups/g/state", { state: "resolved" }],
    ["POST", "/ops/api/plans", { selection: { ids: ["a"] } }],
    ["POST", "/ops/api/runs/r/start", { hash: "h", name: "n" }],
    ["POST", "/ops/api/runs/r/pause"],
    ["POST", "/ops/api/runs/r/resume"],
    ["POST", "/ops/api/runs/r/cancel"],
  ];
  const AS_ADMIN: typeof AS_VIEWER = [
    ["GET", "/ops/api/dead-letters/a?unmask=why"],
    ["PATCH", "/ops/api/dead-letters/a", { patch: [{ op: "remove", path: "/data" }], reason: "r", revision: 0 }],
    ["POST", "/ops/api/groups/g/edit", { patch: [{ op: "remove", path: "/data" }], reason: "r" }],
    ["GET", "/ops/api/export"],
    ["POST", "/ops/api/import", ""],
  ];
  type Route = readonly [least: DeskRole, method: string, path: string, body?: unknown];
  const ALL: Route[] = [
    ...AS_VIEWER.map((each) => ["viewer", ...each] as const),
    ...AS_OPERATOR.map((each) => ["operator", ...each] as const),
    ...AS_ADMIN.map((each) => ["admin", ...each] as const),
  ];
  const ROLES: DeskRole[] = ["viewer", "operator", "admin"];

  it.each(ALL.map((route) => ({ route })))("$route.0: $route.1 $route.2", async ({ route }) => {
    const [least, method, path, body] = route;
    await letters.park([broken("a")]);
    const { ask } = deskOf();
    expect((await ask(method, path, { body, headers: {} })).status).toBe(401);
    for (const role of ROLES) {
      const { status } = await ask(method, path, { body, headers: await bearerAt(role) });
      const may = ROLES.indexOf(role) >= ROLES.indexOf(least);
      expect([role, status === 403]).toEqual([role, !may]);
    }
  });

  it.each([[{ Origin: "https://evil.example" }], [{ "Sec-Fetch-Site": "cross-site" }], [{ Origin: "null" }]])(
    "is nobody whom another site has sent: %j",
    async (elsewhere) => {
      await letters.park([broken("a")]);
      const headers = { ...(await admin()), ...elsewhere };
      const { ask } = deskOf();
      const body = { selection: { ids: ["a"] }, reason: "r" };
      expect((await ask("POST", "/ops/api/discards", { body, headers })).status).toBe(403);
      expect((await ask("GET", "/ops/api/dead-letters/a?unmask=x", { headers })).status).toBe(403);
      expect((await ask("GET", "/ops/metrics", { headers })).status).toBe(403);
      const own = { ...(await admin()), Origin: "http://localhost", "Sec-Fetch-Site": "same-origin" };
      expect((await ask("POST", "/ops/api/discards", { body, headers: own })).status).toBe(200);
    },
  );

  it("is all of the routes there are", () => {
    const { app } = deskOf();
    const known = new Set(
      ALL.map(([, method, path]) => `${method} ${path.replace(/\?.*/, "").replace(/\/(a|g|r)(?=\/|$)/, "/:id")}`),
    );
    const served = app.routes.filter(({ method, path }) => method !== "ALL" && path.startsWith("/ops/api"));
    const open = served.map(({ method, path }) => `${method} ${path}`).filter((route) => !known.has(route));
    // The flow never ends; metrics.test.ts has it.
    expect([...new Set(open)]).toEqual(["GET /ops/api/flow", "GET /ops/api/groups/:id", "GET /ops/api/runs/:id"]);
  });
});

describe("the audit log", () => {
  it("cannot be changed or cut", async () => {
    await letters.park([broken("a")]);
    await deskOf().post("/ops/api/discards", { selection: { ids: ["a"] }, reason: "noise" });
    for (const statement of ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log"]) {
      await expect(env.DB.exec(statement)).rejects.toThrow("append-only");
    }
  });

  it("says nothing of what did not happen", async () => {
    const before = (await deskOf().get("/ops/api/audit?first=1")).body.audit[0]?.id;
    await deskOf().post("/ops/api/discards", { selection: { ids: ["nobody"] }, reason: "noise" });
    expect((await deskOf().get("/ops/api/audit?first=1")).body.audit[0]?.id).toBe(before);
  });

  it("pages, and is narrowed by actor, target and action", async () => {
    await letters.park([broken("x1"), broken("x2"), broken("x3")]);
    const { post, get } = deskOf();
    const ann = await bearerAt("operator", "ann@example.com");
    for (const id of ["x1", "x2", "x3"])
      await post("/ops/api/discards", { selection: { ids: [id] }, reason: "r" }, ann);
    const first = (await get("/ops/api/audit?actor=ann@example.com&action=letter.discard&first=2")).body;
    expect(first.audit.map(({ target }: { target: string }) => target)).toEqual(["x3", "x2"]);
    const second = (await get(`/ops/api/audit?actor=ann@example.com&first=2&after=${first.nextCursor}`)).body;
    expect(second.audit[0].target).toBe("x1");
    expect((await get("/ops/api/audit?target=x2")).body.audit).toHaveLength(1);
  });
});

describe("a letter that fails every replay", () => {
  it("is quarantined, and then only replayed by force", async () => {
    await letters.park([letter("a", { record: broken("a").record, failure: { reason: "crash" } })]);
    let nowMs = FAILED_MS;
    const desk = (workerVersion: string) => {
      nowMs += 60_000;
      return deskOf({ nowMs, workerVersion });
    };
    for (let i = 0; i < MAX_REPLAYS; i++) {
      // Each by a new Worker, or it would be refused at once.
      expect((await desk(`v${i}`).post("/ops/api/dead-letters/a/replay")).status).toBe(202);
      await letters.park([
        letter("a", { record: broken("a").record, failure: { reason: "crash" }, failedAtMs: nowMs + 1_000 }),
      ]);
    }
    expect(await letters.find("a")).toMatchObject({
      state: "quarantined",
      failures: MAX_REPLAYS + 1,
      replays: MAX_REPLAYS,
    });
    expect((await desk("v9").post("/ops/api/dead-letters/a/replay")).body.error).toMatchObject({ canForce: true });
    expect((await desk("v9").post("/ops/api/dead-letters/a/replay", { force: true })).status).toBe(202);
  });

  it("is refused while nothing has changed since it failed, neither contract nor Worker nor payload", async () => {
    await letters.park([broken("a", { workerVersion: "same" })]);
    const desk = deskOf({ workerVersion: "same" });
    expect((await desk.post("/ops/api/dead-letters/a/replay")).body.error.code).toBe("not_replayable");
    const patch = [{ op: "add", path: "/data/name", value: "Hall" }];
    await desk.patch("/ops/api/dead-letters/a", { patch, reason: "r", revision: 0 }, await admin());
    expect((await desk.post("/ops/api/dead-letters/a/replay")).status).toBe(202);
  });
});
