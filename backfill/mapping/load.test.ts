import { describe, expect, it } from "vitest";
import { fixture } from "../read/fixture.ts";
import { loadMapping } from "./load.ts";

const said = async (text: string, name = "mapping.yaml") =>
  loadMapping(fixture(name, text)).then(
    () => "nothing",
    ({ message }: Error) => message,
  );
const TABLE = `tables:
  devices:
    files: devices/*.csv
    key: ID
    device: ID
    source: elt
    time: { column: UPDATED_AT, zone: UTC }
    events:
      - topic: device.elt.profile.updated
        data: { name: NAME }
`;

describe("a mapping", () => {
  it("is read from YAML, with its defaults", async () => {
    const { mapping, hash } = await loadMapping(fixture("mapping.yaml", TABLE));
    expect(mapping).toMatchObject({ revision: 1, lookups: {}, tables: { devices: { key: "ID" } } });
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("may be a module, with functions on rows", async () => {
    const path = fixture(
      "mapping.mjs",
      `export const rows = { devices: (row) => (row.ID === "x" ? null : { ...row, NAME: "changed" }) };
       export default { tables: { devices: { files: "d/*", key: "ID", device: "ID", source: "elt",
         time: { column: "UPDATED_AT", zone: "UTC" }, events: [{ topic: "device.elt.profile.updated", data: { name: "NAME" } }] } } };`,
    );
    const loaded = await loadMapping(path);
    const [table] = loaded.compile(new Map());
    expect(table?.change?.({ ID: "x" })).toBeNull();
    expect(table?.change?.({ ID: "y" })).toEqual({ ID: "y", NAME: "changed" });
    // What the functions add is in no file.
    expect(table?.columns).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ["no YAML", "tables:\n  a: [", /is no YAML:\n {2}- .*mapping\.yaml:2/],
    ["an unknown member", TABLE.replace("key:", "keyy:"), /mapping\.yaml:\d+: tables\.devices/],
    [
      "a missing member",
      TABLE.replace("    key: ID\n", ""),
      /mapping\.yaml:2: tables\.devices\.key must be a column, or a list/,
    ],
    [
      "an unknown member of a time",
      TABLE.replace("zone: UTC", "zon: UTC"),
      /tables\.devices\.time Unrecognized key: "zon"/,
    ],
    [
      "no zone at all",
      TABLE.replace("UTC", "Mars"),
      /mapping\.yaml:7: tables\.devices\.time\.zone must be a time zone/,
    ],
    [
      "a format that nobody knows",
      TABLE.replace("zone: UTC", "format: QQ"),
      /mapping\.yaml:7: tables\.devices\.time has no meaning from QQ/,
    ],
    [
      "an unknown topic",
      TABLE.replace("profile.updated", "profile.update"),
      /mapping\.yaml:9: .*there is no topic device\.elt\.profile\.update; did you mean device\.elt\.profile\.updated\?/,
    ],
    [
      "a topic of another source",
      TABLE.replace("device.elt", "device.ecobee"),
      /no row of this table is of source ecobee/,
    ],
    [
      "a topic that not every source has",
      TABLE.replace("source: elt", "source: { column: S }").replace(
        "device.elt.profile.updated",
        "device.{source}.dealer.assigned",
      ),
      /there is no topic device\.infinity\.dealer\.assigned; did you mean device\.infinity\.dealer\.\w+\?.*given as a list/,
    ],
    [
      "a member that the contract does not have",
      TABLE.replace("name: NAME", "nmae: NAME"),
      /mapping\.yaml:10: .*device\.elt\.profile\.updated has no nmae; did you mean name\?/,
    ],
    [
      "a required member that is missing",
      TABLE.replace("name: NAME", "model: NAME"),
      /device\.elt\.profile\.updated needs name/,
    ],
    [
      "two events of one topic",
      `${TABLE}      - topic: device.elt.profile.updated\n        data: { name: NAME }\n`,
      /mapping\.yaml:11: .*is made twice of a row: give one of the events a `name`/,
    ],
    [
      "a lookup that is not there",
      TABLE.replace("name: NAME", "name: { lookup: x, by: ID, column: NAME }"),
      /there is no lookup x/,
    ],
    [
      "a lookup without its key",
      TABLE.replace("name: NAME", "name: { lookup: x, column: NAME }"),
      /lookup and by go together/,
    ],
    [
      "neither column nor constant",
      TABLE.replace("name: NAME", "name: { as: text }"),
      /needs either a column or a constant/,
    ],
  ])("with %s is refused, with its line", async (_, text, message) => {
    expect(await said(text)).toMatch(message);
  });

  it("tells all that is wrong at once", async () => {
    const text = TABLE.replace("name: NAME", "nmae: NAME").replace(
      "device.elt.profile.updated",
      "device.elt.profile.updated\n        when: { A: {} }",
    );
    expect(await said(text)).toMatch(/needs isNull, in or notIn/);
    const both = TABLE.replace("zone: UTC", "format: QQ").replace("name: NAME", "nmae: NAME");
    expect((await said(both)).split("\n").slice(1)).toHaveLength(3);
  });

  it("that is not there is said, with what writes one", async () => {
    await expect(loadMapping("/nowhere/mapping.yaml")).rejects.toThrow(/there is no mapping.*concord backfill inspect/);
  });
});
