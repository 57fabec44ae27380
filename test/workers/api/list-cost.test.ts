import { beforeAll, describe, expect, it } from "vitest";
import { DAY, known } from "./list-world.ts";
import {
  ask,
  at,
  dealerScope,
  emptyTables,
  nodesOf,
  seedAlerts,
  seedCustomers,
  seedDealers,
  seedDevices,
  watchStatements,
} from "./support.ts";

describe("the rows that lists read over 300 devices", () => {
  const numbers = Array.from({ length: 300 }, (_, i) => i);

  /** Ten dealers and thirty customers, a few devices that nobody has, every tenth device with an open alert, five days of updates. */
  beforeAll(async () => {
    await emptyTables();
    const name = (i: number) => String(i).padStart(3, "0");
    await seedDealers(
      ...numbers.slice(0, 100).map((i) => ({ dealerId: `D-${i}`, name: name(i), source: "ecobee" as const })),
    );
    await seedCustomers(...numbers.map((i) => ({ customerId: `C-${i}`, name: name(i), source: "ecobee" as const })));
    await seedDevices(
      ...numbers.map((i) => ({
        key: `${i % 2 ? "elt" : "ecobee"}:${name(i)}`,
        aspects: known(`S-${name((i * 7) % 300)}`, { minute: i, ...(i % 3 && { online: i % 3 === 1 }) }),
        dealers: i % 25 === 24 ? [] : ([[1, `D-${i % 10}`]] as const),
        customerId: `C-${i % 30}`,
        updated: (i % 5) * DAY,
      })),
    );
    await seedAlerts(
      ...numbers.flatMap((i) =>
        ["a", "b", "c"].map(
          (alertId) =>
            ({
              deviceKey: `${i % 2 ? "elt" : "ecobee"}:${name(i)}`,
              alertId,
              raised: i + 2,
              severity: i % 20 ? "info" : "critical",
              ...((i % 10 || alertId !== "a") && { cleared: i + 3 }),
            }) as const,
        ),
      ),
    );
  });

  const filter = (text: string) => `devices(first: 5, filter: { ${text} }`;

  it.each([
    ["devices(first: 5", 7, ""],
    ["devices(last: 5", 7, ""],
    [filter("source: ELT"), 7, "USING PRIMARY KEY (key>? AND key<?)"],
    [filter("status: ONLINE"), 7, "devices_by_status (status=?"],
    [filter("statuses: [OFFLINE, ONLINE]"), 9, "MERGE (UNION ALL)"],
    [
      filter("statuses: [ONLINE, UNREGISTERED], sources: [ELT, INFINITY]"),
      9,
      "devices_by_status (status=? AND key>? AND key<?)",
    ],
    [filter("sources: [ELT, ECOBEE]"), 7, "USING PRIMARY KEY (key>? AND key<?)"],
    [filter("unassigned: true"), 14, "devices_unassigned"],
    [filter("unassigned: true, sources: [ELT]"), 14, "devices_unassigned (key>? AND key<?)"],
    [filter(`dealerId: "D-3"`), 7, "devices_by_dealer (dealer_id=?"],
    [filter(`customerId: "C-3"`), 7, "devices_by_customer (customer_id=?"],
    [filter(`dealerId: "D-3", status: ONLINE, serialPrefix: "S-"`), 60, "devices_by_dealer (dealer_id=?)"],
    [filter(`serialPrefix: "S-1"`), 7, "devices_by_serial_number (serial_number>? AND serial_number<?)"],
    [
      filter(`registered: { from: "${at(100)}", to: "${at(200)}" }`),
      7,
      "devices_by_registered_at (registered_at>? AND registered_at<?)",
    ],
    [filter(`updatedSince: "${at(3 * DAY)}"`), 7, "devices_by_updated_on (updated_on>?)"],
    // For each alert: whether the device has an earlier one, and the device.
    [filter("hasOpenAlerts: true"), 24, "devices USING PRIMARY KEY (key=?)"],
    [filter("openAlertSeverity: CRITICAL"), 35, "devices USING PRIMARY KEY (key=?)"],
    [filter(`dealerId: "D-0", hasOpenAlerts: true`), 12, "open_alerts_by_device (device_key=?)"],
    ["devices(first: 5, orderBy: { field: SERIAL_NUMBER }", 7, "devices_by_serial_number"],
    ["devices(first: 5, orderBy: { field: UPDATED, direction: DESC }", 7, "devices_by_updated_on"],
    ["devices(last: 5, orderBy: { field: REGISTERED }", 7, "devices_by_registered_at"],
    [
      `alerts(first: 5, filter: { raised: { from: "${at(100)}", to: "${at(200)}" } }`,
      7,
      "alerts_by_raised_at (raised_at>? AND raised_at<?)",
    ],
    ["alerts(last: 5, filter: { state: OPEN }", 7, "alerts_by_state (state=?"],
    ["alerts(first: 5, filter: { states: [OPEN, ACKNOWLEDGED] }", 9, "alerts_by_state (state=?"],
    [
      "alerts(first: 5, filter: { states: [OPEN], severity: CRITICAL, sources: [ECOBEE] }",
      13,
      "alerts_by_kind (state=? AND severity=? AND <expr>=?)",
    ],
    ["alerts(first: 5, filter: { minSeverity: CRITICAL }", 30, "alerts_by_kind"],
    ["alerts(last: 5, filter: { sources: [ELT] }", 40, "alerts_by_kind"],
    [`alerts(first: 5, filter: { dealerId: "D-3" }`, 250, "devices_by_dealer (dealer_id=?)"],
    // For each index entry, the record is read, and whether an earlier source has its id.
    [`dealers(first: 5, filter: { namePrefix: "05" }`, 20, "dealer_records_by_name (name>? AND name<?)"],
    ["customers(last: 5", 20, "customer_records_by_name"],
  ])("are few, and no more after a cursor: %s)", async (list, rows, plan) => {
    const [, name = "", size = ""] = /^(\w+)\((first|last)/.exec(list) ?? [];
    const [side, end] = size === "first" ? ["after", "endCursor"] : ["before", "startCursor"];
    const watched = watchStatements();
    const { data, errors } = await ask(`{ ${list}) { edges { cursor } pageInfo { startCursor endCursor } } }`, watched);
    expect(errors).toBeUndefined();
    expect(data[name].edges).toHaveLength(5);
    expect(watched.rowsRead()).toBeLessThanOrEqual(rows);
    expect((await watched.plans()).join("\n")).toContain(plan);
    const next = watchStatements();
    const cursor = data[name].pageInfo[end as string];
    const second = await ask(`{ ${list}, ${side}: "${cursor}") { edges { cursor } } }`, next);
    expect(second.data[name].edges.length).toBeGreaterThan(0);
    expect(next.rowsRead()).toBeLessThanOrEqual(rows);
  });

  it.each([
    ["devices(first: 5, orderBy: { field: UPDATED }", 70],
    ["devices(first: 5, orderBy: { field: SERIAL_NUMBER }", 70],
    ["devices(first: 5, filter: { hasOpenAlerts: true }", 160],
    ["customers(first: 5", 70],
    ["dealers(first: 5", 10],
  ])("are no more for a dealer than it has: %s)", async (list, rows) => {
    for (const scope of [dealerScope("D-0"), dealerScope("D-0", "D-100")]) {
      const watched = watchStatements();
      await ask(`{ ${list}) { edges { cursor } } }`, { scope, env: watched.env });
      expect(watched.rowsRead()).toBeLessThanOrEqual(rows);
    }
  });

  it("are a few counts for a dealer's statistics", async () => {
    const watched = watchStatements();
    const query = "{ dealers { edges { node { statistics { devices openAlerts } } } } }";
    const { data } = await ask(query, { scope: dealerScope("D-0"), env: watched.env });
    expect(nodesOf(data.dealers)).toEqual([{ statistics: { devices: 30, openAlerts: 30 } }]);
    expect(watched.rowsRead()).toBeLessThanOrEqual(20);
  });

  it("are bounded for dealers with their devices and statistics", async () => {
    const watched = watchStatements();
    const { data } = await ask(
      `{ dealers(first: 20) { edges { node { name devices(first: 10) { totalCount edges { node { key } } }
        statistics { devices openAlerts } } } } }`,
      watched,
    );
    expect(nodesOf(data.dealers)).toHaveLength(20);
    // Dealers, their pages, and the counts that are kept.
    expect(watched.statements).toHaveLength(4);
    expect(watched.rowsRead()).toBeLessThan(800);
  });
});
