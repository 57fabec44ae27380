import { beforeEach, describe, expect, it } from "vitest";
import { MAX_REPLAYS } from "#letters/repositories/dead-letter-statements.ts";
import { UNDO_MS } from "#letters/repositories/letter-change.ts";
import { admin, broken, letters } from "./broken-letters.ts";
import { emptyOps, env, FAILED_MS, letter, opsOf, recordNamed, settlement } from "./support.ts";

beforeEach(emptyOps);

describe("a discard", () => {
  const discard = (selection: unknown, nowMs?: number) =>
    opsOf(nowMs === undefined ? {} : { nowMs }).post("/ops/api/discards", { selection, reason: "noise" });

  it("closes waiting letters only, with its reason, and can be undone for a day", async () => {
    await letters.park([broken("a"), broken("b"), broken("c")]);
    await letters.settle([settlement("b")]);
    await letters.claim(["c"], { runId: "r", nowMs: FAILED_MS + 59_000 });
    const atMs = FAILED_MS + 60_000;
    expect((await discard({ ids: ["a", "b", "c", "nobody"] }, atMs)).body).toEqual({ discarded: 1 });
    expect(await letters.find("a")).toMatchObject({ state: "discarded", discardReason: "noise", discardedAtMs: atMs });
    const tooLate = await opsOf({ nowMs: atMs + UNDO_MS + 1 }).post("/ops/api/dead-letters/a/restore");
    expect([tooLate.status, tooLate.body.error.code]).toEqual([409, "conflict"]);
    const inTime = await opsOf({ nowMs: atMs + UNDO_MS }).post("/ops/api/dead-letters/a/restore");
    expect(inTime.body).toMatchObject({ state: "open", discardReason: null });
    const { audit } = (await opsOf().get("/ops/api/audit?first=2")).body;
    expect(audit).toMatchObject([
      { action: "letter.restore", target: "a" },
      { action: "letter.discard", reason: "noise", after: { changed: 1 } },
    ]);
  });

  it("ends when the letter fails again", async () => {
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
  ])("is refused for the selection %j", async (selection) => {
    await letters.park([broken("a")]);
    const answer = await discard(selection);
    expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_parameter"]);
    expect(await letters.find("a")).toMatchObject({ state: "open" });
  });
});

describe("filters of letters", () => {
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
  ])("find the right letters by ?%s", async (query, expected) => {
    const elt = recordNamed("c", { topic: "device.elt.profile.updated" });
    await letters.park([broken("a"), broken("b", { failedAtMs: FAILED_MS + 5 }), letter("c", { record: elt })]);
    const { body } = await opsOf().get(`/ops/api/dead-letters?${query}`);
    expect(body.deadLetters?.map(({ id }: { id: string }) => id).sort()).toEqual(expected);
  });

  it("follow a letter whose failure changes, and drop one that is deleted", async () => {
    await letters.park([broken("a")]);
    await letters.park([broken("a", { failure: { reason: "crash" }, failedAtMs: FAILED_MS + 5 })]);
    const found = async (text: string) =>
      (await opsOf().get(`/ops/api/dead-letters?text=${text}`)).body.deadLetters.length;
    expect([await found("invalid_type"), await found("crash")]).toEqual([0, 1]);
    await env.DB.exec("DELETE FROM dead_letters");
    expect(await found("crash")).toBe(0);
  });
});

describe("a letter that fails every replay", () => {
  it("is quarantined, and then replayed by force only", async () => {
    await letters.park([letter("a", { record: broken("a").record, failure: { reason: "crash" } })]);
    let nowMs = FAILED_MS;
    const ops = (workerVersion: string) => {
      nowMs += 60_000;
      return opsOf({ nowMs, workerVersion });
    };
    for (let i = 0; i < MAX_REPLAYS; i++) {
      // Each replay by a new version of the Worker, or it would be refused at once.
      expect((await ops(`v${i}`).post("/ops/api/dead-letters/a/replay")).status).toBe(202);
      await letters.park([
        letter("a", { record: broken("a").record, failure: { reason: "crash" }, failedAtMs: nowMs + 1_000 }),
      ]);
    }
    expect(await letters.find("a")).toMatchObject({
      state: "quarantined",
      failures: MAX_REPLAYS + 1,
      replays: MAX_REPLAYS,
    });
    expect((await ops("v9").post("/ops/api/dead-letters/a/replay")).body.error).toMatchObject({ canForce: true });
    expect((await ops("v9").post("/ops/api/dead-letters/a/replay", { force: true })).status).toBe(202);
  });

  it("is not replayed while neither its contract nor the Worker nor its payload has changed", async () => {
    await letters.park([broken("a", { workerVersion: "same" })]);
    const ops = opsOf({ workerVersion: "same" });
    expect((await ops.post("/ops/api/dead-letters/a/replay")).body.error.code).toBe("not_replayable");
    const patch = [{ op: "add", path: "/data/name", value: "Hall" }];
    await ops.patch("/ops/api/dead-letters/a", { patch, reason: "r", revision: 0 }, await admin());
    expect((await ops.post("/ops/api/dead-letters/a/replay")).status).toBe(202);
  });
});
