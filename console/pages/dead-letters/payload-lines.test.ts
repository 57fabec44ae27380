import { describe, expect, it } from "vitest";
import { parseLines, prettyPrint } from "./payload-lines.ts";

const issue = (path: string) => ({ path, code: "invalid_type", message: `about ${path}` });

/** Each line that has issues, with their paths. */
const marksOf = (text: string, ...paths: string[]) =>
  parseLines(text, paths.map(issue))
    ?.filter(({ issues }) => issues.length > 0)
    .map(({ name, text: value, kind, issues }) => [name ?? value, kind, issues.map(({ path }) => path)]);

describe("a payload over many lines", () => {
  it("is the same text except for white space", () => {
    const text = '{"id":90071992547409931234,"n":1.0,"s":"\\u0041\\/","a":[1, {"b":[]}],"id":2,"e":{}}';
    const pretty = prettyPrint(text);
    expect(pretty).toBe(
      [
        "{",
        '  "id": 90071992547409931234,',
        '  "n": 1.0,',
        '  "s": "\\u0041\\/",',
        '  "a": [',
        "    1,",
        "    {",
        '      "b": []',
        "    }",
        "  ],",
        '  "id": 2,',
        '  "e": {}',
        "}",
      ].join("\n"),
    );
    expect(pretty.replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
  });

  it("marks an issue at its own line, in lists too", () => {
    const text = '{"data":{"mode":"warm","equipment":["fan",7]}}';
    expect(marksOf(text, "data.mode", "data.equipment.1")).toEqual([
      ['"mode"', "value", ["data.mode"]],
      ["7", "value", ["data.equipment.1"]],
    ]);
  });

  it("shows a missing member where it would be", () => {
    const lines = parseLines('{"data":{"model":"M-1"},"at":1}', [issue("data.name")]);
    expect(lines?.map(({ name, text, kind }) => `${kind} ${name ?? text}`)).toEqual([
      "open {",
      'open "data"',
      'value "model"',
      'missing "name"',
      "close },",
      'value "at"',
      "close }",
    ]);
  });

  it("opens an empty object for a missing member, and names a whole missing path", () => {
    expect(marksOf('{"data":{},"at":1}', "data.dealer.name")).toEqual([
      ['"dealer.name"', "missing", ["data.dealer.name"]],
    ]);
    expect(prettyPrint('{"data":{}}')).toBe('{\n  "data": {}\n}');
  });

  it("marks a value in the place of an object, and the object whose member has a masked name", () => {
    expect(marksOf('{"data":"•••"}', "data.mode")).toEqual([['"data"', "value", ["data.mode"]]]);
    expect(marksOf('{"data":{"•••1":"•••"}}', "data.*")).toEqual([['"data"', "open", ["data.*"]]]);
  });

  it("marks an issue of the whole value at its first line", () => {
    expect(marksOf("[1]", "")).toEqual([["[", "open", [""]]]);
    expect(marksOf('"text"', "")).toEqual([['"text"', "value", [""]]]);
    expect(marksOf('"text"', "deviceId")).toEqual([['"text"', "value", ["deviceId"]]]);
  });

  it("marks the last of two members of one name, which is the one that parsers keep", () => {
    const lines = parseLines('{"a":1,"a":2}', [issue("a")]);
    expect(lines?.map(({ issues }) => issues.length)).toEqual([0, 0, 1, 0]);
  });

  it.each(["", "not json", '{"a":1', "{'a':1}"])("does not exist for %j, whose text stays as it is", (text) => {
    expect(parseLines(text)).toBeUndefined();
    expect(prettyPrint(text)).toBe(text);
  });

  it("does not exist for a text that nests too deeply", () => {
    expect(parseLines("[".repeat(5_000) + "]".repeat(5_000))).toBeUndefined();
  });
});
