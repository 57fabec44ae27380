import { beforeEach, describe, expect, it } from "vitest";
import { parsePage } from "../../../packages/sdk/src/repositories.ts";
import { dealerScope, OPS } from "./support.ts";
import { createOwnTables, OWN_DB, PartRepository, VisitRepository } from "./visits.ts";

const visits = new VisitRepository(OWN_DB);
const parts = new PartRepository(OWN_DB);

const visit = (id: string, dealerId: string, more: Partial<Parameters<VisitRepository["upsert"]>[1][number]> = {}) => ({
  id,
  dealerId,
  deviceKey: "elt:1" as const,
  startsAtMs: 100,
  state: "planned" as const,
  ...more,
});

describe("a service's own tables, in its own D1", () => {
  beforeEach(async () => {
    await createOwnTables();
    await visits.upsert(OPS, [
      visit("v1", "D-1", { startsAtMs: 300, technician: "Ada", isUrgent: true, notes: ["ladder"] }),
      visit("v2", "D-1", { startsAtMs: 100, state: "done" }),
      visit("v3", "D-2", { startsAtMs: 200, technician: "Bo" }),
    ]);
    await parts.upsert(OPS, [
      { visitId: "v1", line: 1, name: "filter", pieces: 2 },
      { visitId: "v1", line: 2, name: "fan", pieces: 1 },
      { visitId: "v3", line: 1, name: "belt", pieces: 1 },
    ]);
  });

  it("are read by id, with exactly the columns that were asked for", async () => {
    expect(await visits.findById(OPS, "v1", { select: ["technician", "isUrgent", "notes", "bookedAt"] })).toEqual({
      technician: "Ada",
      isUrgent: true,
      notes: ["ladder"],
      bookedAt: new Date(0),
    });
    expect(await parts.findById(OPS, { visitId: "v1", line: 2 }, { select: ["name"] })).toEqual({ name: "fan" });
    expect(await visits.findById(dealerScope("D-2"), "v1", { select: ["id"] })).toBeNull();
  });

  it("are found by conditions, in any order of columns, up to a limit", async () => {
    const find = (where: Parameters<typeof visits.findMany>[1]["where"]) =>
      visits
        .findMany(OPS, { select: ["id"], where: where ?? {}, orderBy: ["state", ["startsAtMs", "desc"]], limit: 10 })
        .then((rows) => rows.map(({ id }) => id));
    expect(await find({})).toEqual(["v2", "v1", "v3"]);
    expect(await find({ dealerId: "D-1", state: "planned" })).toEqual(["v1"]);
    expect(await find({ technician: null })).toEqual(["v2"]);
    expect(await find({ technician: { not: "Ada" } })).toEqual(["v2", "v3"]);
    expect(await find({ technician: { not: null } })).toEqual(["v1", "v3"]);
    expect(await find({ technician: { startsWith: "A" } })).toEqual(["v1"]);
    expect(await find({ startsAtMs: { from: 100, to: 300 } })).toEqual(["v2", "v3"]);
    expect(await find({ startsAtMs: { in: [300, 200] } })).toEqual(["v1", "v3"]);
    expect(await find({ isUrgent: true, bookedAt: new Date(0) })).toEqual(["v1"]);
    expect(await visits.findMany(OPS, { select: ["id"], orderBy: ["startsAtMs"], limit: 1 })).toEqual([{ id: "v2" }]);
  });

  it("are paged through in an order that has an index, both ways", async () => {
    const pageThrough = async (direction: "asc" | "desc", size: "first" | "last") => {
      const ids: string[] = [];
      for (let cursor: string | null = null; ; ) {
        const args = { [size]: 1, [size === "first" ? "after" : "before"]: cursor };
        const parsed = parsePage(args, visits.orders.TECHNICIAN.cursor);
        if (!parsed.ok) throw new Error(parsed.problem.reason);
        const { edges, pageInfo } = await visits.findPage(OPS, parsed.page, {
          select: ["id"],
          orderBy: "TECHNICIAN",
          direction,
        });
        ids.push(...edges.map(({ node }) => node.id));
        if (!(size === "first" ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return ids;
        cursor = size === "first" ? pageInfo.endCursor : pageInfo.startCursor;
      }
    };
    expect(await pageThrough("asc", "first")).toEqual(["v2", "v1", "v3"]);
    expect(await pageThrough("asc", "last")).toEqual(["v3", "v1", "v2"]);
    expect(await pageThrough("desc", "first")).toEqual(["v3", "v1", "v2"]);
    expect(parsePage({ after: "nonsense" }, visits.orders.START.cursor)).toMatchObject({ ok: false });
  });

  it("are counted and grouped", async () => {
    expect(await visits.count(OPS)).toBe(3);
    expect(await visits.count(dealerScope("D-1"), { where: { state: "done" } })).toBe(1);
    expect(await visits.groupBy(OPS, { by: ["dealerId"], limit: 10 })).toEqual([
      { dealerId: "D-1", count: 2 },
      { dealerId: "D-2", count: 1 },
    ]);
    expect(await visits.groupBy(dealerScope("D-2"), { by: ["state", "isUrgent"], limit: 10 })).toEqual([
      { state: "planned", isUrgent: false, count: 1 },
    ]);
  });

  it("include their relations, each in one statement for all rows", async () => {
    const rows = await visits.findMany(OPS, {
      select: ["technician"],
      orderBy: ["id"],
      include: { parts: { select: ["name"], limit: 1 } },
      limit: 10,
    });
    expect(rows).toEqual([
      { technician: "Ada", parts: [{ name: "filter" }] },
      { technician: null, parts: [] },
      { technician: "Bo", parts: [{ name: "belt" }] },
    ]);
    const back = await parts.findMany(dealerScope("D-2"), {
      select: ["name"],
      include: { visit: { select: ["dealerId"] } },
      limit: 10,
    });
    expect(back).toEqual([{ name: "belt", visit: { dealerId: "D-2" } }]);
  });

  it("are changed where a row is there, and written only if something differs", async () => {
    const change = visit("v1", "D-1", { startsAtMs: 300, technician: "Cy" });
    expect(await visits.upsert(OPS, [change, visit("v4", "D-3")])).toEqual({ written: 2, refused: [] });
    expect(await visits.upsert(OPS, [change, visit("v4", "D-3")])).toEqual({ written: 0, refused: [] });
    const select = ["technician", "isUrgent", "notes"] as const;
    expect(await visits.findById(OPS, "v1", { select })).toEqual({
      technician: "Cy",
      isUrgent: true,
      notes: ["ladder"],
    });
  });

  it("are written by a dealer only where it sees the row before and after", async () => {
    const mine = dealerScope("D-1");
    const written = await visits.upsert(mine, [
      visit("v1", "D-1", { technician: "Di" }),
      visit("v2", "D-2"),
      visit("v3", "D-1"),
      visit("v9", "D-2"),
      visit("v8", "D-1"),
    ]);
    expect(written.written).toBe(2);
    expect(written.refused.toSorted()).toEqual(["v2", "v3", "v9"]);
    expect(await visits.groupBy(OPS, { by: ["dealerId"], limit: 10 })).toEqual([
      { dealerId: "D-1", count: 3 },
      { dealerId: "D-2", count: 1 },
    ]);
    expect(await parts.upsert(mine, [{ visitId: "v3", line: 1, name: "other", pieces: 9 }])).toEqual({
      written: 0,
      refused: [{ visitId: "v3", line: 1 }],
    });
    expect(await parts.upsert(mine, [{ visitId: "v2", line: 1, name: "other", pieces: 9 }])).toEqual({
      written: 1,
      refused: [],
    });
  });

  it("are removed by id, by a dealer only where it sees them", async () => {
    expect(
      await parts.remove(dealerScope("D-2"), [
        { visitId: "v1", line: 1 },
        { visitId: "v3", line: 1 },
      ]),
    ).toBe(1);
    expect(
      await parts.remove(OPS, [
        { visitId: "v1", line: 2 },
        { visitId: "v1", line: 9 },
      ]),
    ).toBe(1);
    expect(await parts.findMany(OPS, { select: ["visitId", "line"], limit: 9 })).toEqual([{ visitId: "v1", line: 1 }]);
    expect(await visits.remove(dealerScope("D-1"), ["v2", "v3", "v2", "none"])).toBe(1);
    const left = await visits.findMany(OPS, { select: ["id"], orderBy: ["id"], limit: 9 });
    expect(left.map(({ id }) => id)).toEqual(["v1", "v3"]);
  });

  it("take none of the rows if one is refused by what it is", async () => {
    await expect(visits.upsert(OPS, [visit("v7", "D-1"), visit("v7", "D-1")])).rejects.toThrow("the same id");
    await expect(visits.upsert(OPS, [visit("v7", "D-1", { technician: "a\0b" })])).rejects.toThrow("technician");
    await expect(visits.upsert(OPS, [visit("v7", "D-1", { technician: "\ud800" })])).rejects.toThrow("technician");
    await expect(visits.upsert(OPS, [visit("v7", "D-1", { startsAtMs: Number.NaN })])).rejects.toThrow("starts_at_ms");
    await expect(
      visits.upsert(OPS, [visit("v7", "D-1"), visit("v8", "D-1", { startsAtMs: null as never })]),
    ).rejects.toThrow();
    expect(await visits.count(OPS)).toBe(3);
  });
});
