import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Scope } from "../../../packages/sdk/src/auth.ts";
import { type PageArgs, parsePage } from "../../../packages/sdk/src/repositories.ts";
import { cases } from "../../support/property-budget.ts";
import { dealerScope, OPS } from "./support.ts";
import { createOwnTables, OWN_DB, PartRepository, VisitRepository } from "./visits.ts";

/*
 * The same calls under any scope, against plain arrays. The oracle shares no code with the repositories: it filters,
 * sorts and cuts what was drawn.
 */
type Visit = {
  readonly id: string;
  readonly dealerId: string;
  readonly deviceKey: `elt:${string}`;
  readonly technician: string | null;
  readonly startsAtMs: number;
  readonly state: "planned" | "done";
};
type Part = { readonly visitId: string; readonly line: number; readonly name: string; readonly pieces: number };

const id = fc.constantFrom("v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7");
const dealerId = fc.constantFrom("D-1", "D-2", "D-3");
const visit: fc.Arbitrary<Visit> = fc.record({
  id,
  dealerId,
  deviceKey: fc.constantFrom("elt:1", "elt:2"),
  technician: fc.constantFrom(null, "Ada", "Ae", "Bo"),
  startsAtMs: fc.nat({ max: 4 }),
  state: fc.constantFrom("planned", "done"),
});
const part: fc.Arbitrary<Part> = fc.record({
  visitId: id,
  line: fc.nat({ max: 2 }),
  name: fc.constantFrom("fan", "filter"),
  pieces: fc.nat({ max: 9 }),
});
const scope: fc.Arbitrary<Scope> = fc.oneof(
  fc.constant(OPS),
  dealerId.map((one) => dealerScope(one)),
  fc.uniqueArray(fc.oneof(dealerId, fc.constant("D-none"))).map((some) => dealerScope(...some)),
);
const visits = fc.uniqueArray(visit, { selector: (each) => each.id, maxLength: 8 });
const parts = fc.uniqueArray(part, { selector: ({ visitId, line }) => `${visitId}/${line}`, maxLength: 10 });

const condition = fc.record(
  {
    state: fc.constantFrom("planned" as const, "done" as const),
    technician: fc.constantFrom(null, "Ada", { startsWith: "A" }, { not: "Ada" }, { not: null }, { in: ["Ada", "Bo"] }),
    startsAtMs: fc.constantFrom(2, { from: 1, to: 3 }, { in: [0, 4] }),
    dealerId: dealerId,
    id: fc.constantFrom("v1", { in: ["v0", "v2", "v4"] }, { from: "v3" }),
  },
  { requiredKeys: [] },
);
const sees = (its: Scope, dealer: string) => its.role !== "dealer" || its.dealerIds.includes(dealer);

function isAsked(row: Visit, where: object): boolean {
  return Object.entries(where).every(([name, asked]) => {
    const value = row[name as keyof Visit];
    if (asked === null || typeof asked !== "object") return value === asked;
    if ("in" in asked) return asked.in.includes(value);
    if ("not" in asked) return value !== asked.not;
    if ("startsWith" in asked) return value !== null && String(value).startsWith(asked.startsWith);
    return (
      value !== null &&
      (asked.from === undefined || value >= asked.from) &&
      (asked.to === undefined || value < asked.to)
    );
  });
}

const byText = (a: string, b: string) => (a < b ? -1 : Number(a > b));

/** NULL first, as SQLite sorts. */
const sorted = {
  START: (rows: readonly Visit[]) => rows.toSorted((a, b) => a.startsAtMs - b.startsAtMs || byText(a.id, b.id)),
  TECHNICIAN: (rows: readonly Visit[]) =>
    rows.toSorted((a, b) => byText(a.technician ?? "", b.technician ?? "") || byText(a.id, b.id)),
};
const tally = (keys: readonly string[]) => {
  const counts: Record<string, number> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
};

