import { describe, expect, it } from "vitest";
import { parseRegisters, registerOf, SEPARATE } from "./party.ts";

describe("registers", () => {
  it.each([
    ["", [["infinity"], ["elt"], ["ecobee"]]],
    ["infinity+elt", [["infinity", "elt"], ["ecobee"]]],
    ["ecobee+infinity  elt", [["infinity", "ecobee"], ["elt"]]],
    ["elt+ecobee+infinity", [["infinity", "elt", "ecobee"]]],
  ])("%j are %j", (text, registers) => {
    expect(parseRegisters(text)).toEqual(registers);
  });

  it.each([
    ["infinity+nest", '"nest", which is no source'],
    ["infinity+elt elt", "twice"],
    ["infinity+", '"", which is no source'],
  ])("%j are refused", (text, problem) => {
    expect(parseRegisters(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it("are each source's own where nothing is said", () => {
    expect(parseRegisters("")).toEqual(SEPARATE);
    expect(registerOf(SEPARATE, "elt")).toEqual(["elt"]);
  });
});
