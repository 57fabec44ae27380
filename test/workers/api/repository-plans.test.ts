import { beforeAll, describe, expect, it } from "vitest";
import {
  AlertRepository,
  AssignmentRepository,
  CustomerRepository,
  DealerRepository,
  DeviceRepository,
  type Ordering,
  type PageRequest,
  parsePage,
  ReadSession,
} from "../../../packages/sdk/src/repositories.ts";
import { watchedD1 } from "../seeds.ts";
import {
  dealerScope,
  emptyTables,
  env,
  OPS,
  registered,
  seedAlerts,
  seedCustomers,
  seedDealers,
  seedDevices,
} from "./support.ts";
import { createOwnTables, OWN_DB, VisitRepository } from "./visits.ts";

const FIRST: PageRequest = { size: 5, from: "start", after: null, before: null };

/** A repository whose statements, plans and rows read are noted. */
function watched<R>(database: D1Database | undefined, open: (session: never) => R) {
  const { DB, ...watching } = watchedD1(database);
  return { ...watching, repository: open(new ReadSession(DB) as never) };
}
const plan = async ({ plans }: { plans: () => Promise<string[]> }) => (await plans()).join("\n");

function pageAfter({ endCursor }: { readonly endCursor: string | null }, { cursor }: Ordering): PageRequest {
  const parsed = parsePage({ first: 5, after: endCursor }, cursor);
  if (!parsed.ok) throw new Error(parsed.problem.reason);
  return parsed.page;
}

describe("a repository of a service's own table with 2,000 rows", () => {
  const open = () => watched(OWN_DB, (session) => new VisitRepository(session));
  const numbers = Array.from({ length: 2_000 }, (_, i) => i);

  beforeAll(async () => {
    await createOwnTables();
    await new VisitRepository(OWN_DB).upsert(
      OPS,
      numbers.map((i) => ({
        id: `v${String(i).padStart(4, "0")}`,
        dealerId: `D-${i % 100}`,
        deviceKey: "elt:1" as const,
        technician: i % 3 ? `T-${i % 7}` : null,
        startsAtMs: (i * 7) % 2_000,
        state: i % 2 ? ("done" as const) : ("planned" as const),
      })),
    );
    await OWN_DB.prepare("INSERT INTO visit_parts SELECT id, 1, 'fan', 1 FROM visits").run();
  });

  it("finds a row by its key", async () => {
    const own = open();
    expect(await own.repository.findById(dealerScope("D-7"), "v0007", { select: ["state"] })).toEqual({
      state: "done",
    });
    expect(await plan(own)).toContain("sqlite_autoindex_visits_1 (id=?)");
    // An entry of the index and the row, with the one row of the parameter.
    expect(own.rowsRead()).toBeLessThanOrEqual(3);
  });

  it("reads a page from its cursor on by the index of the order, deep in the list as at its start", async () => {
    let page = FIRST;
    for (let n = 0; n < 60; n++) {
      const own = open();
      const { pageInfo } = await own.repository.findPage(OPS, page, { select: ["id"], orderBy: "START" });
      expect(own.rowsRead()).toBeLessThanOrEqual(12);
      expect(await plan(own)).toContain(
        n === 0 ? "COVERING INDEX visits_by_start" : "visits_by_start ((starts_at_ms,id)>",
      );
      page = pageAfter(pageInfo, own.repository.orders.START);
    }
  });

  it("reads the rows of a dealer by the index of the dealer, whatever else is asked", async () => {
    const scopes = [dealerScope("D-7"), dealerScope("D-7", "D-8")];
    for (const [scope, rows] of [
      [scopes[0], 20],
      [scopes[1], 40],
    ] as const) {
      for (const where of [{}, { state: "done" as const }, { technician: "T-1", startsAtMs: { from: 0 } }]) {
        const own = open();
        const orders = ["START", "TECHNICIAN"] as const;
        for (const orderBy of orders)
          await own.repository.findPage(scope as never, FIRST, { select: ["id"], where, orderBy });
        await own.repository.findMany(scope as never, { select: ["id"], where, orderBy: ["id"], limit: 5 });
        await own.repository.count(scope as never, { where });
        await own.repository.groupBy(scope as never, { by: ["state"], where, limit: 5 });
        expect(own.rowsRead()).toBeLessThanOrEqual(5 * (2 * rows + 10));
        expect(await plan(own)).not.toContain("visits_by_technician");
      }
    }
  });

  it("includes a relation of a hundred rows in one statement, by the index of the relation", async () => {
    const own = open();
    const rows = await own.repository.findMany(OPS, {
      select: ["id"],
      orderBy: ["startsAtMs"],
      include: { parts: { select: ["name"], limit: 3 } },
      limit: 100,
    });
    expect(rows.map(({ parts }) => parts.length)).toEqual(Array(100).fill(1));
    expect(own.statements).toHaveLength(2);
    expect(await plan(own)).toContain("visit_parts_1 (visit_id=?");
    // 100 visits by their index, then for each its part in the inner and in the outer table, with index entries.
    expect(own.rowsRead()).toBeLessThanOrEqual(100 * 2 + 100 * 6);
  });

  it("takes a thousand ids or values as one bound parameter, of which D1 allows a hundred", async () => {
    const own = open();
    const ids = numbers.slice(0, 1_000).map((i) => `v${String(i).padStart(4, "0")}`);
    expect(await own.repository.findByIds(OPS, ids, { select: ["id"] })).toHaveLength(1_000);
    expect(await own.repository.count(OPS, { where: { id: { in: ids }, technician: { in: ids } } })).toBe(0);
    const dealers = numbers.map((i) => `D-${i + 50}`);
    expect(await own.repository.count(dealerScope(...dealers))).toBe(1_000);
    for (const statement of own.statements) expect(statement.split("?").length - 1).toBeLessThanOrEqual(10);
    const tooMany = numbers.map((i) => `v${i}`);
    await expect(own.repository.findByIds(OPS, tooMany, { select: ["id"] })).rejects.toThrow("2000 ids are too many");
  });
});

