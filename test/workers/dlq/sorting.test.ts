import { beforeEach, describe, expect, it } from "vitest";
import type { Failure } from "#letters/letter.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { LetterGroupRepository } from "#letters/repositories/letter-group.ts";
import { ReplayRunRepository } from "#letters/repositories/replay-run.ts";
import type { Run } from "#ops/api.ts";
import { SORTS, type SortedList } from "#ops/sorts.ts";
import { AuditRepository } from "#repositories/audit.ts";
import { counting, emptyOps, env, FAILED_MS, letter, opsOf } from "./support.ts";

const letters = new DeadLetterRepository(env.DB);
const audit = new AuditRepository(env.DB);

beforeEach(emptyOps);

const isoOf = (ms: number) => new Date(ms).toISOString();

type Row = { readonly id: string | number };

/** All rows of a list, two per page. */
async function pagesOf(path: string, member: string): Promise<Row[]> {
  const { get } = opsOf();
  const rows: Row[] = [];
  let after = "";
  do {
    const { status, body } = await get(`/ops/api/${path}&first=2${after}`);
    expect(status).toBe(200);
    rows.push(...body[member]);
    after = body.nextCursor === null ? "" : `&after=${body.nextCursor}`;
  } while (after !== "");
  return rows;
}

/** Seven letters of three groups, two groups of the same time: `Ea` has one letter, `Eb` two and `Ec` four. */
async function park(): Promise<void> {
  const groups = [0, 1, 1, 2, 2, 2, 2];
  const failure = (group: number): Failure => ({
    reason: "fault",
    error: { name: `E${"abc"[group]}`, message: "it broke" },
  });
  await letters.park(
    groups.map((group, i) =>
      letter(`l-${(i * 3) % 7}`, { failure: failure(group), failedAtMs: FAILED_MS + (((i * 2) % 7) >> 1) }),
    ),
  );
}

describe("sorted lists", () => {
  /** Of devices: `device-sorting.test.ts`. */
  type List = Exclude<SortedList, "devices">;
  type Case = readonly [list: List, path: string, member: string, numberOf: (row: never) => number];
  const CASES: readonly Case[] = [
    [
      "letters",
      "dead-letters?sort=SORT",
      "deadLetters",
      (row: { lastFailedAt: string }) => Date.parse(row.lastFailedAt),
    ],
    ["groups", "groups?sort=SORT", "groups", (row: never) => row],
    ["runs", "runs?sort=SORT", "runs", (row: { createdAt: string }) => Date.parse(row.createdAt)],
    ["audit", "audit?sort=SORT&actor=sorter", "audit", (row: { at: string }) => Date.parse(row.at)],
  ];
  type GroupRow = { lastFailedAt: string; firstFailedAt: string; letters: number; counts: { open: number } };
  const GROUP_NUMBERS: Readonly<Record<string, (row: GroupRow) => number>> = {
    "last-failed": ({ lastFailedAt }) => Date.parse(lastFailedAt),
    "first-failed": ({ firstFailedAt }) => Date.parse(firstFailedAt),
    waiting: ({ counts }) => counts.open,
    letters: (row) => row.letters,
  };

  it.each(CASES.flatMap((each) => SORTS[each[0]].map((by) => [each[0], by, each] as const)))(
    "give every row of %s by %s exactly once, page by page, in both directions",
    async (list, by, [, path, member, numberOf]) => {
      await park();
      const runs = new ReplayRunRepository(env.DB);
      for (const [i, at] of [5, 5, 3, 9, 9].entries())
        await runs.save({ id: `run-${i}`, state: "done", createdAt: isoOf(FAILED_MS + at) } as Run);
      const [{ many: audited = 0 } = {}] = (
        await env.DB.prepare("SELECT count(*) AS many FROM audit_log WHERE actor = 'sorter'").all<{ many: number }>()
      ).results;
      for (let i = 0; audited === 0 && i < 5; i++)
        await audit.add({
          atMs: FAILED_MS + (i >> 1),
          actor: "sorter",
          role: "admin",
          action: "export",
          target: `${i}`,
        });
      const number = (list === "groups" ? GROUP_NUMBERS[by] : numberOf) as (row: Row) => number;
      const down = await pagesOf(path.replace("SORT", `-${by}`), member);
      const up = await pagesOf(path.replace("SORT", by), member);
      expect(down).toHaveLength({ letters: 7, groups: 3, runs: 5, audit: 5 }[list]);
      expect(new Set(down.map(({ id }) => id)).size).toBe(down.length);
      expect(down.map(number)).toEqual(down.map(number).toSorted((a, b) => b - a));
      expect(up).toEqual(down.toReversed());
    },
  );

  it("refuse a column that the server does not sort by, and a cursor of another order", async () => {
    await park();
    const { get } = opsOf();
    const { nextCursor } = (await get("/ops/api/groups?sort=-letters&first=1")).body;
    expect(nextCursor).toEqual(expect.any(String));
    const answer = await get(`/ops/api/groups?sort=letters&after=${nextCursor}`);
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toContain("after must be the nextCursor of this list in this order");
    const unsorted = await get("/ops/api/dead-letters?sort=device");
    expect(unsorted.status).toBe(400);
    expect(unsorted.body.error.message).toContain("sort must be one of last-failed, with - in front");
  });
});

