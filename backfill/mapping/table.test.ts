import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONTRACTS } from "#contracts/index.ts";
import { parseRecord } from "#contracts/parse.ts";
import { compareVersions, toVersion } from "#domain/version.ts";
import { EVOLVED, evolve } from "../../test/support/three-versions.ts";
import type { Cells } from "../read/row.ts";
import { compileMapping } from "./compile.ts";
import { Mapping } from "./schema.ts";
import { type MadeEvent, mapRow } from "./table.ts";

const NOW = Date.parse("2026-11-30T00:00:00Z");
const LOOKUPS = new Map([["dealers", new Map<string, Cells>([["D-7", { NAME: "Arctic Air", PHONE: null }]])]]);

/** A table of devices, changed as a test needs. */
const devices = (table: object = {}, others: object = {}) => ({
  zone: "UTC",
  lookups: { dealers: { files: "dealers/*", key: "DEALER_ID" } },
  tables: {
    devices: {
      files: "devices/*",
      key: "ID",
      device: "ID",
      source: { column: "SRC", values: { INF: "infinity", ELT: "elt" } },
      time: "UPDATED_AT",
      events: [{ topic: "device.{source}.profile.updated", data: { name: "NAME" } }],
      ...table,
    },
  },
  ...others,
});
const ROW = { ID: "DEV-1", SRC: "ELT", UPDATED_AT: "2026-11-23 13:00:00.123", NAME: "Attic", DEALER_ID: "D-7" };

function compiled(mapping: object) {
  const { tables, issues } = compileMapping(Mapping.parse(mapping), LOOKUPS);
  expect(issues).toEqual([]);
  return tables[0] as NonNullable<(typeof tables)[0]>;
}
function eventsOf(mapping: object, cells: Cells = ROW): readonly MadeEvent[] {
  const row = { kind: "row", number: 1, place: "line 2", cells } as const;
  const result = mapRow(compiled(mapping), row, "devices/1.csv", NOW);
  return result.kind === "skipped" ? [] : result.events;
}
const only = (mapping: object, cells: Cells = ROW) => {
  const events = eventsOf(mapping, cells);
  expect(events).toHaveLength(1);
  const [event] = events as [MadeEvent];
  return { ...event, json: JSON.parse(event.value) };
};
const dataOf = (topic: string, data: object, cells: Cells = {}) =>
  only(devices({ events: [{ topic, data }] }), { ...ROW, ...cells }).json.data;

