import { describe, expect, it } from "vitest";
import { findRegister, parseRegisters, SEPARATE } from "./party.ts";
import { SOURCES } from "./sources.ts";

/** Sources that a text does not name, each in a group of its own. */
const others = SOURCES.filter((source) => !["infinity", "elt", "ecobee"].includes(source)).map((source) => [source]);

describe("registers", () => {
  it.each([
    ["", [["infinity"], ["elt"], ["ecobee"]]],
    ["infinity+elt", [["infinity", "elt"], ["ecobee"]]],
    ["ecobee+infinity  elt", [["infinity", "ecobee"], ["elt"]]],
    ["elt+ecobee+infinity", [["infinity", "elt", "ecobee"]]],
  ])("%j are %j", (text, registers) => {
    expect(parseRegisters(text)).toEqual([...registers, ...others]);
  });

  it.each([
    ["infinity+nobody", '"nobody", which is no source'],
    ["infinity+elt elt", "twice"],
    ["infinity+", '"", which is no source'],
  ])("%j are refused", (text, problem) => {
    expect(parseRegisters(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it("are separate for each source by default", () => {
    expect(parseRegisters("")).toEqual(SEPARATE);
    expect(findRegister(SEPARATE, "elt")).toEqual(["elt"]);
  });
});
