import { describe, expect, it } from "vitest";
import type { Json } from "../json.ts";
import type { Conversion } from "../settings/schema.ts";
import { converter } from "./convert.ts";

const convert = (conversion: Conversion, value: Json) => converter(conversion)(value);

describe("a conversion", () => {
  it.each<[string, Conversion, Json, Json]>([
    ["nothing at all", {}, " x ", " x "],
    ["an empty text to null", { nullIf: [""] }, "", null],
    ["a number that stands for null", { nullIf: [-1] }, -1, null],
    ["a blank text to null, after blanks are left out", { trim: true, nullIf: [""] }, "  ", null],
    ["null to its default", { default: false }, null, false],
    ["a text that means null to the default", { nullIf: ["n/a"], default: 0 }, "n/a", 0],
    ["a number as text", { as: "number" }, "21.50", 21.5],
    ["a number as text with an exponent", { as: "number" }, "-1.5e2", -150],
    ["a number that is one already", { as: "number" }, 21.5, 21.5],
    ["a text that is no number, not at all", { as: "number" }, "0x10", "0x10"],
    ["a version that is no number, not at all", { as: "number" }, "1.2.3", "1.2.3"],
    ["a number to text", { as: "text" }, 7, "7"],
    ["a word for yes", { as: "boolean" }, "Y", true],
    ["a number for no", { as: "boolean" }, 0, false],
    ["a word that is neither, not at all", { as: "boolean" }, "maybe", "maybe"],
    ["AWSJSON to what it holds", { as: "json" }, '{"a":[1]}', { a: [1] }],
    ["text that is no JSON, not at all", { as: "json" }, "{a", "{a"],
    ["letters to one case", { case: "lower" }, "COOL", "cool"],
    ["a word by a table", { values: { HIGH: "CRITICAL" } }, "HIGH", "CRITICAL"],
    ["a number by a table", { values: { 1: "open" } }, 1, "open"],
    ["a word that is not in the table, not at all", { values: { HIGH: "CRITICAL" } }, "toString", "toString"],
    ["a word that the table makes null", { values: { NONE: null }, default: "-" }, "NONE", "-"],
    ["°F to °C", { as: "number", add: -32, multiply: 5 / 9 }, "212", 100],
    ["°F to °C, without the error of a binary fraction", { as: "number", add: -32, multiply: 5 / 9 }, "68.9", 20.5],
    ["each item of a list", { case: "upper" }, ["a", "b"], ["A", "B"]],
  ])("changes %s", (_, conversion, value, expected) => {
    expect(convert(conversion, value)).toEqual(expected);
  });

  it.each<[string, Conversion, Json, Json]>([
    ["RFC 3339", {}, "2026-11-23T13:00:00Z", "2026-11-23T13:00:00.000Z"],
    ["an offset", {}, "2026-11-23T07:00:00.25-06:00", "2026-11-23T13:00:00.250Z"],
    ["an offset without a colon", {}, "2026-11-23 07:00:00 -0600", "2026-11-23T13:00:00.000Z"],
    ["an offset of hours", {}, "2026-11-23 15:00:00+02", "2026-11-23T13:00:00.000Z"],
    ["AWSDateTime without seconds", {}, "2026-11-23T13:00Z", "2026-11-23T13:00:00.000Z"],
    ["a date", {}, "2026-11-23", "2026-11-23T00:00:00.000Z"],
    ["nanoseconds", {}, "2026-11-23T13:00:00.123456789Z", "2026-11-23T13:00:00.123456789Z"],
    ["no zone, which is UTC", {}, "2026-11-23 13:00:00", "2026-11-23T13:00:00.000Z"],
    ["no zone, in winter", { zone: "America/Chicago" }, "2026-11-23 07:00:00.5", "2026-11-23T13:00:00.500Z"],
    ["no zone, in summer", { zone: "America/Chicago" }, "2026-07-23 07:00:00", "2026-07-23T12:00:00.000Z"],
    ["no zone, at an offset", { zone: "+05:30" }, "2026-11-23 18:30:00.000000001", "2026-11-23T13:00:00.000000001Z"],
    [
      "a zone of its own, whatever the default",
      { zone: "America/Chicago" },
      "2026-11-23T13:00:00Z",
      "2026-11-23T13:00:00.000Z",
    ],
    ["AWSTimestamp", { format: "epoch-seconds" }, 1_795_438_800, "2026-11-23T13:00:00.000Z"],
    ["milliseconds as text", { format: "epoch-millis" }, "1795438800250", "2026-11-23T13:00:00.250Z"],
    ["what is no time, not at all", {}, "yesterday", "yesterday"],
    ["what is no day, not at all", {}, "2026-02-30", "2026-02-30"],
    ["what is no number of seconds, not at all", { format: "epoch-seconds" }, "soon", "soon"],
    ["null, not at all", {}, null, null],
  ])("reads %s as a time", (_, conversion, value, expected) => {
    expect(convert({ as: "time", ...conversion }, value)).toEqual(expected);
  });
});
