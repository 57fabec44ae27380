import { beforeEach, describe, expect, it } from "vitest";
import { DeadLetterRepository, type LetterFilter, REPLAY_LEASE_MS } from "#letters/repositories/dead-letter.ts";
import type { NumberPosition } from "#repositories/number-order.ts";
import { emptyOps, env, FAILED_MS, letter, recordNamed, settlement, TOPIC } from "./support.ts";

const letters = new DeadLetterRepository(env.DB);

beforeEach(async () => {
  await emptyOps();
});

let claims = 0;

/** A claim with a run id of its own, as every replay has. */
const claim = async (id: string, nowMs: number, force = false): Promise<boolean> =>
  (await letters.claim([id], { runId: `run-${claims++}`, nowMs, force })).length > 0;
const release = (id: string, nowMs: number): Promise<void> => letters.release([id], { nowMs });

const count = async () => (await env.DB.prepare("SELECT count(*) AS n FROM dead_letters").first<{ n: number }>())?.n;

describe("parking letters", () => {
  it("keeps one letter for a record that fails twice, with a count of two and the newer failure", async () => {
    await letters.park([letter("a")]);
    const failure = { reason: "crash" } as const;
    await letters.park([letter("a", { failure, failedAtMs: FAILED_MS + 5, workerVersion: "next" })]);
    expect(await count()).toBe(1);
    expect(await letters.find("a")).toMatchObject({
      state: "open",
      failures: 2,
      reason: "crash",
      failure,
      firstFailedAtMs: FAILED_MS,
      lastFailedAtMs: FAILED_MS + 5,
      workerVersion: "next",
    });
  });

  it("counts two failures of one record in one call, in either order", async () => {
    await letters.park([letter("a", { failedAtMs: FAILED_MS + 5 }), letter("a")]);
    expect(await letters.find("a")).toMatchObject({ failures: 2, lastFailedAtMs: FAILED_MS + 5 });
  });

  it("changes nothing when the same letter is delivered again", async () => {
    await letters.park([letter("a")]);
    await letters.park([letter("a"), letter("a")]);
    expect(await letters.find("a")).toMatchObject({ failures: 1 });
  });

  it("keeps the exact text of a value with characters that SQLite would change", async () => {
    const value = '{"eventId":"x\\u0000y","n":9007199254740993,"s":"\u0000\ud800 é 😀 \u2028 \\" "}';
    const record = recordNamed("a", { value, headers: [["h", "\u0000"]], partition: 3, offset: 9_007_199_254_740_991 });
    await letters.park([letter("a", { record })]);
    const stored = await letters.find("a");
    expect(stored?.record).toEqual(record);
    expect(stored?.eventId).toBeNull();
  });

  it("stores the topic, event id and device key of the record", async () => {
    await letters.park([letter("a")]);
    expect(await letters.find("a")).toMatchObject({ topic: TOPIC, eventId: "a", deviceKey: "infinity:dev-1" });
  });

  it("passes D1 no parameter of more than 2 MB, however large the letters are", async () => {
    const sizes: number[] = [];
    const prepare = (query: string) => {
      const bind = (text: string) => {
        sizes.push(text.length);
        return env.DB.prepare(query).bind(text);
      };
      return { bind };
    };
    const measured = { prepare, batch: (each: D1PreparedStatement[]) => env.DB.batch(each) } as unknown as D1Database;
    const value = "x".repeat(60_000);
    const ids = Array.from({ length: 60 }, (_, i) => `big-${i}`);
    await new DeadLetterRepository(measured).park(ids.map((id) => letter(id, { record: recordNamed(id, { value }) })));
    expect(Math.max(...sizes)).toBeLessThan(2_000_000);
    expect(await count()).toBe(60);
  });
});

describe("settling a letter", () => {
  it("closes it with its outcome", async () => {
    await letters.park([letter("a"), letter("b")]);
    await letters.settle([settlement("a", { outcome: "superseded" }), settlement("unknown")]);
    expect(await letters.find("a")).toMatchObject({ state: "resolved", outcome: "superseded" });
    expect(await letters.find("b")).toMatchObject({ state: "open", outcome: null });
  });

  it("does not close it if its record failed again later", async () => {
    await letters.park([letter("a")]);
    await letters.park([letter("a", { failedAtMs: FAILED_MS + 2_000 })]);
    await letters.settle([settlement("a", { settledAtMs: FAILED_MS + 1_000 })]);
    expect(await letters.find("a")).toMatchObject({ state: "open", outcome: null, failures: 2 });
  });

  it("is not undone by an earlier failure that arrives late", async () => {
    await letters.park([letter("a")]);
    await letters.settle([settlement("a", { settledAtMs: FAILED_MS + 1_000 })]);
    await letters.park([letter("a", { failedAtMs: FAILED_MS + 500 })]);
    expect(await letters.find("a")).toMatchObject({ state: "resolved", outcome: "applied", failures: 2 });
  });

  it("is undone by a later failure", async () => {
    await letters.park([letter("a")]);
    await letters.settle([settlement("a")]);
    await letters.park([letter("a", { failedAtMs: FAILED_MS + 5_000 })]);
    expect(await letters.find("a")).toMatchObject({ state: "open", outcome: null, failures: 2 });
  });

  it.each([
    ["one call", (all: ReturnType<typeof settlement>[]) => letters.settle(all)],
    [
      "two calls",
      async (all: ReturnType<typeof settlement>[]) => {
        for (const each of all) await letters.settle([each]);
      },
    ],
  ])("keeps the first outcome of a replay that was delivered twice (%s)", async (_, settle) => {
    await letters.park([letter("a")]);
    await settle([settlement("a"), settlement("a", { outcome: "duplicate", settledAtMs: FAILED_MS + 1_001 })]);
    expect(await letters.find("a")).toMatchObject({ outcome: "applied", settledAtMs: FAILED_MS + 1_000 });
  });
});

