import * as fc from "fast-check";
import { expect, it } from "vitest";
import { parseJson } from "./parse-json.ts";

it("distinguishes every JSON text, null and false among them, from text that is not JSON", () => {
  fc.assert(fc.property(fc.json(), (text) => void expect(parseJson(text)).toEqual(JSON.parse(text))));
  expect(["null", "false", "0", '""'].map(parseJson)).toEqual([null, false, 0, ""]);
  expect(["", " ", "undefined", "{", "{}x", "'a'"].map(parseJson)).toEqual(Array(6).fill(undefined));
});
