import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { FillRepository } from "#repositories/fill.ts";
import { keysOf, known } from "./list-world.ts";
import {
  ask,
  dealerScope,
  emptyTables,
  env,
  nodesOf,
  OPS,
  seedCustomers,
  seedDealers,
  seedDevices,
  version,
  watchStatements,
} from "./support.ts";

const named = (serialNumber: string, name: string) => ({
  ...known(serialNumber),
  profile: { version: version(0), value: { name } },
});

const QUERY = `query ($filter: DeviceFilter, $orderBy: DeviceOrder) { devices(first: 100, filter: $filter, orderBy: $orderBy) {
  totalCount edges { node { key } } } }`;

async function found(search: string, { scope = OPS, ...filter }: { scope?: Scope } & Record<string, unknown> = {}) {
  const { data, errors } = await ask(QUERY, { variables: { filter: { search, ...filter } }, scope });
  expect(errors).toBeUndefined();
  expect(data.devices.totalCount).toBe(data.devices.edges.length);
  return keysOf(data.devices);
}

async function seedNames(): Promise<void> {
  await emptyTables();
  await seedCustomers(
    { customerId: "C-1", name: "Zoë Müller", source: "elt" },
    { customerId: "C-1", name: "Another Person", source: "ecobee" },
    { customerId: "C-2", name: "Łukasz O'Brien", source: "elt" },
  );
  await seedDevices(
    { key: "elt:1", aspects: named("SN-1001", "Upstairs hallway"), dealers: [[1, "D-1"]], customerId: "C-1" },
    { key: "elt:2", aspects: named("SN-1002", "Café, 2nd floor"), dealers: [[1, "D-2"]], customerId: "C-2" },
    { key: "elt:3", aspects: named("X9-77", 'The "quoted" AND OR NOT* hallway'), dealers: [[1, "d-1"]] },
    { key: "elt:4", aspects: known("SN-2001"), customerId: "C-1" },
    { key: "ecobee:5", aspects: named("SN-1003", "Downstairs"), dealers: [[1, "D-1"]], customerId: "C-1" },
    { key: "elt:6" },
  );
}

