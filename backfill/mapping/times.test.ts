import { describe, expect, it } from "vitest";
import { timeReader } from "./times.ts";

const read = (cell: string | number | bigint, format = {}) => {
  const result = timeReader(format)(cell);
  return result.ok ? result.time : result.problem;
};

describe("a time", () => {
  it.each<[string | number | bigint, object, string]>([
    ["2026-11-23T13:00:00Z", {}, "2026-11-23T13:00:00Z"],
    ["2026-11-23T13:00:00.123456789+02:00", {}, "2026-11-23T13:00:00.123456789+02:00"],
    ["2026-11-23 13:00:00.123 -0700", {}, "2026-11-23T13:00:00.123-07:00"],
    ["2026-11-23 13:00:00.123 Z", {}, "2026-11-23T13:00:00.123Z"],
    ["2026-11-23 13:00:00+00", {}, "2026-11-23T13:00:00+00:00"],
    ["2026-11-23 13:00:00 UTC", {}, "2026-11-23T13:00:00Z"],
    ["2026-11-23 13:00:00.5", { zone: "UTC" }, "2026-11-23T13:00:00.5Z"],
    ["2026-11-23 13:00", { zone: "+05:30" }, "2026-11-23T07:30:00Z"],
    ["2026-11-23", { zone: "America/Chicago" }, "2026-11-23T06:00:00Z"],
    ["2026-07-01 12:00:00.123456", { zone: "America/Chicago" }, "2026-07-01T17:00:00.123456Z"],
    ["2026-07-01T12:00:00Z", { zone: "America/Chicago" }, "2026-07-01T12:00:00Z"],
    ["11/23/2026 01:05:00 PM", { format: "MM/DD/YYYY HH12:MI:SS AM", zone: "UTC" }, "2026-11-23T13:05:00Z"],
    ["11/23/2026 12:05 AM", { format: "MM/DD/YYYY HH12:MI AM", zone: "UTC" }, "2026-11-23T00:05:00Z"],
    ["Mon, 23 Nov 2026 13:00:00 +0000", { format: "DY, DD MON YYYY HH24:MI:SS TZHTZM" }, "2026-11-23T13:00:00+00:00"],
    ["20261123T130000.120", { format: "YYYYMMDDTHH24MISS.FF3", zone: "UTC" }, "2026-11-23T13:00:00.120Z"],
    [1795438800, { format: "epoch-seconds" }, "2026-11-23T13:00:00Z"],
    ["1795438800.25", { format: "epoch-seconds" }, "2026-11-23T13:00:00.25Z"],
    [1795438800123, { format: "epoch-millis" }, "2026-11-23T13:00:00.123Z"],
    [1795438800123456n, { format: "epoch-micros" }, "2026-11-23T13:00:00.123456Z"],
    ["1795438800123456789", { format: "epoch-nanos" }, "2026-11-23T13:00:00.123456789Z"],
    [7, { format: "epoch-millis" }, "1970-01-01T00:00:00.007Z"],
  ])("%s with %o is %s", (cell, format, time) => {
    expect(read(cell, format)).toBe(time);
  });

  it.each<[string | number, object, RegExp]>([
    ["2026-11-23 13:00:00", {}, /names no time zone.*`zone`/],
    ["2026-02-30T13:00:00Z", {}, /no calendar has/],
    ["2026-02-30 13:00", { zone: "America/Chicago" }, /no calendar has/],
    ["23.11.2026", {}, /no time of the format iso/],
    ["yesterday", { format: "MM/DD/YYYY", zone: "UTC" }, /no time of the format MM\/DD\/YYYY/],
    ["13/23/2026", { format: "MM/DD/YYYY", zone: "UTC" }, /no calendar has/],
    [1795438800, {}, /epoch-millis/],
    [1795438800123, { format: "epoch-seconds" }, /beyond the year 9999/],
    [-1, { format: "epoch-seconds" }, /before 1970/],
    ["soon", { format: "epoch-seconds" }, /no number/],
  ])("%s with %o is a fault", (cell, format, problem) => {
    expect(read(cell, format)).toMatch(problem);
  });

  it.each([
    ["MM/DD", /needs a year/],
    ["YYYY-MM-DD QQ", /no meaning from QQ/],
    ["iso8601", /no meaning/],
  ])("cannot have the format %s", (format, problem) => {
    expect(() => timeReader({ format })).toThrow(problem);
  });
});

describe("a wall clock", () => {
  it.each([
    ["the first of two, where clocks are set back", "2026-11-01 01:30", "America/Chicago", "2026-11-01T06:30:00Z"],
    [
      "as far behind the gap, where they are set forward",
      "2026-03-08 02:30",
      "America/Chicago",
      "2026-03-08T08:30:00Z",
    ],
    ["just before the gap", "2026-03-08 01:59:59", "America/Chicago", "2026-03-08T07:59:59Z"],
    ["just behind the gap", "2026-03-08 03:00", "America/Chicago", "2026-03-08T08:00:00Z"],
    ["just behind the hour that is there twice", "2026-11-01 02:00", "America/Chicago", "2026-11-01T08:00:00Z"],
    ["by half an hour, on Lord Howe Island", "2026-04-05 01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00Z"],
    ["across the date line", "2026-11-23 00:30", "Pacific/Kiritimati", "2026-11-22T10:30:00Z"],
  ])("is %s", (_, wall, zone, time) => {
    expect(read(wall, { zone })).toBe(time);
  });
});