describe("an event of a row", () => {
  it("has the row's own time, its device and its data", () => {
    const { json, ...event } = only(devices());
    expect(event).toMatchObject({ topic: "device.elt.profile.updated", deviceId: "DEV-1", fault: null });
    expect(event.occurredAtMs).toBe(Date.parse("2026-11-23T13:00:00.123Z"));
    expect(json).toEqual({
      eventId: expect.stringMatching(/^!01[\w-]{22}$/),
      occurredAt: "2026-11-23T13:00:00.123Z",
      deviceId: "DEV-1",
      data: { name: "Attic" },
    });
  });

  it("has the same id in every run, whatever its notation; another of another key, time, table or topic", () => {
    const id = (mapping: object, cells: Cells = ROW) => only(mapping, cells).json.eventId;
    const first = id(devices());
    expect(id(devices(), { ...ROW, NAME: "Cellar" })).toBe(first);
    expect(id(devices(), { ...ROW, UPDATED_AT: "2026-11-23T15:00:00.123000+02:00" })).toBe(first);
    const others = [
      id(devices(), { ...ROW, ID: "DEV-2" }),
      id(devices(), { ...ROW, UPDATED_AT: "2026-11-23 13:00:00.124" }),
      id(devices({ events: [{ topic: "device.{source}.profile.updated", name: "b", data: { name: "NAME" } }] })),
      id({ ...devices(), tables: { others: devices().tables.devices } }),
      id(devices({}, { revision: 2 })),
      id(devices({ events: [{ topic: "device.{source}.status.reported", data: { online: { constant: true } } }] })),
    ];
    expect(new Set([first, ...others]).size).toBe(others.length + 1);
  });

  it("loses to a live event of the same time, and to a corrected mapping's", () => {
    const version = (mapping: object) => toVersion(NOW, only(mapping).json.eventId);
    const [first, second] = [version(devices()), version(devices({}, { revision: 2 }))];
    expect(compareVersions(second, first)).toBeGreaterThan(0);
    for (const live of ["0", "A", "a", "-1", "evt-1", "ffffffff-0000"])
      expect(compareVersions(toVersion(NOW, live), second), live).toBeGreaterThan(0);
  });

  it("may have a time of its own", () => {
    const events = [
      { topic: "device.{source}.registration.removed", time: { column: "GONE", format: "epoch-seconds" } },
    ];
    expect(only(devices({ events }), { ...ROW, GONE: 1795438800 }).json.occurredAt).toBe("2026-11-23T13:00:00Z");
  });

  it("is of the topic of its source, where sources differ", () => {
    const topic = ["device.infinity.dealer.setup", "device.elt.dealer.assigned"];
    const events = [{ topic, data: { "dealer.dealerId": "DEALER_ID", "dealer.name": { constant: "x" } } }];
    expect(only(devices({ events })).topic).toBe("device.elt.dealer.assigned");
    expect(only(devices({ events }), { ...ROW, SRC: "INF" }).topic).toBe("device.infinity.dealer.setup");
  });

  it.each<[string, object, Cells, number]>([
    ["a null", { DEALER_ID: { isNull: true } }, { DEALER_ID: null }, 1],
    ["no null", { DEALER_ID: { isNull: false } }, { DEALER_ID: null }, 0],
    ["one of these", { NAME: { in: ["Attic"] } }, {}, 1],
    ["one of these, and is null", { NAME: { in: ["Attic"] } }, { NAME: null }, 0],
    ["none of these", { NAME: { notIn: ["Attic"] } }, {}, 0],
    ["none of these, and is null", { ID: { notIn: ["Attic"] }, DEALER_ID: { notIn: ["D-7"] } }, { DEALER_ID: null }, 1],
    ["a number as the file has it", { N: { in: [1] } }, { N: 1 }, 1],
    ["a number that a text has", { N: { in: [1] } }, { N: "1" }, 1],
    ["two conditions, of which one fails", { NAME: { in: ["Attic"] }, ID: { in: ["x"] } }, {}, 0],
    ["what stands for null", { NAME: { isNull: true, nullIf: ["-"] } }, { NAME: "-" }, 1],
  ])("is made if the row has %s", (_, when, cells, count) => {
    const events = [{ topic: "device.{source}.registration.removed", when }];
    expect(eventsOf(devices({ events }), { ...ROW, ...cells })).toHaveLength(count);
    expect(eventsOf(devices({ when }), { ...ROW, NAME: "Attic", ...cells }).length > 0).toBe(count > 0);
  });
});

describe("a value", () => {
  const STATUS = "device.elt.status.reported";
  it.each<[string, object | string, Cells, unknown]>([
    ["a text that is true", "ON", { ON: "Y" }, { online: true }],
    ["a number that is false", "ON", { ON: 0 }, { online: false }],
    ["words of its own", { column: "ON", trueWords: ["up"], falseWords: ["down"] }, { ON: "Down" }, { online: false }],
    ["a table of values", { column: "ON", values: { A: true, B: false } }, { ON: "A" }, { online: true }],
    [
      "what the table does not have",
      { column: "ON", values: { A: true }, otherwise: false },
      { ON: "x" },
      { online: false },
    ],
    ["a default for null", { column: "ON", default: false }, { ON: null }, { online: false }],
    [
      "a default for what stands for null",
      { column: "ON", nullIf: ["?"], default: false },
      { ON: "?" },
      { online: false },
    ],
    ["a constant", { constant: true }, {}, { online: true }],
  ])("may be %s", (_, online, cells, data) => {
    expect(dataOf(STATUS, { online }, cells)).toEqual(data);
  });

  it.each<[string | number | bigint | null | readonly string[], object, unknown]>([
    ["20.5", { indoorTemperatureC: "X" }, { indoorTemperatureC: 20.5 }],
    [" -1e1 ", { indoorTemperatureC: "X" }, { indoorTemperatureC: -10 }],
    [null, { indoorTemperatureC: "X" }, {}],
    ['["fan","furnace"]', { equipment: "X" }, { equipment: ["fan", "furnace"] }],
    ["fan; furnace;", { equipment: { column: "X", separator: ";" } }, { equipment: ["fan", "furnace"] }],
    [["fan"], { equipment: "X" }, { equipment: ["fan"] }],
  ])("%o with %j is what the contract has there", (X, data, expected) => {
    expect(dataOf(STATUS, { online: { constant: true }, ...data }, { X })).toEqual({
      online: true,
      ...(expected as object),
    });
  });

  it("that is a time keeps its digits, and gets the mapping's zone", () => {
    const data = {
      model: { constant: "M" },
      serialNumber: "ID",
      registeredAt: { column: "R", zone: "America/Chicago" },
    };
    const { registeredAt } = dataOf("device.elt.registration.created", data, { R: "2026-07-01 12:00:00.123456" });
    expect(registeredAt).toBe("2026-07-01T17:00:00.123456Z");
  });

  it("that is an integer beyond 2^53 is text where the contract has text", () => {
    const data = { model: { constant: "M" }, serialNumber: "N", registeredAt: "UPDATED_AT" };
    const { serialNumber } = dataOf("device.elt.registration.created", data, { N: 9007199254740993n });
    expect(serialNumber).toBe("9007199254740993");
  });

  it.each([[{ country: "CA", city: null, postalCode: null }], ['{"country":"CA","city":null}']])(
    "that is a struct or JSON has no members for what is null: %j",
    (LOCATION) => {
      const data = { model: { constant: "M" }, serialNumber: "ID", registeredAt: "UPDATED_AT", location: "LOCATION" };
      expect(dataOf("device.elt.registration.created", data, { LOCATION })).toMatchObject({
        location: { country: "CA" },
      });
      expect(dataOf("device.elt.registration.created", data, { LOCATION }).location).not.toHaveProperty("city");
    },
  );

  it("may come from a lookup", () => {
    const data = {
      "dealer.dealerId": "DEALER_ID",
      "dealer.name": { lookup: "dealers", by: "DEALER_ID", column: "NAME" },
      "dealer.phone": { lookup: "dealers", by: "DEALER_ID", column: "PHONE" },
    };
    expect(dataOf("device.elt.dealer.assigned", data)).toEqual({ dealer: { dealerId: "D-7", name: "Arctic Air" } });
  });

  it("of constants alone makes no object whose columns are all null", () => {
    const data = {
      model: { constant: "M" },
      serialNumber: "ID",
      registeredAt: "UPDATED_AT",
      "customer.customerId": "CUSTOMER_ID",
      "customer.name": { column: "CUSTOMER", default: "unknown" },
      "location.country": { constant: "US" },
    };
    const topic = "device.elt.registration.created";
    expect(dataOf(topic, data, { CUSTOMER_ID: null })).toMatchObject({ location: { country: "US" } });
    expect(dataOf(topic, data, { CUSTOMER_ID: null })).not.toHaveProperty("customer");
    expect(dataOf(topic, data, { CUSTOMER_ID: "C-1" })).toMatchObject({
      customer: { customerId: "C-1", name: "unknown" },
    });
  });
});

