import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OWN, seedWorld } from "./list-world.ts";
import {
  ask,
  emptyTables,
  env,
  nodesOf,
  seedAlerts,
  seedDealers,
  seedDevices,
  version,
  watchStatements,
} from "./support.ts";

describe("totalCount", () => {
  beforeEach(emptyTables);

  /** Inserts many devices at once by SQL. */
  const seedMany = (count: number) =>
    env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO devices (key, aspects, latest, revision, status, dealer_id, updated_on)
       SELECT 'elt:' || i, '{}', ?, 1, 'ONLINE', 'D-1', ? FROM n`,
    )
      .bind(count, version(0), "2026-11-23")
      .run();

  it("is the length of the whole list, and null beyond ten thousand", async () => {
    await seedDealers({ dealerId: "D-1", name: "One" });
    const query = `{ devices(first: 1) { totalCount } dealer(dealerId: "D-1") { devices(first: 1) { totalCount } } }`;
    await seedMany(10_000);
    const counted = { totalCount: 10_000 };
    expect((await ask(query)).data).toEqual({ devices: counted, dealer: { devices: counted } });
    await seedDevices({ key: "elt:x", dealers: [[1, "D-1"]] });
    const uncounted = { totalCount: null };
    const watched = watchStatements();
    const { data } = await ask(query, { env: watched.env });
    expect(data).toEqual({ devices: uncounted, dealer: { devices: uncounted } });
    expect(watched.rowsRead()).toBeLessThan(20_100);
  });

  it("is counted for many parents in one statement, and only if the query selects it", async () => {
    await seedDealers(...["1", "2", "3"].map((n) => ({ dealerId: `D-${n}`, name: n })));
    await seedDevices(
      { key: "elt:1", dealers: [[1, "D-1"]] },
      { key: "elt:2", dealers: [[1, "D-1"]] },
      { key: "elt:3", dealers: [[1, "D-2"]] },
    );
    const ask3 = async (selection: string) => {
      const watched = watchStatements();
      const { data } = await ask(`{ dealers { edges { node { devices(first: 1) { ${selection} } } } } }`, watched);
      return { statements: watched.statements.length, found: nodesOf(data.dealers).map(({ devices }) => devices) };
    };
    expect((await ask3("pageInfo { hasNextPage }")).statements).toBe(2);
    expect(await ask3("totalCount")).toEqual({
      statements: 3,
      found: [{ totalCount: 2 }, { totalCount: 1 }, { totalCount: 0 }],
    });
  });

  it("counts what the token may see", async () => {
    await seedDevices({ key: "elt:1", dealers: [[1, "D-1"]] }, { key: "elt:2", dealers: [[1, "D-2"]] });
    await seedAlerts({ deviceKey: "elt:1", alertId: "a", raised: 0 }, { deviceKey: "elt:1", alertId: "b", raised: 2 });
    const { data } = await ask(
      "{ devices { totalCount edges { node { alerts { totalCount } } } } alerts { totalCount } }",
      { scope: OWN },
    );
    expect(data).toEqual({
      devices: { totalCount: 1, edges: [{ node: { alerts: { totalCount: 1 } } }] },
      alerts: { totalCount: 1 },
    });
  });
});

describe("a dealer's statistics", () => {
  beforeAll(async () => {
    await seedWorld();
    await env.DB.prepare("UPDATE devices SET status = 'RETIRED' WHERE key = 'ecobee:2'").run();
  });

  const query =
    "{ dealers { edges { node { dealerId statistics { devices online offline retired openAlerts criticalAlerts } } } } }";

  it("count its devices and their open alerts, in two statements for all dealers", async () => {
    const watched = watchStatements();
    const { data } = await ask(query, watched);
    const found = Object.fromEntries(nodesOf(data.dealers).map(({ dealerId, statistics }) => [dealerId, statistics]));
    expect(found["D-1"]).toEqual({
      devices: 7,
      online: 2,
      offline: 1,
      retired: 1,
      openAlerts: 4,
      criticalAlerts: 2,
    });
    expect(found["D-2"]).toMatchObject({ devices: 2, online: 0, openAlerts: 1, criticalAlerts: 1 });
    expect(found["D-5"]).toMatchObject({ devices: 0, openAlerts: 0 });
    expect(watched.statements).toHaveLength(3);
  });

  it("leave out the alerts that a dealer may not see", async () => {
    const { data } = await ask(query, { scope: OWN });
    expect(nodesOf(data.dealers).map(({ statistics }) => statistics)).toEqual([
      { devices: 7, online: 2, offline: 1, retired: 1, openAlerts: 3, criticalAlerts: 1 },
    ]);
  });
});
