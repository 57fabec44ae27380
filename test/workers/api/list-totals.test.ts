import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OWN, seedWorld } from "./list-world.ts";
import {
  ask,
  dealerScope,
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
    const query = `{ devices(first: 1, filter: { hasOpenAlerts: false }) { totalCount }
      dealer(dealerId: "D-1") { devices(first: 1, filter: { hasOpenAlerts: false }) { totalCount } } }`;
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

  it("is known of any number of devices by dealer, source and status, and reads a few rows", async () => {
    await seedDealers({ dealerId: "D-1", name: "One" }, { dealerId: "D-2", name: "Two" });
    await seedMany(10_050);
    await seedDevices({ key: "ecobee:x", dealers: [[1, "D-2"]] }, { key: "elt:y" });
    const total = (filter: string) => `devices(first: 0, filter: { ${filter} }) { totalCount }`;
    const watched = watchStatements();
    const { data } = await ask(
      `{ all: ${total("")} online: ${total("status: ONLINE")} none: ${total("statuses: []")}
         unregistered: ${total("statuses: [UNREGISTERED, RETIRED]")} elt: ${total("sources: [ELT], unassigned: false")}
         nobodys: ${total("unassigned: true")} one: ${total(`dealerId: "D-1"`)} empty: ${total(`dealerId: ""`)}
         prefix: ${total(`serialPrefix: ""`)} customer: ${total(`customerId: ""`)}
         dealers { edges { node { devices(first: 0, filter: { source: ELT }) { totalCount } } } } }`,
      { env: watched.env },
    );
    const { dealers, ...totals } = data;
    expect(
      Object.fromEntries(
        Object.entries<{ totalCount: number }>(totals).map(([name, { totalCount }]) => [name, totalCount]),
      ),
    ).toEqual({
      ...{ all: 10_052, online: 10_050, none: 0, unregistered: 2, elt: 10_050, nobodys: 1, one: 10_050, empty: 0 },
      ...{ prefix: 10_052, customer: 0 },
    });
    expect(nodesOf(dealers).map(({ devices }) => devices.totalCount)).toEqual([10_050, 0]);
    expect(watched.rowsRead()).toBeLessThan(150);
    expect((await ask(`{ ${total("")} }`, { scope: OWN })).data.devices.totalCount).toBe(10_050);
  });

  it("is counted while devices from before the counts are not in them yet", async () => {
    await seedMany(3);
    await env.DB.exec("UPDATE device_counts SET devices = 0");
    await env.DB.exec("UPDATE fill_progress SET through = 'elt:1'");
    const query = "{ devices { totalCount } fleetStatistics { devices } }";
    expect((await ask(query)).data).toEqual({ devices: { totalCount: 3 }, fleetStatistics: null });
    await env.DB.exec("UPDATE fill_progress SET through = '~'");
    expect((await ask(query)).data).toEqual({ devices: { totalCount: 0 }, fleetStatistics: { devices: 0 } });
    await emptyTables();
    await env.DB.exec("DELETE FROM device_counts");
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

  it("count its devices and their open alerts, in one statement for all dealers", async () => {
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
    expect(watched.statements).toHaveLength(2);
  });

  it("are counted from the rows while the counts are being filled", async () => {
    const [kept, own] = [await ask(query), await ask(query, { scope: OWN })];
    await env.DB.exec("UPDATE fill_progress SET through = 'elt:1'");
    const watched = watchStatements();
    expect((await ask(query, watched)).data).toEqual(kept.data);
    expect(watched.statements).toHaveLength(4);
    expect((await ask(query, { scope: OWN })).data).toEqual(own.data);
    await env.DB.exec("UPDATE fill_progress SET through = '~'");
  });

  it("leave out the alerts that a dealer may not see", async () => {
    const { data } = await ask(query, { scope: OWN });
    expect(nodesOf(data.dealers).map(({ statistics }) => statistics)).toEqual([
      { devices: 7, online: 2, offline: 1, retired: 1, openAlerts: 3, criticalAlerts: 1 },
    ]);
  });
});

describe("the fleet's statistics", () => {
  beforeAll(async () => {
    await seedWorld();
    await seedDevices({ key: "elt:7" }, { key: "infinity:8" });
    await seedAlerts(
      { deviceKey: "elt:7", alertId: "a-1", raised: 2, severity: "critical" },
      { deviceKey: "ecobee:1", alertId: "a-1", cleared: 3 },
    );
    // An alert that is open without its raise.
    await env.DB.prepare(
      `INSERT INTO alerts (device_key, alert_id, alert, revision, state) VALUES ('ecobee:1', 'a-2', '{}', 1, 'OPEN')`,
    ).run();
  });

  const query = `query ($dealerId: String) { fleetStatistics(dealerId: $dealerId) { devices unassigned
    byStatus { status devices } bySource { source devices openAlerts } openAlerts
    openAlertsBySeverity { severity alerts } } }`;
  const ofFleet = async (options: Parameters<typeof ask>[1]) => {
    const { fleetStatistics: all } = (await ask(query, options)).data;
    const listed = (rows: Record<string, unknown>[]) => rows.map((row) => Object.values(row).join(" "));
    return {
      ...all,
      byStatus: listed(all.byStatus),
      bySource: listed(all.bySource),
      openAlertsBySeverity: listed(all.openAlertsBySeverity),
    };
  };

  it("count everything by status, source and severity", async () => {
    expect(await ofFleet({})).toEqual({
      devices: 11,
      unassigned: 2,
      byStatus: ["UNREGISTERED 5", "REGISTERED 3", "ONLINE 2", "OFFLINE 1", "RETIRED 0"],
      bySource: ["INFINITY 2 0", "ELT 7 6", "ECOBEE 2 1"],
      openAlerts: 7,
      openAlertsBySeverity: ["INFO 1", "WARNING 1", "CRITICAL 4", " 1"],
    });
  });

  it("are of a dealer's own devices, and of the alerts that it may see", async () => {
    const own = {
      devices: 7,
      unassigned: 0,
      byStatus: ["UNREGISTERED 2", "REGISTERED 2", "ONLINE 2", "OFFLINE 1", "RETIRED 0"],
      bySource: ["INFINITY 1 0", "ELT 4 3", "ECOBEE 2 0"],
      openAlerts: 3,
      openAlertsBySeverity: ["INFO 1", "WARNING 1", "CRITICAL 1"],
    };
    expect(await ofFleet({ scope: OWN })).toEqual(own);
    expect(await ofFleet({ scope: OWN, variables: { dealerId: "D-1" } })).toEqual(own);
    expect(await ofFleet({ scope: OWN, variables: { dealerId: "D-2" } })).toMatchObject({ devices: 0, openAlerts: 0 });
    expect(await ofFleet({ variables: { dealerId: "" } })).toMatchObject({ devices: 0, openAlerts: 0 });
    const both = await ofFleet({ scope: dealerScope("D-1", "D-2") });
    expect(both).toMatchObject({ devices: 9, openAlerts: 5 });
    expect(await ofFleet({ variables: { dealerId: "D-1" } })).toMatchObject({ devices: 7, openAlerts: 5 });
  });
});