describe("a fault", () => {
  const dealer = (name: object | string) => [
    { topic: "device.elt.dealer.assigned", data: { "dealer.dealerId": "DEALER_ID", "dealer.name": name } },
  ];
  const status = (data: object) => [{ topic: "device.elt.status.reported", data }];
  it.each<[string, object, Cells, string, RegExp]>([
    ["a time that is none", {}, { UPDATED_AT: "soon" }, "bad_time", /UPDATED_AT is no time/],
    ["no time", {}, { UPDATED_AT: null }, "bad_time", /UPDATED_AT is null/],
    ["no key", {}, { ID: null }, "missing_key", /ID is null/],
    ["another source", {}, { SRC: "NEST" }, "unknown_source", /SRC names no source/],
    [
      "no number",
      { events: status({ online: { constant: true }, humidityPct: "X" }) },
      { X: "1,5" },
      "bad_value",
      /X is no number/,
    ],
    [
      "a word that is neither true nor false",
      { events: status({ online: "X" }) },
      { X: "maybe" },
      "bad_value",
      /X is neither/,
    ],
    [
      "a value out of the table",
      { events: status({ online: { column: "X", values: { A: true } } }) },
      { X: "B" },
      "unknown_value",
      /`values`/,
    ],
    [
      "no row of the lookup",
      { events: dealer({ lookup: "dealers", by: "DEALER_ID", column: "NAME" }) },
      { DEALER_ID: "D-9" },
      "no_lookup_row",
      /dealers has no row for DEALER_ID/,
    ],
    ["what the contract refuses", {}, { NAME: null }, "schema_mismatch", /data\.name/],
    ["a device id that the contract refuses", {}, { ID: "a b" }, "schema_mismatch", /deviceId/],
    ["a time from the future", {}, { UPDATED_AT: "2027-01-01" }, "clock_skew", /ahead of our clock/],
    [
      "more than a record may have",
      { events: [{ topic: "device.elt.profile.updated", data: { name: "NAME", features: "X" } }] },
      { X: ["x".repeat(70_000)] },
      "too_large",
      /65536/,
    ],
  ])("is told of %s, and the boundary will make a dead letter of it", (_, table, cells, reason, message) => {
    const { fault, topic, deviceId, value, json } = only(devices(table), { ...ROW, ...cells });
    expect(fault).toMatchObject({ reason, message: expect.stringMatching(message) });
    expect(json.eventId).toMatch(/^!01/);
    if (reason !== "too_large") expect(parseRecord({ topic, key: deviceId, value }, NOW)).toMatchObject({ ok: false });
  });

  it("does not quote what the row has, which may be personal", () => {
    const { fault } = only(devices({ events: status({ online: "X" }) }), { ...ROW, X: "ann@example.com" });
    expect(JSON.stringify(fault)).not.toContain("ann");
  });

  it("leaves the value in its place, so that an operator corrects it and replays", () => {
    const { json } = only(devices({ events: status({ online: "X" }) }), { ...ROW, X: "maybe" });
    expect(json.data).toEqual({ online: "maybe" });
  });

  it("is a letter too where the contract would take what the file has", () => {
    const events = [{ topic: "device.elt.profile.updated", data: { name: { column: "NAME", values: { a: "b" } } } }];
    const { json, topic, value } = only(devices({ events }));
    expect(json).not.toHaveProperty("data");
    expect(parseRecord({ topic, value }, NOW)).toMatchObject({ ok: false });
  });

  it("does not keep the row's other events back", () => {
    const events = [...status({ online: "X" }), { topic: "device.elt.profile.updated", data: { name: "NAME" } }];
    const made = eventsOf(devices({ events }), { ...ROW, X: "maybe" });
    expect(made.map(({ fault }) => fault?.reason)).toEqual(["bad_value", undefined]);
  });

  it("of a row that cannot be read is a letter with what there is of it", () => {
    const row = { kind: "unreadable", number: 7, place: "line 9", problem: "it has 1 fields", text: "x" } as const;
    const result = mapRow(compiled(devices()), row, "devices/1.csv", NOW);
    const [{ topic, value, fault }] = (result as unknown as { events: [MadeEvent] }).events;
    expect([topic, fault?.reason]).toEqual(["device.infinity.profile.updated", "unreadable_row"]);
    expect(JSON.parse(value)).toMatchObject({ table: "devices", row: { text: "x" } });
    expect(parseRecord({ topic, value }, NOW)).toMatchObject({ ok: false });
  });
});