describe("a search of devices", () => {
  beforeEach(seedNames);

  it.each([
    ["hallway", ["elt:1", "elt:3"]],
    ["HALL", ["elt:1", "elt:3"]],
    ["hall upstairs", []],
    ["upstairs hall", ["elt:1"]],
    ["hallway up", ["elt:1"]],
    ["allway", []],
    ["cafe", ["elt:2"]],
    ["CAFÉ 2nd", ["elt:2"]],
    ["sn-100", ["ecobee:5", "elt:1", "elt:2"]],
    ["SN1001", []],
    ["1001", ["elt:1"]],
    ["001", []],
    ["muller", ["elt:1", "elt:4"]],
    ["zoe hallway", ["elt:1"]],
    ["another person", ["ecobee:5"]],
    ["o'brien", ["elt:2"]],
    ["brien", ["elt:2"]],
    // Nothing in a search is syntax of the index.
    ['"quoted" AND', ["elt:3"]],
    ["hallway OR cafe", []],
    ["name:hallway", []],
    ["owner : d442d31", []],
    ["d442d31", []],
    ["hall*", ["elt:1", "elt:3"]],
    ["(hallway) -- ; ^", ["elt:1", "elt:3"]],
    ["NEAR(hallway quoted)", []],
    // A last word of one letter is a whole word.
    ["floor 2", []],
    ["x9 7", []],
    ["x9-7", ["elt:3"]],
  ])("for %s finds %j", async (search, expected) => {
    expect(await found(search)).toEqual(expected);
  });

  it.each(["", " ", "a", "- *", "ä ."])("for %j is refused: there have to be two letters", async (search) => {
    const { errors } = await ask(QUERY, { variables: { filter: { search } } });
    expect(errors?.[0]).toMatchObject({
      message: "`search` needs at least 2 letters or digits.",
      extensions: { code: "BAD_USER_INPUT" },
    });
  });

  it.each([
    ["a".repeat(101), "`search` has at most 100 characters."],
    ["aa ".repeat(9), "`search` has at most 8 words."],
  ])("that is too long is refused", async (search, message) => {
    expect((await ask(QUERY, { variables: { filter: { search } } })).errors?.[0]?.message).toBe(message);
  });

  it("is narrowed down by the other conditions, and sorted in every order", async () => {
    expect(await found("sn", { sources: ["ELT"], unassigned: false })).toEqual(["elt:1", "elt:2"]);
    expect(await found("sn", { customerId: "C-1", serialPrefix: "SN-2" })).toEqual(["elt:4"]);
    expect(await found("hallway", { dealerId: "D-1" })).toEqual(["elt:1"]);
    expect(await found("hallway", { dealerId: "d-1" })).toEqual(["elt:3"]);
    const orderBy = { field: "SERIAL_NUMBER", direction: "DESC" };
    const { data } = await ask(QUERY, { variables: { filter: { search: "sn" }, orderBy } });
    expect(keysOf(data.devices)).toEqual(["elt:4", "ecobee:5", "elt:2", "elt:1"]);
  });

  it("finds a dealer its own devices only, whatever the letters of its id", async () => {
    expect(await found("hallway", { scope: dealerScope("D-1") })).toEqual(["elt:1"]);
    expect(await found("hallway", { scope: dealerScope("d-1") })).toEqual(["elt:3"]);
    expect(await found("hallway", { scope: dealerScope("D-1", "d-1") })).toEqual(["elt:1", "elt:3"]);
    expect(await found("hallway", { scope: dealerScope("D-1", "d-1"), dealerId: "d-1" })).toEqual(["elt:3"]);
    expect(await found("cafe", { scope: dealerScope("D-1") })).toEqual([]);
  });

  it("is a filter of a dealer's and a customer's devices too", async () => {
    await seedDealers({ dealerId: "D-1", name: "One" }, { dealerId: "D-2", name: "Two" });
    const { data } = await ask(
      `{ dealers { edges { node { devices(filter: { search: "sn 100" }) { totalCount edges { node { key } } } } } }
         customer(customerId: "C-1") { devices(filter: { search: "upst" }) { totalCount edges { node { key } } } } }`,
    );
    expect(nodesOf(data.dealers).map(({ devices }) => [devices.totalCount, keysOf(devices)])).toEqual([
      [2, ["ecobee:5", "elt:1"]],
      [1, ["elt:2"]],
    ]);
    expect([data.customer.devices.totalCount, keysOf(data.customer.devices)]).toEqual([1, ["elt:1"]]);
  });

  it("goes on from a cursor, in both directions", async () => {
    const page = (args: string) =>
      ask(
        `{ devices(${args}, filter: { search: "sn" }) { edges { node { key } } pageInfo { startCursor endCursor } } }`,
      );
    const first = (await page("first: 2")).data.devices;
    expect(keysOf(first)).toEqual(["ecobee:5", "elt:1"]);
    const second = (await page(`first: 2, after: "${first.pageInfo.endCursor}"`)).data.devices;
    expect(keysOf(second)).toEqual(["elt:2", "elt:4"]);
    const back = (await page(`last: 1, before: "${second.pageInfo.startCursor}"`)).data.devices;
    expect(keysOf(back)).toEqual(["elt:1"]);
  });

  it("finds what an event has changed: names, serial numbers, customers and dealers", async () => {
    const change = (sql: string) => env.DB.exec(sql);
    await change(`UPDATE devices SET aspects = json_set(aspects, '$.profile.value.name', 'Attic') WHERE key = 'elt:1'`);
    expect([await found("upstairs"), await found("attic")]).toEqual([[], ["elt:1"]]);
    await change("UPDATE devices SET serial_number = NULL WHERE key = 'elt:1'");
    expect(await found("1001")).toEqual([]);
    await change("UPDATE devices SET customer_id = 'C-2' WHERE key = 'elt:1'");
    expect(await found("brien")).toEqual(["elt:1", "elt:2"]);
    await change("UPDATE devices SET dealer_id = 'D-2' WHERE key = 'elt:1'");
    expect(await found("attic", { scope: dealerScope("D-1") })).toEqual([]);
    expect(await found("attic", { scope: dealerScope("D-2") })).toEqual(["elt:1"]);
    await change("DELETE FROM devices WHERE key = 'elt:1'");
    expect([await found("attic"), await found("brien")]).toEqual([[], ["elt:2"]]);
  });

  it("finds a customer's first devices by a new name at once, and the others after the steps of a Worker", async () => {
    const many = Array.from({ length: 50 }, (_, i) => `elt:many-${String(i).padStart(2, "0")}`);
    await seedDevices(...many.map((key) => ({ key, customerId: "C-2" })));
    const written = await env.DB.prepare(
      "UPDATE customer_records SET name = 'Renamed' WHERE customer_id = 'C-2'",
    ).run();
    // Twenty devices and their places in the index, and not fifty.
    expect(written.meta.rows_written).toBeLessThan(100);
    expect(await found("renamed")).toHaveLength(20);
    expect(await found("brien")).toHaveLength(31);
    const fill = new FillRepository(env.DB);
    let steps = 0;
    while (!(await fill.step(10))) steps++;
    expect(steps).toBe(4);
    expect(await found("renamed")).toHaveLength(51);
    expect(await found("brien")).toEqual([]);
  });

  it("finds devices from before the index once a Worker has taken them in", async () => {
    await env.DB.exec("DELETE FROM device_texts");
    await env.DB.exec("UPDATE fill_progress SET through = 'elt:1' WHERE name = 'search'");
    expect(await found("sn")).toEqual([]);
    await env.DB.exec("UPDATE devices SET serial_number = 'SN-5' WHERE key IN ('elt:2', 'elt:1')");
    expect(await found("sn")).toEqual(["elt:1"]);
    await env.DB.exec("UPDATE fill_progress SET through = '' WHERE name = 'search'");
    const fill = new FillRepository(env.DB);
    while (!(await fill.step(2)));
    expect(await found("sn")).toEqual(["ecobee:5", "elt:1", "elt:2", "elt:4"]);
  });
});

