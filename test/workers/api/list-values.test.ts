import { beforeAll, describe, expect, it } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { keysOf, known, OWN, seedWorld } from "./list-world.ts";
import { ask, nodesOf, OPS, seedAlerts, seedDevices } from "./support.ts";

async function devicesWhere(filter: object, scope: Scope = OPS): Promise<string[]> {
  const { data } = await ask(
    "query ($filter: DeviceFilter) { devices(filter: $filter) { totalCount edges { node { key } } } }",
    { variables: { filter }, scope },
  );
  expect(data.devices.totalCount).toBe(data.devices.edges.length);
  return keysOf(data.devices);
}

/** The world of the other lists, and two devices that nobody has. */
beforeAll(async () => {
  await seedWorld();
  await seedDevices({ key: "elt:7" }, { key: "elt:8", aspects: known("S-8") });
  await seedAlerts({ deviceKey: "elt:7", alertId: "a-1", raised: 2, severity: "critical" });
});

describe("devices", () => {
  it.each([
    [{ statuses: ["ONLINE", "OFFLINE"] }, ["elt:1", "elt:2", "elt:4"]],
    [{ statuses: ["OFFLINE", "ONLINE", "OFFLINE"], customerId: "C-1" }, ["elt:1", "elt:2"]],
    [
      { statuses: ["ONLINE", "UNREGISTERED"], sources: ["INFINITY", "ELT"] },
      ["elt:1", "elt:3", "elt:4", "elt:7", "infinity:1"],
    ],
    [{ statuses: ["ONLINE", "OFFLINE"], status: "OFFLINE" }, ["elt:2"]],
    [{ statuses: ["ONLINE"], status: "OFFLINE" }, []],
    [{ statuses: [] }, []],
    [{ sources: [] }, []],
    [{ sources: ["INFINITY", "ECOBEE"] }, ["ecobee:1", "ecobee:2", "infinity:1"]],
    [{ sources: ["INFINITY", "ECOBEE"], source: "ELT" }, []],
    [
      { sources: ["INFINITY", "ECOBEE"], hasOpenAlerts: false, dealerId: "D-1" },
      ["ecobee:1", "ecobee:2", "infinity:1"],
    ],
    [{ unassigned: true }, ["elt:7", "elt:8"]],
    [{ unassigned: true, statuses: ["RETIRED", "REGISTERED"] }, ["elt:8"]],
    [{ unassigned: true, dealerId: "D-1" }, []],
    [{ unassigned: true, hasOpenAlerts: true }, ["elt:7"]],
    [{ unassigned: false, sources: ["ELT"], status: "REGISTERED" }, ["elt:5", "elt:6"]],
  ])("are those in which all conditions hold: %j", async (filter, expected) => {
    expect(await devicesWhere(filter)).toEqual(expected);
  });

  it("that nobody has are seen by no dealer", async () => {
    expect(await devicesWhere({ unassigned: true }, OWN)).toEqual([]);
    expect(await devicesWhere({ unassigned: false, sources: ["INFINITY"] }, OWN)).toEqual(["infinity:1"]);
  });

  it("are paged through in both directions, across statuses and sources", async () => {
    const filter = {
      statuses: ["ONLINE", "OFFLINE", "REGISTERED", "UNREGISTERED"],
      sources: ["INFINITY", "ECOBEE", "ELT"],
    };
    const all = await devicesWhere(filter);
    expect(all).toHaveLength(11);
    const query = `query ($filter: DeviceFilter, $direction: OrderDirection!, $first: Int, $after: String, $last: Int,
      $before: String) { devices(filter: $filter, orderBy: { direction: $direction }, first: $first, after: $after,
      last: $last, before: $before) { edges { node { key } } pageInfo { startCursor endCursor } } }`;
    for (const direction of ["ASC", "DESC"]) {
      const ordered = direction === "ASC" ? all : all.toReversed();
      for (const [size, side, from, end] of [
        ["first", "after", 0, "endCursor"],
        ["last", "before", -2, "startCursor"],
      ] as const) {
        const seen: string[][] = [];
        for (let cursor: string | null = null; seen.length < 6; ) {
          const variables: object = { filter, direction, [size]: 2, [side]: cursor };
          const { devices } = (await ask(query, { variables: { ...variables } })).data;
          seen.push(keysOf(devices));
          cursor = devices.pageInfo[end];
          if (cursor === null) break;
        }
        expect(from === 0 ? seen.flat() : seen.toReversed().flat(), `${direction} ${size}`).toEqual(ordered);
      }
    }
  });
});

