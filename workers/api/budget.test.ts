import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Allowance, type BudgetObject } from "#objects/budget.ts";
import { Budgets } from "./budget.ts";

afterEach(() => vi.restoreAllMocks());

const LIMIT = 1_000;

/** Isolates before one object per caller, with a clock that the test sets. */
function world(isolates: number) {
  const clock = { now: 1_700_000_000_000 };
  const objects = new Map<string, { asked: number; object: BudgetObject }>();
  let isOut = false;
  const objectOf = async (caller: string) => {
    const allowance = new Allowance();
    const known = objects.get(caller) ?? {
      asked: 0,
      object: { lease: async (wanted: number, limit: number) => allowance.lease(wanted, limit, clock.now) },
    };
    objects.set(caller, known);
    known.asked++;
    if (isOut) throw new Error("the object is out");
    return known.object;
  };
  const all = Array.from({ length: isolates }, () => new Budgets({ objectOf, now: () => clock.now }));
  return {
    clock,
    asked: (caller: string) => objects.get(caller)?.asked ?? 0,
    breakObjects: (broken: boolean) => {
      isOut = broken;
    },
    spend: (isolate: number, points: number, caller = "ann") => (all[isolate] as Budgets).spend(caller, points, LIMIT),
  };
}

describe("a budget", () => {
  it("refuses nothing that it has the points for, whenever another operation comes meanwhile", async () => {
    for (let turns = 0; turns < 12; turns++) {
      const { spend } = world(1);
      const first = spend(0, 100);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      const answers = await Promise.all([first, spend(0, 100)]);
      expect(answers, `the second operation came ${turns} turns later`).toMatchObject([{ ok: true }, { ok: true }]);
    }
  });

  it("is never exceeded by all isolates together, and says no more than an isolate has left", async () => {
    const step = fc.record({
      isolate: fc.nat(3),
      points: fc.integer({ min: 1, max: 400 }),
      waitMs: fc.constantFrom(0, 0, 0, 0, 5_000, 61_000),
      together: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { spend, clock } = world(4);
        const spent = new Map<string, number>();
        const add = (key: string, points: number) => spent.set(key, (spent.get(key) ?? 0) + points);
        for (const { isolate, points, waitMs, together } of steps) {
          clock.now += waitMs;
          const minute = Math.floor(clock.now / 60_000);
          const isolates = together ? [isolate, (isolate + 1) % 4, isolate] : [isolate];
          const answers = await Promise.all(isolates.map((each) => spend(each, points)));
          for (const [i, answer] of answers.entries()) {
            expect(Date.parse(answer?.budget.resetAt ?? "")).toBeGreaterThan(clock.now);
            if (!answer?.ok) continue;
            add(`${minute}`, points);
            add(`${minute} of ${isolates[i]}`, points);
          }
          expect(spent.get(`${minute}`) ?? 0).toBeLessThanOrEqual(LIMIT);
          const own = spent.get(`${minute} of ${isolate}`) ?? 0;
          expect(answers.at(-1)?.budget.remaining).toBeLessThanOrEqual(LIMIT - own);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("can be spent to its end by one isolate, and is full again the next minute", async () => {
    const { spend, clock, asked } = world(1);
    const answers = [];
    for (let i = 0; i <= 100; i++) answers.push(await spend(0, 10));
    expect(answers.map((answer) => answer?.ok)).toEqual([...Array(100).fill(true), false]);
    expect(answers.map((answer) => answer?.budget.remaining).slice(-3)).toEqual([10, 0, 0]);
    expect(asked("ann")).toBe(10);
    clock.now = Date.parse(answers[0]?.budget.resetAt ?? "");
    expect(await spend(0, 10)).toMatchObject({ ok: true, budget: { remaining: 990 } });
  });

  it("asks its object once for a tenth, and no more once nothing is left", async () => {
    const { spend, asked } = world(1);
    for (let i = 0; i < 100; i++) await spend(0, 1);
    expect(asked("ann")).toBe(1);
    for (let i = 0; i < 2_000; i++) await spend(0, 1);
    expect(asked("ann")).toBe(10);
  });

  it("is one caller's", async () => {
    const { spend } = world(1);
    for (let i = 0; i < 10; i++) await spend(0, 100, "ann");
    expect(await spend(0, 100, "ann")).toMatchObject({ ok: false, budget: { remaining: 0 } });
    expect(await spend(0, 100, "bob")).toMatchObject({ ok: true, budget: { remaining: 900 } });
  });

  it("refuses nobody while its object is out, which is logged and tried again later", async () => {
    const lines = vi.spyOn(console, "error").mockImplementation(() => {});
    const { spend, breakObjects, asked, clock } = world(1);
    breakObjects(true);
    for (let i = 0; i < 50; i++) expect(await spend(0, 400)).toBeUndefined();
    expect([asked("ann"), lines.mock.calls.length]).toEqual([1, 1]);
    expect(lines.mock.calls[0]?.[0]).toContain("budget.unavailable");
    breakObjects(false);
    clock.now += 10_000;
    expect(await spend(0, 400)).toMatchObject({ ok: true, budget: { remaining: 600 } });
  });
});