describe("claiming a letter for a replay", () => {
  it("succeeds for exactly one of many callers", async () => {
    await letters.park([letter("a")]);
    const claimed = await Promise.all(Array.from({ length: 8 }, () => claim("a", FAILED_MS + 10)));
    expect(claimed.filter(Boolean)).toHaveLength(1);
    expect(await letters.find("a")).toMatchObject({ state: "replaying", replays: 1 });
  });

  it("is refused for an unknown letter", async () => {
    expect(await claim("unknown", FAILED_MS)).toBe(false);
  });

  it("is possible again after the lease without an outcome, and not before", async () => {
    await letters.park([letter("a")]);
    await claim("a", FAILED_MS);
    expect(await claim("a", FAILED_MS + REPLAY_LEASE_MS - 1)).toBe(false);
    expect(await claim("a", FAILED_MS + REPLAY_LEASE_MS)).toBe(true);
    expect(await letters.find("a")).toMatchObject({ replays: 2 });
  });

  it.each([["open"], ["resolved"]])("leaves an %s letter as it was when the claim is released", async (state) => {
    await letters.park([letter("a")]);
    if (state === "resolved") await letters.settle([settlement("a")]);
    const before = await letters.find("a");
    expect(await claim("a", FAILED_MS + 9_000, state === "resolved")).toBe(true);
    await release("a", FAILED_MS + 9_000);
    expect(await letters.find("a")).toEqual(before);
    expect(before?.state).toBe(state);
  });

  it("can be released only by the run that holds the claim", async () => {
    await letters.park([letter("a")]);
    await claim("a", FAILED_MS + 1);
    await release("a", FAILED_MS);
    expect(await letters.find("a")).toMatchObject({ state: "replaying" });
  });
});

describe("listing letters", () => {
  const pageThrough = async (filter: Omit<LetterFilter, "after">) => {
    const seen: string[] = [];
    let after: NumberPosition | undefined;
    do {
      const page = await letters.list({ ...filter, ...(after && { after }) });
      seen.push(...page.letters.map(({ id }) => id));
      after = page.next ?? undefined;
    } while (after);
    return seen;
  };

  /** 253 letters of all states, three per millisecond. */
  const fill = async () => {
    const all = Array.from({ length: 253 }, (_, i) =>
      letter(`l-${String((i * 7919) % 253).padStart(3, "0")}`, {
        failedAtMs: FAILED_MS + Math.floor(i / 3),
        failure: i % 2 ? { reason: "crash" } : { reason: "empty_value" },
      }),
    );
    await letters.park(all);
    await letters.settle(all.filter((_, i) => i % 5 === 0).map(({ id }) => settlement(id)));
    for (const { id } of all.filter((_, i) => i % 11 === 1)) await claim(id, FAILED_MS);
    return all.toSorted((a, b) => b.failedAtMs - a.failedAtMs || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
  };

  it.each([[1], [10], [100]])("returns each of 253 letters once in pages of %i", async (first) => {
    const expected = await fill();
    expect(await pageThrough({ first })).toEqual(expected);
  });

  it("filters by state, topic and reason, and the pages of all states add up to all letters", async () => {
    const expected = await fill();
    const open = await pageThrough({ state: "open", first: 20 });
    const replaying = await pageThrough({ state: "replaying", first: 20 });
    const resolved = await pageThrough({ state: "resolved", first: 20 });
    expect([...open, ...replaying, ...resolved].sort()).toEqual(expected.toSorted());
    expect(resolved.length).toBeGreaterThan(20);
    const crashed = await pageThrough({ state: "open", reason: "crash", topic: TOPIC, first: 20 });
    expect(crashed.length).toBeGreaterThan(20);
    expect(crashed).toEqual(
      (await letters.list({ first: 100, state: "open", reason: "crash" })).letters.map(({ id }) => id),
    );
    expect(await pageThrough({ topic: "device.elt.profile.updated", first: 20 })).toEqual([]);
  });

  it("counts letters by state and reason", async () => {
    await letters.park([letter("a"), letter("b"), letter("c", { failure: { reason: "crash" } })]);
    await letters.settle([settlement("b")]);
    expect(await letters.summary()).toEqual([
      { state: "open", reason: "crash", count: 1 },
      { state: "open", reason: "not_json", count: 1 },
      { state: "resolved", reason: "not_json", count: 1 },
    ]);
  });
});