describe("time ranges", () => {
  it("of groups filter by the last failure: since is included, until is not", async () => {
    const failure = (name: string): Failure => ({ reason: "fault", error: { name, message: "it broke" } });
    await letters.park(
      [0, 1, 2].map((i) => letter(`l-${i}`, { failure: failure(`E${"abc"[i]}`), failedAtMs: FAILED_MS + i })),
    );
    const { get } = opsOf();
    const { body } = await get(`/ops/api/groups?since=${isoOf(FAILED_MS + 1)}&until=${isoOf(FAILED_MS + 2)}`);
    expect(body.groups.map(({ signature }: { signature: string }) => signature)).toEqual([
      expect.stringContaining("Eb"),
    ]);
    const bad = await get("/ops/api/groups?since=yesterday");
    expect(bad.body.error.message).toContain("since must be a time");
  });

  it("of the audit log filter by the entry's time: since is included, until is not", async () => {
    const entry = { actor: "ranger", role: "admin", action: "export" } as const;
    for (const i of [0, 1, 2]) await audit.add({ ...entry, atMs: FAILED_MS + i, target: `t-${i}` });
    const { get } = opsOf();
    const range = `since=${isoOf(FAILED_MS + 1)}&until=${isoOf(FAILED_MS + 2)}`;
    const { body } = await get(`/ops/api/audit?actor=ranger&${range}`);
    expect(body.audit.map(({ target }: { target: string }) => target)).toEqual(["t-1"]);
  });
});

describe("a page as SQLite reads it", () => {
  const NOTHING_IN_MEMORY = /USE TEMP B-TREE FOR ORDER BY/;

  it.each<[string, Parameters<AuditRepository["list"]>[0]]>([
    ["of all entries", { first: 25 }],
    ["of an actor", { first: 25, actor: "a" }],
    ["of a target", { first: 25, target: "t" }],
    ["of an action", { first: 25, action: "export" }],
    ["of a time range", { first: 25, sinceMs: 1, untilMs: 2 }],
    [
      "of an actor and a time range, oldest first",
      { first: 25, actor: "a", sinceMs: 1, sort: { by: "time", isDescending: false } },
    ],
    ["after another", { first: 25, actor: "a", after: { value: 1, id: "1" } }],
  ])("comes from an index in order, of the audit log: %s", async (_, filter) => {
    const { db, plans } = counting();
    await new AuditRepository(db).list(filter);
    const steps = await plans();
    expect(steps.join("\n")).toMatch(/USING INDEX audit_log_by_/);
    expect(steps.join("\n")).not.toMatch(NOTHING_IN_MEMORY);
    expect(steps.join("\n")).not.toMatch(/SCAN audit_log$/m);
  });

  it.each([true, false])(
    "comes from an index, of letters and groups by the last failure, newest first: %s",
    async (down) => {
      const sort = { by: "last-failed", isDescending: down } as const;
      const read = counting();
      await new LetterGroupRepository(read.db).list({ first: 25, sort, sinceMs: 1 });
      await new ReplayRunRepository(read.db).list({ first: 25, sort: { by: "planned", isDescending: down } });
      const steps = (await read.plans()).join("\n");
      expect(steps).toMatch(/USING INDEX letter_groups_by_last_failure/);
      expect(steps).not.toMatch(NOTHING_IN_MEMORY);
      const walked = counting();
      await new DeadLetterRepository(walked.db).list({ first: 25, sort, topic: "t" });
      const walks = (await walked.plans()).join("\n");
      expect(walks).toMatch(/USING INDEX dead_letters_by_topic/);
      // Only the rows of the five index ranges are sorted, a page of each.
      expect(walks).not.toMatch(/SEARCH dead_letters USING INDEX [^\n]*\nUSE TEMP B-TREE/);
    },
  );

  it("reads all matching groups if it is sorted by a count, so that letters need not write an index", async () => {
    const { db, plans } = counting();
    await new LetterGroupRepository(db).list({ first: 25, state: "open", sort: { by: "waiting", isDescending: true } });
    expect((await plans()).join("\n")).toMatch(/SEARCH letter_groups USING INDEX letter_groups_by_state \(state=\?\)/);
  });
});