describe("under any scope, a service's own tables", () => {
  const repository = new VisitRepository(OWN_DB);
  const partRepository = new PartRepository(OWN_DB);

  async function seed(drawnVisits: readonly Visit[], drawnParts: readonly Part[]): Promise<void> {
    await OWN_DB.batch([OWN_DB.prepare("DELETE FROM visits"), OWN_DB.prepare("DELETE FROM visit_parts")]);
    await OWN_DB.batch([
      OWN_DB.prepare(
        `INSERT INTO visits (id, dealer_id, device_key, technician, starts_at_ms, state, booked_at)
          SELECT value->>'id', value->>'dealerId', value->>'deviceKey', value->>'technician', value->>'startsAtMs',
            value->>'state', 0 FROM json_each(?)`,
      ).bind(JSON.stringify(drawnVisits)),
      OWN_DB.prepare(
        `INSERT INTO visit_parts SELECT value->>'visitId', value->>'line', value->>'name', value->>'pieces'
          FROM json_each(?)`,
      ).bind(JSON.stringify(drawnParts)),
    ]);
  }

  it("return, count, group and include exactly the rows of the scope", async () => {
    await createOwnTables();
    const property = fc.asyncProperty(visits, parts, scope, condition, async (all, allParts, who, where) => {
      await seed(all, allParts);
      const visible = all.filter((each) => sees(who, each.dealerId));
      const asked = visible.filter((each) => isAsked(each, where));
      const partsOf = (visitId: string) =>
        allParts.filter((each) => each.visitId === visitId).toSorted((a, b) => a.line - b.line);
      const withRelated = (rows: readonly Visit[]) =>
        rows.map((each) => ({
          id: each.id,
          parts: partsOf(each.id)
            .slice(0, 2)
            .map(({ name }) => ({ name })),
          onSameDevice: visible
            .filter((other) => other.deviceKey === each.deviceKey && other.state === "done")
            .toSorted((a, b) => byText(a.id, b.id))
            .map(({ id: other, dealerId: owner }) => ({ id: other, dealerId: owner })),
        }));
      const include = {
        parts: { select: ["name"], limit: 2 },
        onSameDevice: { select: ["id", "dealerId"], where: { state: "done" }, limit: 10 },
      } as const;

      const found = await repository.findMany(who, {
        select: ["id"],
        where,
        orderBy: [["startsAtMs", "desc"], "id"],
        limit: 3,
        include,
      });
      const newest = asked.toSorted((a, b) => b.startsAtMs - a.startsAtMs || byText(a.id, b.id));
      expect(found).toEqual(withRelated(newest.slice(0, 3)));

      expect(await repository.count(who, { where })).toBe(asked.length);
      const groups = await repository.groupBy(who, { by: ["dealerId", "state"], where, limit: 10 });
      expect(Object.fromEntries(groups.map((each) => [`${each.dealerId} ${each.state}`, each.count]))).toEqual(
        tally(asked.map((each) => `${each.dealerId} ${each.state}`)),
      );

      const byId = await repository.findByIds(who, ["v0", "v3", "v7", "v3"], { select: ["id"], include });
      expect(byId.toSorted((a, b) => byText(a.id, b.id))).toEqual(
        withRelated(
          visible.filter((each) => ["v0", "v3", "v7"].includes(each.id)).toSorted((a, b) => byText(a.id, b.id)),
        ),
      );

      const visitOfParts = await partRepository.findMany(who, {
        select: ["visitId", "line"],
        include: { visit: { select: ["dealerId"] } },
        orderBy: ["visitId", "line"],
        limit: 100,
      });
      // Operators see parts whose visit is missing; dealers see those of their visits.
      const ownerOf = (visitId: string) => all.find((each) => each.id === visitId)?.dealerId;
      const visibleParts = allParts.filter(
        ({ visitId }) => who.role !== "dealer" || sees(who, ownerOf(visitId) ?? "?"),
      );
      expect(visitOfParts).toEqual(
        visibleParts
          .toSorted((a, b) => byText(a.visitId, b.visitId) || a.line - b.line)
          .map(({ visitId, line }) => {
            const owner = ownerOf(visitId);
            return { visitId, line, visit: owner === undefined ? null : { dealerId: owner } };
          }),
      );
    });
    await fc.assert(property, cases(25));
  }, 60_000);

  it("are paged through as one list, in every order, from either end", async () => {
    await createOwnTables();
    const property = fc.asyncProperty(
      visits,
      scope,
      condition,
      fc.constantFrom("START" as const, "TECHNICIAN" as const),
      fc.constantFrom("asc" as const, "desc" as const),
      fc.boolean(),
      async (all, who, where, orderBy, direction, isForwards) => {
        await seed(all, []);
        const list = sorted[orderBy](all.filter((each) => sees(who, each.dealerId) && isAsked(each, where)));
        const expected = (direction === "asc" ? list : list.toReversed()).map((each) => each.id);
        const ids: string[] = [];
        for (let cursor: string | null = null, more = true; more; ) {
          const args: PageArgs = isForwards ? { first: 2, after: cursor } : { last: 2, before: cursor };
          const parsed = parsePage(args, repository.orders[orderBy].cursor);
          if (!parsed.ok) throw new Error(`its own cursor is refused: ${parsed.problem.reason}`);
          const page = await repository.findPage(who, parsed.page, { select: ["id"], where, orderBy, direction });
          const shown = page.edges.map(({ node }) => node.id);
          ids.splice(isForwards ? ids.length : 0, 0, ...shown);
          more = isForwards ? page.pageInfo.hasNextPage : page.pageInfo.hasPreviousPage;
          cursor = isForwards ? page.pageInfo.endCursor : page.pageInfo.startCursor;
        }
        expect(ids).toEqual(expected);
      },
    );
    await fc.assert(property, cases(25));
  }, 60_000);

  it("are written only where the row is the scope's before and after", async () => {
    await createOwnTables();
    const property = fc.asyncProperty(visits, visits, scope, async (before, given, who) => {
      await seed(before, []);
      const { written, refused } = await repository.upsert(who, given);
      const isAllowed = (each: Visit) => {
        const there = before.find((row) => row.id === each.id);
        return sees(who, each.dealerId) && (!there || sees(who, there.dealerId));
      };
      const expected = new Map([...before, ...given.filter(isAllowed)].map((each) => [each.id, each]));
      const changed = given.filter(
        (each) => isAllowed(each) && JSON.stringify(before.find((row) => row.id === each.id)) !== JSON.stringify(each),
      );
      const select = ["id", "dealerId", "deviceKey", "technician", "startsAtMs", "state"] as const;
      expect(await repository.findMany(OPS, { select, orderBy: ["id"], limit: 100 })).toEqual(
        [...expected.values()].toSorted((a, b) => byText(a.id, b.id)),
      );
      expect(refused.toSorted()).toEqual(
        given
          .filter((each) => !isAllowed(each))
          .map((each) => each.id)
          .toSorted(),
      );
      expect(written).toBe(changed.length);
    });
    await fc.assert(property, cases(25));
  }, 60_000);
});
