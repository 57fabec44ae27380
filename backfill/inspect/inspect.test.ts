import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { compileMapping } from "../mapping/compile.ts";
import { CSV_DEFAULTS, Mapping } from "../mapping/schema.ts";
import { fixture } from "../read/fixture.ts";
import { openFile } from "../read/open.ts";
import { draftMapping } from "./draft.ts";
import { findingsOf } from "./findings.ts";
import { profileRows } from "./profile.ts";

async function profileOf(text: string, name = "t.csv", limit = 1_000) {
  const file = await openFile(fixture(name, text), { csv: CSV_DEFAULTS });
  return profileRows(file.rows, file.columns, limit);
}
const column = async (values: readonly string[], name = "A") => {
  const { columns } = await profileOf(`${name},B\n${values.map((value) => `${value},x\n`).join("")}`);
  return columns[0];
};

describe("the type of a column", () => {
  it.each([
    ["boolean", ["true", "F", "y"]],
    ["integer", ["1", "-20", "0"]],
    ["number", ["1", "2.5", "1e3"]],
    ["text", ["1", "x"]],
    ["text", ["007", "1"]],
    ["time", ["2026-11-23T13:00:00Z", "2026-11-23 13:00:00.5 -0700"]],
    ["time without zone", ["2026-11-23 13:00:00", "2026-11-23"]],
    ["text", ["2026-11-23T13:00:00Z", "2026-11-23 13:00:00"]],
    ["list", ['"[1,""a""]"', '"[]"']],
    ["json", ['"{""a"":1}"', '"[]"']],
    ["text", ["\\N", ""]],
  ])("is %s of %j", async (type, values) => {
    expect((await column(values))?.type).toBe(type);
  });

  it("comes with its nulls, how many differ, and examples", async () => {
    expect(await column(["a", "\\N", "b", "a"])).toMatchObject({
      nullShare: 0.25,
      distinct: 2,
      isUnique: false,
      examples: ["a", "b"],
      values: ["a", "b"],
    });
    expect(await column(["a", "b"])).toMatchObject({ isUnique: true });
  });

  it("is seen in NDJSON too, where a member may be missing in the first rows", async () => {
    const { columns } = await profileOf('{"A":1}\n{"A":9007199254740993,"B":[1]}\n', "t.ndjson");
    expect(columns).toMatchObject([
      { name: "A", type: "integer", isUnique: true },
      { name: "B", type: "list", nullShare: 0.5 },
    ]);
  });

  it("is of the rows that were looked at, and unreadable ones are told", async () => {
    expect(await profileOf("A,B\n1,x\n1,2,3\n3,y\n", "t.csv", 2)).toMatchObject({
      rows: 2,
      unreadable: 1,
      problems: ["line 3: it has 3 fields, and the file has 2 columns"],
    });
  });
});

const LINES = Array.from(
  { length: 40 },
  (_, i) =>
    `${i + 1},DEV-${i},INF,M-1,S-${i},"2026-01-${String((i % 28) + 1).padStart(2, "0")} 08:00:00","2026-10-01 0${i % 10}:00:00","2026-11-30 02:00:00"\n`,
);
const DEVICES = `ROW_ID,DEVICE_ID,SOURCE,MODEL,SERIAL,REGISTERED_AT,UPDATED_AT,LOADED_AT\n${LINES.join("")}`;

describe("what is found in a file", () => {
  it("are its key, its device, its source and its time of change", async () => {
    expect(findingsOf(await profileOf(DEVICES))).toMatchObject({
      keys: ["ROW_ID", "DEVICE_ID", "SERIAL"],
      device: "DEVICE_ID",
      source: { column: "SOURCE", values: { INF: "infinity" } },
      times: ["UPDATED_AT", "REGISTERED_AT"],
      loadTimes: ["LOADED_AT"],
    });
  });

  it.each([
    [
      "that a load time is no time of change",
      DEVICES,
      /LOADED_AT is when a row came into the warehouse.*Do not map it/,
    ],
    ["that a time has no zone", DEVICES, /UPDATED_AT.* name no time zone.*`zone`/],
    ["that a time is one batch's, whatever its name", DEVICES.replace("LOADED_AT", "AT"), /^AT is when a row came/],
    ["that the only time is of the load", "ID,LOADED_AT\n1,2026-11-30T00:00:00Z\n", /no other time/],
    ["that there is no time", "ID,A\n1,x\n", /no time that could say/],
    ["that the time is a guess", "ID,SEEN\n1,2026-11-30T00:00:00Z\n", /SEEN is a guess/],
    ["that no column is a key", "A,B\n1,x\n1,x\n", /key has to be of several columns/],
    ["that rows cannot be read", "ID,B\n1,x\n1\n", /1 of 2 rows cannot be read/],
  ])("is %s", async (_, text, warning) => {
    expect(findingsOf(await profileOf(text)).warnings).toContainEqual(expect.stringMatching(warning));
  });
});

describe("a first mapping", () => {
  const draft = async (text: string, hasNames = true) => {
    const profile = await profileOf(text);
    return draftMapping({ table: "devices", files: "devices/*.csv", profile, findings: findingsOf(profile), hasNames });
  };

  it("can be used as it is, where a topic has all its columns", async () => {
    const text = await draft(DEVICES);
    const mapping = Mapping.parse(parse(text));
    expect(compileMapping(mapping, new Map()).issues).toEqual([]);
    expect(mapping.tables.devices).toMatchObject({
      key: "ROW_ID",
      device: "DEVICE_ID",
      time: "UPDATED_AT",
      events: [
        {
          topic: "device.infinity.registration.created",
          data: { model: "MODEL", serialNumber: "SERIAL", registeredAt: "REGISTERED_AT" },
        },
      ],
    });
    expect(text).toMatch(/^# ! LOADED_AT is when/m);
    expect(text).toMatch(/^ {6}# - topic: device\.infinity\.profile\.updated/m);
  });

  it("does not take the device's name for its dealer's", async () => {
    const text = await draft("ID,NAME,DEALER_ID,DEALER_NAME,UPDATED_AT\n1,Attic,D-1,Arctic,2026-11-30T00:00:00Z\n");
    expect(parse(text).tables.devices.events).toContainEqual({
      topic: "device.infinity.dealer.setup",
      data: { "dealer.dealerId": "DEALER_ID", "dealer.name": "DEALER_NAME" },
    });
  });

  it("names the columns of a file that does not", async () => {
    expect(parse(await draft(DEVICES, false)).tables.devices).toMatchObject({
      csv: { header: false },
      columns: { length: 8 },
    });
  });
});
