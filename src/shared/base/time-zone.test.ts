import { describe, expect, it } from "vitest";
import { isTimeZone, wallClockToUtcMs } from "./time-zone.ts";

describe("a time zone", () => {
  it.each([
    ["America/Chicago", true],
    ["UTC", true],
    ["+05:30", true],
    ["Chicago", false],
    ["", false],
  ])("%j: %s", (name, expected) => {
    expect(isTimeZone(name)).toBe(expected);
  });
});

describe("a clock on the wall", () => {
  const at = (zone: string, shown: string) => new Date(wallClockToUtcMs(Date.parse(`${shown}Z`), zone)).toISOString();

  it("shows the first of two times, where clocks were put back", () => {
    expect(at("America/Chicago", "2026-11-01T01:30:00")).toBe("2026-11-01T06:30:00.000Z");
  });

  it("shows what it would have shown, where clocks were put forward", () => {
    expect(at("America/Chicago", "2026-03-08T02:30:00")).toBe("2026-03-08T08:30:00.000Z");
  });

  it("is read back to what it shows, at many times of a year", () => {
    for (const zone of ["America/Chicago", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"])
      for (let ms = Date.UTC(2026, 0, 1); ms < Date.UTC(2027, 0, 1); ms += 3_600_000 * 37) {
        const shown = new Date(ms).toLocaleString("sv", { timeZone: zone }).replace(" ", "T");
        const instant = wallClockToUtcMs(Date.parse(`${shown}Z`), zone);
        // Of an hour that comes twice it may be the other one.
        expect([0, 1_800_000, 3_600_000]).toContain(ms - instant);
        expect(new Date(instant).toLocaleString("sv", { timeZone: zone }).replace(" ", "T")).toBe(shown);
      }
  });
});
