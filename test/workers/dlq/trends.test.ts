import { beforeEach, describe, expect, it } from "vitest";
import type { Failure } from "#letters/letter.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { LetterGroupRepository } from "#letters/repositories/letter-group.ts";
import { bearerAt, counting, emptyOps, env, FAILED_MS, letter, opsOf, settlement } from "./support.ts";

const HOUR = 3_600_000;
const letters = new DeadLetterRepository(env.DB);
const groups = new LetterGroupRepository(env.DB);

beforeEach(emptyOps);

const fault = (name: string): Failure => ({ reason: "fault", error: { name, message: "it broke" } });

/** The counts that the depths must have, from reading all groups. */
const depthsOfGroups = async () =>
  (
    await env.DB.prepare(
      `SELECT reason, sum(open) AS open, sum(replaying) AS replaying, sum(resolved) AS resolved,
         sum(discarded) AS discarded, sum(quarantined) AS quarantined
       FROM letter_groups GROUP BY reason ORDER BY reason`,
    ).all()
  ).results;

const depths = async () => (await groups.depths()).toSorted((a, b) => (a.reason < b.reason ? -1 : 1));

describe("the counts of letters by reason and state", () => {
  it("are exact after every change of letters and groups", async () => {
    const all = Array.from({ length: 9 }, (_, i) => letter(`l${i}`, { failure: fault(`E${i % 3}`) }));
    await letters.park([...all, letter("x", { failure: { reason: "crash" } })]);
    expect(await depths()).toEqual([
      { reason: "crash", open: 1, replaying: 0, resolved: 0, discarded: 0, quarantined: 0 },
      { reason: "fault", open: 9, replaying: 0, resolved: 0, discarded: 0, quarantined: 0 },
    ]);
    await letters.claim(["l0", "l1"], { runId: "r", nowMs: FAILED_MS + 1, force: false });
    await letters.settle([settlement("l2", { settledAtMs: FAILED_MS + 2 })]);
    // One fails again for another reason, and so moves to another group.
    await letters.park([letter("l0", { failure: { reason: "crash" }, failedAtMs: FAILED_MS + 3 })]);
    expect(await depths()).toEqual(await depthsOfGroups());
    expect((await depths()).map(({ reason, open, replaying }) => [reason, open + replaying])).toEqual([
      ["crash", 2],
      ["fault", 7],
    ]);
  });

  it("are read from one row per reason, however many groups there are", { timeout: 60_000 }, async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
       INSERT INTO letter_groups (id, state, topic, reason, signature, letters, failures, open, replaying, resolved,
         discarded, quarantined, first_failed_at_ms, last_failed_at_ms, opened_at_ms)
       SELECT printf('%016x', i), 'open', iif(i % 5000, 't', 'rare'), iif(i % 5000, 'fault', 'crash'), 's', 0, 0, 0, 0, 0, 0, 0, 1, 1, 1 FROM n`,
    ).run();
    await env.DB.prepare("UPDATE letter_groups SET open = 1, letters = 1").run();
    expect((await depths()).map(({ reason, open }) => [reason, open])).toEqual([
      ["crash", 2],
      ["fault", 9_998],
    ]);
    const summed = counting();
    await new LetterGroupRepository(summed.db).depths();
    expect(await summed.rowsRead()).toBe(2);
    // A page of a list is read the same way, with any filter.
    for (const filter of [{}, { topic: "rare" }, { reason: "crash" }, { topic: "rare", state: "open" }] as const) {
      const listed = counting();
      await new LetterGroupRepository(listed.db).list({ ...filter, first: 25 });
      expect([filter, (await listed.rowsRead()) < 60]).toEqual([filter, true]);
    }
  });
});

describe("the trend of a group", () => {
  const trendOf = async (group: string | null | undefined) =>
    (await groups.trends([group ?? ""], 24, FAILED_MS)).get(group ?? "");

  it("counts each failure in its hour, the first of a letter and every later one", async () => {
    await letters.park([letter("a"), letter("b", { failedAtMs: FAILED_MS - 2 * HOUR })]);
    await letters.park([letter("a", { failedAtMs: FAILED_MS + 1 })]);
    const group = (await letters.find("a"))?.groupId;
    expect((await trendOf(group))?.slice(-4)).toEqual([0, 1, 0, 2]);
    expect(await trendOf("nobody")).toEqual(Array.from({ length: 24 }, () => 0));
  });

  it("does not count changes of state", async () => {
    await letters.park([letter("a")]);
    await letters.claim(["a"], { runId: "r", nowMs: FAILED_MS + 1, force: false });
    await letters.settle([settlement("a", { settledAtMs: FAILED_MS + 2 })]);
    expect((await trendOf((await letters.find("a"))?.groupId))?.slice(-2)).toEqual([0, 1]);
  });

  it("keeps two days of a group, however old the group is", async () => {
    for (let hour = 0; hour < 60; hour++)
      await letters.park([letter(`l${hour}`, { failedAtMs: FAILED_MS + hour * HOUR })]);
    const { results } = await env.DB.prepare("SELECT count(*) AS many FROM letter_group_hours").all();
    expect(results).toEqual([{ many: 48 }]);
  });

  it("is read for as many groups as a page has, by viewers too", async () => {
    await letters.park([letter("a")]);
    const group = (await letters.find("a"))?.groupId as string;
    const viewer = await bearerAt("viewer");
    const { ask } = opsOf();
    const ids = [group, ...Array.from({ length: 99 }, (_, i) => `${i}`.padStart(16, "0"))];
    const { body } = await ask("GET", `/ops/api/trends?groups=${ids.join(",")}`, { headers: viewer });
    expect(body.atMs).toBeGreaterThanOrEqual(FAILED_MS);
    expect(Object.keys(body.trends)).toHaveLength(100);
    expect(body.trends[group].at(-1)).toBe(1);
    expect((await ask("GET", `/ops/api/trends?groups=${ids.join(",")},more`, { headers: viewer })).status).toBe(400);
  });
});
