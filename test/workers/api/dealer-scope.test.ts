import { beforeEach, expect, it } from "vitest";
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
  seedHistory,
  watchStatements,
} from "./support.ts";

const D1 = dealerScope("D-1");

/** `moved` went from D-1 to D-2 at minute 5; `back` went to D-2 at 5, had no dealer from 7 on, and came back at 9. */
beforeEach(async () => {
  await emptyTables();
  await seedDealers({ dealerId: "D-1", name: "One" }, { dealerId: "D-2", name: "Two" });
  await seedCustomers({ customerId: "C-own", name: "Own" }, { customerId: "C-other", name: "Other" });
  await seedDevices(
    {
      key: "elt:back",
      dealers: [
        [1, "D-1"],
        [5, "D-2"],
        [7, null],
        [9, "D-1"],
      ],
      customerId: "C-own",
    },
    {
      key: "elt:moved",
      dealers: [
        [1, "D-1"],
        [5, "D-2"],
      ],
      customerId: "C-other",
    },
    { key: "elt:nobodys" },
    { key: "elt:own", dealers: [[2, "D-1"]] },
  );
  await seedAlerts(
    ...["back", "moved", "own"].flatMap((device) => [
      { deviceKey: `elt:${device}`, alertId: `${device}-0`, raised: 0 },
      { deviceKey: `elt:${device}`, alertId: `${device}-4`, raised: 4 },
      { deviceKey: `elt:${device}`, alertId: `${device}-5`, raised: 5 },
      { deviceKey: `elt:${device}`, alertId: `${device}-8`, raised: 8 },
      { deviceKey: `elt:${device}`, alertId: `${device}-9`, raised: 9 },
      { deviceKey: `elt:${device}`, alertId: `${device}-unraised`, cleared: 9 },
    ]),
  );
});

const OWN_ALERTS = ["own-9", "back-9", "own-8", "own-5", "own-4", "back-4"];

it("a dealer lists only the devices that it has now, with any filter", async () => {
  const query = "query ($filter: DeviceFilter) { devices(filter: $filter) { edges { node { key } } } }";
  const own = await ask(query, { scope: D1 });
  expect(nodesOf(own.data.devices)).toEqual([{ key: "elt:back" }, { key: "elt:own" }]);
  const others = await ask(query, { scope: D1, variables: { filter: { dealerId: "D-2" } } });
  expect(nodesOf(others.data.devices)).toEqual([]);
});

it("a token of two dealers sees what belongs to either", async () => {
  const { data } = await ask("{ devices { edges { node { key } } } }", { scope: dealerScope("D-1", "D-2") });
  expect(nodesOf(data.devices).map(({ key }) => key)).toEqual(["elt:back", "elt:moved", "elt:own"]);
});

it("a device of another dealer reads like one that does not exist", async () => {
  const query = "query ($key: String!) { device(key: $key) { key } }";
  const [foreign, absent] = await Promise.all(
    ["elt:moved", "elt:none"].map((key) => ask(query, { scope: D1, variables: { key } })),
  );
  expect(foreign?.data).toEqual({ device: null });
  expect(foreign?.errors).toEqual(absent?.errors);
});

it.each([
  ["Device", "Device:elt:moved"],
  ["Dealer", "Dealer:elt:D-2"],
  ["Customer", "Customer:elt:C-other"],
  ["Alert of another dealer's device", "Alert:elt:moved/moved-4"],
  ["Alert from another dealer's time", "Alert:elt:back/back-5"],
  ["Alert without the time at which it was raised", "Alert:elt:own/own-unraised"],
])("node() hides another dealer's %s and shows it to ops", async (_, id) => {
  const options = { variables: { id: btoa(id) } };
  expect((await ask("query ($id: ID!) { node(id: $id) { id } }", { ...options, scope: D1 })).data.node).toBeNull();
  expect((await ask("query ($id: ID!) { node(id: $id) { id } }", options)).data.node).toEqual({ id: btoa(id) });
});

it("a dealer finds itself and its devices, and no other dealer", async () => {
  const { data } = await ask(
    `{ own: dealer(dealerId: "D-1") { name devices { edges { node { key } } } } other: dealer(dealerId: "D-2") { name } }`,
    { scope: D1 },
  );
  expect(data.own.name).toBe("One");
  expect(nodesOf(data.own.devices)).toEqual([{ key: "elt:back" }, { key: "elt:own" }]);
  expect(data.other).toBeNull();
});

it("a dealer finds the customers of its devices and no others", async () => {
  const { data } = await ask(
    `{ own: customer(customerId: "C-own") { name } other: customer(customerId: "C-other") { name } }`,
    { scope: D1 },
  );
  expect(data).toEqual({ own: { name: "Own" }, other: null });
});

it("a dealer lists the alerts of its devices that were raised while it had them, in pages of any size", async () => {
  for (const first of [1, 2, 5, 20]) {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { data } = await ask(
        `query ($first: Int, $after: String) { alerts(first: $first, after: $after) {
          edges { node { alertId device { key } } } pageInfo { hasNextPage endCursor } } }`,
        { scope: D1, variables: { first, after } },
      );
      seen.push(...nodesOf(data.alerts).map(({ alertId }) => alertId));
      after = data.alerts.pageInfo.hasNextPage ? data.alerts.pageInfo.endCursor : null;
    } while (after);
    expect(seen).toEqual(OWN_ALERTS);
  }
});

it("a dealer sees the same alerts under its devices", async () => {
  const { data } = await ask("{ devices { edges { node { alerts { edges { node { alertId } } } } } } }", { scope: D1 });
  const alertIds = nodesOf(data.devices).flatMap(({ alerts }) => nodesOf(alerts).map(({ alertId }) => alertId));
  expect(alertIds.toSorted()).toEqual(OWN_ALERTS.toSorted());
});

it("a dealer cannot read the alerts of another dealer's device by its key", async () => {
  const { data } = await ask(`{ alerts(filter: { deviceKey: "elt:moved" }) { edges { node { alertId } } } }`, {
    scope: D1,
  });
  expect(nodesOf(data.alerts)).toEqual([]);
});

it("a dealer sees its own intervals, and not who had the device in between", async () => {
  const watched = watchStatements();
  const { data } = await ask(
    `{ device(key: "elt:back") { assignments { edges { node { from to dealer { name } } } } } }`,
    { scope: D1, env: watched.env },
  );
  expect(nodesOf(data.device.assignments)).toEqual([
    { from: at(1), to: at(5), dealer: { name: "One" } },
    { from: at(9), to: null, dealer: { name: "One" } },
  ]);
});

it("a dealer sees the history of its own intervals", async () => {
  await seedHistory("elt:back", 0, 1, 4, 5, 8, 9, 10);
  const { data } = await ask(`{ device(key: "elt:back") { history { edges { node { occurredAt } } } } }`, {
    scope: D1,
  });
  expect(nodesOf(data.device.history).map(({ occurredAt }) => occurredAt)).toEqual([at(10), at(9), at(4), at(1)]);
});
