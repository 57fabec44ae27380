import { describe, expect, it } from "vitest";
import { parsePlan, planWith, SETTINGS } from "./plan.ts";

describe("the options of a plan", () => {
  it("are read as numbers, the rest has its default", () => {
    const parsed = parsePlan({ devices: "10_000_000", "events-per-device-day": "288.5", objects: "live" });
    expect(parsed).toEqual({
      ok: true,
      plan: planWith({ devices: 1e7, eventsPerDeviceDay: 288.5, objectWrites: "live" }),
    });
    expect(parsePlan({ devices: "1e7" })).toMatchObject({ plan: { devices: 1e7 } });
  });

  it.each([
    [{ devices: "10M" }, "--devices takes a whole number from 1 to 10000000000, not 10M."],
    [{ devices: "10,000" }, "--devices takes a whole number from 1 to 10000000000, not 10,000."],
    [{ devices: "0" }, "--devices takes a whole number from 1 to 10000000000, not 0."],
    [{ devices: "1.5" }, "--devices takes a whole number from 1 to 10000000000, not 1.5."],
    [{ devices: "" }, "--devices takes a whole number from 1 to 10000000000, not nothing."],
    [{ devices: "Infinity" }, "--devices takes a whole number from 1 to 10000000000, not Infinity."],
    [{ devices: "0x10" }, "--devices takes a whole number from 1 to 10000000000, not 0x10."],
    [{ "log-sampling": "2" }, "--log-sampling takes a number from 0 to 1, not 2."],
    [{ "distinct-per-batch": "101" }, "--distinct-per-batch takes a whole number from 1 to 100, not 101."],
    [{ objects: "never" }, "--objects takes always or live, not never."],
  ])("%o are refused", (options, problem) => {
    expect(parsePlan(options)).toEqual({ ok: false, problems: [problem] });
  });

  it("are refused all at once", () => {
    expect(parsePlan({ devices: "x", objects: "y" })).toMatchObject({ problems: { length: 2 } });
  });

  it("have defaults within their bounds", () => {
    const typed = Object.values(SETTINGS).map(({ option, byDefault }) => [option, String(byDefault)]);
    expect(parsePlan(Object.fromEntries(typed))).toEqual({ ok: true, plan: planWith() });
  });
});