describe("alerts", () => {
  it.each([
    [{ states: ["OPEN"], severities: ["CRITICAL"] }, ["elt:3 a-1", "elt:6 d-2's", "elt:7 a-1", "elt:1 a-1"]],
    [{ states: ["OPEN"], severities: ["CRITICAL"], sources: ["ECOBEE", "INFINITY"] }, []],
    [{ states: ["CLEARED", "ACKNOWLEDGED"] }, ["elt:2 a-1", "elt:1 a-2", "elt:1 a-5", "elt:1 a-4"]],
    [{ states: ["CLEARED"], sources: ["ELT"] }, ["elt:2 a-1", "elt:1 a-2", "elt:1 a-5", "elt:1 a-4"]],
    [{ states: ["CLEARED"], severities: ["CRITICAL"] }, ["elt:2 a-1", "elt:1 a-2"]],
    [{ minSeverity: "WARNING", state: "OPEN" }, ["elt:3 a-1", "elt:1 a-3", "elt:6 d-2's", "elt:7 a-1", "elt:1 a-1"]],
    [{ minSeverity: "WARNING", severities: ["INFO", "WARNING"] }, ["elt:1 a-3"]],
    [{ minSeverity: "CRITICAL", severity: "INFO" }, []],
    [{ severities: [] }, []],
    [{ states: [] }, []],
    [{ sources: [] }, []],
    [{ dealerId: "D-2" }, ["elt:3 a-1"]],
    [{ dealerId: "D-1", states: ["OPEN"] }, ["elt:1 a-3", "elt:6 d-2's", "elt:4 a-1", "elt:1 a-1"]],
    [{ dealerId: "D-1", deviceKey: "elt:3" }, []],
    [{ dealerId: "D-2", deviceKey: "elt:3", minSeverity: "CRITICAL" }, ["elt:3 a-1"]],
  ])("are those in which all conditions hold: %j", async (filter, expected) => {
    const query = `query ($filter: AlertFilter) { alerts(filter: $filter) { totalCount
      edges { node { alertId device { key } } } } }`;
    const { data } = await ask(query, { variables: { filter } });
    expect(nodesOf(data.alerts).map(({ alertId, device }) => `${device.key} ${alertId}`)).toEqual(expected);
    expect(data.alerts.totalCount).toBe(expected.length);
  });

  it("of another dealer are not found by a dealer, and those of a device are filtered in the same way", async () => {
    const query = `query ($filter: AlertFilter) { alerts(filter: $filter) { totalCount edges { node { alertId } } }
      device(key: "elt:1") { alerts(filter: $filter) { totalCount edges { node { alertId } } } } }`;
    const other = await ask(query, { variables: { filter: { dealerId: "D-2" } }, scope: OWN });
    expect(other.data.alerts).toEqual({ totalCount: 0, edges: [] });
    expect(other.data.device.alerts).toEqual({ totalCount: 0, edges: [] });
    const own = { dealerId: "D-1", minSeverity: "WARNING", sources: ["ELT"], states: ["OPEN"] };
    const { data } = await ask(query, { variables: { filter: own }, scope: OWN });
    expect(data.device.alerts).toEqual(data.alerts);
    expect(nodesOf(data.alerts).map(({ alertId }) => alertId)).toEqual(["a-3", "a-1"]);
  });
});
