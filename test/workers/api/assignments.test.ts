import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { AssignmentRepository } from "#repositories/assignment.ts";
import { EMPTY_PAGE, type PageRequest } from "#repositories/page.ts";
import { ReadSession } from "#repositories/read-session.ts";
import { ask, at, dealerScope, emptyTables, env, nodesOf, OPS, seedDevices, version } from "./support.ts";

beforeEach(emptyTables);

type Step = readonly [minute: number, dealerId: string | null];

async function seed(key: string, steps: readonly Step[]): Promise<void> {
  const rows = JSON.stringify(steps.map(([minute, dealerId]) => [version(minute), dealerId]));
  await env.DB.prepare(
    "INSERT INTO assignments (device_key, version, dealer_id) SELECT ?1, value->>0, value->>1 FROM json_each(?2)",
  )
    .bind(key, rows)
    .run();
}

/** The naive way: read all, keep what the scope may see, merge neighbours, cut. */
function intervalsOf(steps: readonly Step[], scope: Scope) {
  const seen = steps
    .toSorted(([a], [b]) => a - b)
    .map(
      ([minute, dealerId]): Step =>
        scope.role === "dealer" && (dealerId === null || !scope.dealerIds.includes(dealerId))
          ? [minute, null]
          : [minute, dealerId],
    );
  const starts = seen.filter(([, dealerId], i) => i === 0 || seen[i - 1]?.[1] !== dealerId);
  return starts
    .map(([minute, dealerId], i) => {
      const next = starts[i + 1];
      return { dealerId, from: version(minute), to: next ? version(next[0]) : null };
    })
    .filter(({ dealerId }) => scope.role !== "dealer" || dealerId !== null);
}

describe("a page of assignments", () => {
  const step = fc.tuple(fc.nat({ max: 30 }), fc.constantFrom("D-1", "D-1", "D-2", "D-3", null));
  const steps = fc.uniqueArray(step, { selector: ([minute]) => minute, maxLength: 14 });
  const scopes = fc.constantFrom(OPS, dealerScope("D-1"), dealerScope("D-1", "D-2"), dealerScope("D-9"));
  const bound = fc.option(fc.nat({ max: 31 }), { freq: 1 });

  it("equals a cut of the whole list, from either end, between any two cursors, for every scope", async () => {
    const repository = new AssignmentRepository(env.DB);
    await fc.assert(
      fc.asyncProperty(
        steps,
        scopes,
        fc.record({
          size: fc.nat({ max: 4 }),
          from: fc.constantFrom("start" as const, "end" as const),
          after: bound,
          before: bound,
        }),
        async (drawn, scope, { size, from, after, before }) => {
          await env.DB.prepare("DELETE FROM assignments").run();
          await seed("elt:1", drawn);
          await seed("elt:2", [[3, "D-2"]]);
          const cursor = (minute: number | null) =>
            minute === null ? null : (["ASSIGNMENTS", version(minute)] as const);
          const page: PageRequest = { size, from, after: cursor(after), before: cursor(before) };
          const found = (await repository.findPages(scope, ["elt:1", "elt:2"], page)).get("elt:1") ?? EMPTY_PAGE;
          const between = intervalsOf(drawn, scope).filter(
            (each) =>
              (after === null || each.from > version(after)) && (before === null || each.from < version(before)),
          );
          const shown = size === 0 ? [] : from === "start" ? between.slice(0, size) : between.slice(-size);
          expect(found.edges.map(({ node }) => node)).toEqual(shown);
          if (shown.length === 0) return;
          const { hasNextPage, hasPreviousPage } = found.pageInfo;
          expect(hasNextPage).toBe(before !== null || (from === "start" && between.length > size));
          expect(hasPreviousPage).toBe(after !== null || (from === "end" && between.length > size));
        },
      ),
      { numRuns: 300 },
    );
  });

  const MANY = 15_000;
  const flood = (dealerOf: (i: number) => string) => Array.from({ length: MANY }, (_, i): Step => [i, dealerOf(i)]);

  it.each([
    ["the first", { size: 1, from: "start" }, 0],
    ["the last three", { size: 3, from: "end" }, MANY - 3],
    ["two from the middle", { size: 2, from: "start", after: ["ASSIGNMENTS", version(7_000)] }, 7_001],
  ] as const)(
    "of a device that changed hands 15,000 times: %s, for the rows it shows and a few",
    async (_, asked, from) => {
      await seed(
        "elt:1",
        flood((i) => `D-${i % 2}`),
      );
      const session = new ReadSession(env.DB);
      const page: PageRequest = { after: null, before: null, ...asked };
      const { edges } =
        (await new AssignmentRepository(session).findPages(OPS, ["elt:1"], page)).get("elt:1") ?? EMPTY_PAGE;
      expect(edges.map(({ node }) => node.from)).toEqual(
        Array.from({ length: asked.size }, (_, i) => version(from + i)),
      );
      expect(session.report.rowsRead).toBeLessThan(40);
    },
  );

  it("reads one interval of a device whose source names its dealer in every message", async () => {
    await seed(
      "elt:1",
      flood(() => "D-1"),
    );
    await seedDevices({ key: "elt:1" });
    const { data } = await ask(`{ device(key: "elt:1") { assignments { edges { node { from to } } } } }`);
    expect(nodesOf(data.device.assignments)).toEqual([{ from: at(0), to: null }]);
  });
});