describe("the rows that a search reads", () => {
  const seedMany = (from: number, to: number) =>
    env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT CAST(?1 AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
       INSERT INTO devices (key, aspects, latest, revision, status, serial_number, dealer_id, updated_on)
       SELECT 'elt:' || i, json_object('profile', json_object('value', json_object('name', 'Thermostat ' || (i % 500)))),
         'v', 1, 'ONLINE', 'S' || (1000000 + i), CASE WHEN i < 2000 THEN 'D-' || (i % 1000) END, '2026-11-23' FROM n`,
    )
      .bind(from, to)
      .run();
  beforeAll(emptyTables);

  const SEARCHES = [
    ['search: "s1000017"', OPS],
    ['search: "thermostat 77"', dealerScope("D-77")],
    ['search: "thermostat", dealerId: "D-3"', OPS],
    ['search: "thermostat", status: RETIRED', OPS],
  ] as const;

  it("do not grow with the fleet", async () => {
    const rows: number[][] = [];
    for (const [from, to] of [
      [0, 2_000],
      [2_000, 20_000],
    ] as const) {
      await seedMany(from, to);
      const read: number[] = [];
      for (const [filter, scope] of SEARCHES) {
        const watched = watchStatements();
        const { data, errors } = await ask(`{ devices(first: 5, filter: { ${filter} }) { edges { cursor } } }`, {
          scope,
          env: watched.env,
        });
        expect(errors).toBeUndefined();
        expect(data.devices.edges.length).toBe(filter.includes("RETIRED") ? 0 : filter.includes("s1000017") ? 1 : 2);
        read.push(watched.rowsRead());
      }
      rows.push(read);
    }
    // A serial number, a dealer's own devices among those of all dealers, and what all devices have in common.
    expect(rows).toEqual([
      [4, 8, 8, 3_001],
      [4, 8, 8, 3_001],
    ]);
    const watched = watchStatements();
    const { data } = await ask('{ devices(first: 1, filter: { search: "thermostat" }) { totalCount } }', watched);
    expect(data.devices.totalCount).toBeNull();
    expect(watched.rowsRead()).toBeLessThan(6_100);
  });

  it("are a dealer's own where its devices are searched; where more match than are found, counts are unknown", async () => {
    await seedDealers({ dealerId: "D-998", name: "One" }, { dealerId: "D-999", name: "Two" });
    await seedCustomers({ customerId: "C-1", name: "One", source: "elt" });
    await env.DB.exec("UPDATE devices SET customer_id = 'C-1' WHERE key = 'elt:19999'");
    await env.DB.exec("UPDATE devices SET dealer_id = 'D-998' WHERE key >= 'elt:15' AND key < 'elt:17'");
    const watched = watchStatements();
    const searched = 'devices(first: 1, filter: { search: "thermostat" }) { totalCount edges { node { key } } }';
    const dataOf = async (query: string) => (await ask(`{ ${query} { ${searched} } }`, watched)).data;
    const [{ dealer: small }, { dealer: large }] = [
      await dataOf('dealer(dealerId: "D-999")'),
      await dataOf('dealer(dealerId: "D-998")'),
    ];
    expect([small.devices.totalCount, keysOf(small.devices)]).toEqual([2, ["elt:1999"]]);
    expect([large.devices.totalCount, keysOf(large.devices)]).toEqual([null, ["elt:15"]]);
    const { data } = await ask(
      `{ dealers { edges { node { ${searched} } } } customer(customerId: "C-1") { ${searched} } }`,
      watched,
    );
    expect(nodesOf(data.dealers).map(({ devices }) => devices.totalCount)).toEqual([null, null]);
    // Among the first devices that are found there is none of this customer, and there may be some behind them.
    expect(data.customer.devices).toEqual({ totalCount: null, edges: [] });
    expect(watched.rowsRead()).toBeLessThan(20_000);
  });
});