describe("every contract", () => {
  it.each(CONTRACTS)("takes its example from a row: $topic", ({ topic, source, example }) => {
    const cells = { ...ROW, SRC: source } as Record<string, Cells[string]>;
    const spec: Record<string, string> = {};
    const add = (value: object, prefix: string) => {
      for (const [name, member] of Object.entries(value)) {
        if (typeof member === "object" && !Array.isArray(member)) add(member, `${prefix}${name}.`);
        else {
          spec[prefix + name] = `C_${prefix}${name}`;
          cells[`C_${prefix}${name}`] = Array.isArray(member) ? JSON.stringify(member) : String(member);
        }
      }
    };
    add(example as object, "");
    const made = only(devices({ source, events: [{ topic, data: spec }] }), cells);
    expect(made.fault).toBeNull();
    expect(made.json.data).toEqual(example);
  });
});

describe("an event of an earlier version of its contract", () => {
  const UNDO: (() => void)[] = [];
  beforeAll(() => void UNDO.push(evolve()));
  afterAll(() => UNDO.forEach((undo) => undo()));

  const statusOf = (contractVersion: number | undefined, data: object) =>
    devices({ events: [{ topic: EVOLVED, ...(contractVersion && { contractVersion }), data }], source: "elt" });

  it("has the members of that version, says so, and is read as one of the current version", () => {
    const old = only(statusOf(1, { connected: "ON", temperatureF: "F" }), { ...ROW, ON: "yes", F: 68 });
    expect(old).toMatchObject({
      fault: null,
      json: { contractVersion: 1, data: { connected: "yes", temperatureF: 68 } },
    });
    const current = only(statusOf(undefined, { online: "ON", indoorTemperatureC: "C" }), { ...ROW, ON: "yes", C: 20 });
    expect(current).toMatchObject({ fault: null, json: { data: { online: true, indoorTemperatureC: 20 } } });
    expect(current.json).not.toHaveProperty("contractVersion");
  });

  it("is a fault where it does not fit that version", () => {
    const { fault } = only(statusOf(1, { connected: "ON", temperatureF: "F" }), { ...ROW, ON: "perhaps", F: 68 });
    expect(fault).toMatchObject({ reason: "schema_mismatch" });
  });

  it("is refused with the mapping if Concord does not read that version", () => {
    const { issues } = compileMapping(Mapping.parse(statusOf(4, { online: "ON" })), LOOKUPS);
    expect(issues).toEqual([
      {
        path: expect.arrayContaining(["contractVersion"]),
        message: `${EVOLVED} is read in versions 1 to 3, and not in version 4`,
      },
    ]);
  });
});