describe("the repositories of the tables that events build, over 300 devices", () => {
  beforeAll(async () => {
    await emptyTables();
    const numbers = Array.from({ length: 300 }, (_, i) => i);
    const key = (i: number) => `elt:${String(i).padStart(3, "0")}`;
    await seedDealers(
      ...numbers.slice(0, 10).map((i) => ({ dealerId: `D-${i}`, name: `N-${i}`, source: "elt" as const })),
    );
    await seedCustomers(...numbers.map((i) => ({ customerId: `C-${i}`, name: `N-${i}`, source: "elt" as const })));
    await seedDevices(
      ...numbers.map((i) => ({
        key: key(i),
        aspects: registered(`S-${i}`),
        dealers: [[1, `D-${i % 10}`]] as const,
        customerId: `C-${i}`,
      })),
    );
    await seedAlerts(
      ...numbers.flatMap((i) => ["a", "b"].map((alertId) => ({ deviceKey: key(i), alertId, raised: i + 2 }))),
    );
  });
  const mine = dealerScope("D-3");

  it("find a row by its key, and its relations in one statement each", async () => {
    const devices = watched(undefined, (session) => new DeviceRepository(session));
    const include = {
      alerts: { select: ["alertId"], where: { state: "OPEN" }, limit: 5 },
      assignments: { select: ["dealerId"], limit: 5 },
      dealerRecords: { select: ["name"], limit: 5 },
      customerRecords: { select: ["name"], limit: 5 },
    } as const;
    const found = await devices.repository.findById(mine, "elt:003", { select: ["serialNumber"], include });
    expect(found).toEqual({
      serialNumber: "S-3",
      alerts: [{ alertId: "a" }, { alertId: "b" }],
      assignments: [{ dealerId: "D-3" }],
      dealerRecords: [{ name: "N-3" }],
      customerRecords: [{ name: "N-3" }],
    });
    expect(devices.statements).toHaveLength(5);
    expect(devices.rowsRead()).toBeLessThanOrEqual(40);
    expect(await devices.repository.findById(mine, "elt:004", { select: ["key"] })).toBeNull();
  });

  it("page through a dealer's rows without reading those of other dealers", async () => {
    const devices = watched(undefined, (session) => new DeviceRepository(session));
    const page = await devices.repository.findPage(mine, FIRST, { select: ["key"], orderBy: "KEY" });
    expect(page.edges.map(({ node }) => node.key)).toEqual(
      [3, 13, 23, 33, 43].map((i) => `elt:${String(i).padStart(3, "0")}`),
    );
    expect(devices.rowsRead()).toBeLessThanOrEqual(7);
    const alerts = watched(undefined, (session) => new AlertRepository(session));
    const raised = await alerts.repository.findPage(mine, FIRST, {
      select: ["deviceKey"],
      where: { state: "OPEN" },
      orderBy: "RAISED",
      direction: "desc",
      include: { device: { select: ["dealerId"] } },
    });
    expect(raised.edges.map(({ node }) => node.deviceKey)).toEqual([
      "elt:293",
      "elt:293",
      "elt:283",
      "elt:283",
      "elt:273",
    ]);
    expect(new Set(raised.edges.map(({ node }) => node.device?.dealerId))).toEqual(new Set(["D-3"]));
    // 30 devices and their 60 alerts, each with its device and its assignment; then the devices of the page. Measured: 310.
    expect(alerts.rowsRead()).toBeLessThanOrEqual(320);
    expect(await alerts.repository.groupBy(mine, { by: ["state", "severity"], limit: 5 })).toEqual([
      { state: "OPEN", severity: "warning", count: 60 },
    ]);
    const customers = watched(undefined, (session) => new CustomerRepository(session));
    expect(await customers.repository.count(mine)).toBe(30);
    expect(customers.rowsRead()).toBeLessThanOrEqual(160);
    const dealers = watched(undefined, (session) => new DealerRepository(session));
    const own = await dealers.repository.findMany(mine, {
      select: ["id", "source"],
      include: { devices: { select: ["key"], limit: 2 } },
      limit: 5,
    });
    expect(own).toEqual([{ id: "D-3", source: "elt", devices: [{ key: "elt:003" }, { key: "elt:013" }] }]);
    expect(dealers.rowsRead()).toBeLessThanOrEqual(15);
  });

  it("show a dealer the assignments of a device that are its own", async () => {
    await seedDevices({
      key: "elt:moved",
      dealers: [
        [1, "D-3"],
        [2, "D-4"],
      ],
    });
    const assignments = new AssignmentRepository(env.DB);
    const read = (who: typeof mine) =>
      assignments.findMany(who, {
        select: ["dealerId"],
        where: { deviceKey: "elt:moved" },
        include: { device: { select: ["key"] } },
        limit: 9,
      });
    expect(await read(mine)).toEqual([{ dealerId: "D-3", device: null }]);
    expect(await read(dealerScope("D-4"))).toEqual([{ dealerId: "D-4", device: { key: "elt:moved" } }]);
  });
});
