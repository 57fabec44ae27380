import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cases } from "../../../test/support/property-budget.ts";
import { applyEdit, type JsonPatchOp } from "./edit.ts";
import { EDIT_LIMITS } from "./edit-limits.ts";

const ORIGINAL = {
  eventId: "evt-1",
  occurredAt: "2026-11-23T12:00:00Z",
  deviceId: "d-1",
  data: { mode: "warm", list: [1, 2, 3], "a/b": { "~": 1 } },
};
const edit = (patch: unknown, value: unknown = ORIGINAL) => applyEdit(JSON.stringify(value), patch as JsonPatchOp[]);
const edited = (patch: unknown, value?: unknown): unknown => {
  const result = edit(patch, value);
  return result.ok ? JSON.parse(result.value) : result.message;
};
const messageOf = (patch: unknown, value?: unknown) =>
  edit(patch, value).ok || (edit(patch, value) as { message: string }).message;

describe("an edit", () => {
  it("applies all operations in order", () => {
    const patch = [
      { op: "test", path: "/data", value: { list: [1, 2, 3], "a/b": { "~": 1 }, mode: "warm" } },
      { op: "replace", path: "/data/mode", value: "heat" },
      { op: "add", path: "/data/list/-", value: { a: null } },
      { op: "remove", path: "/data/list/0" },
      { op: "copy", from: "/data/a~1b/~0", path: "/data/copied" },
      { op: "move", from: "/data/a~1b", path: "/data/moved" },
    ];
    expect(edited(patch)).toEqual({
      ...ORIGINAL,
      data: { mode: "heat", list: [2, 3, { a: null }], copied: 1, moved: { "~": 1 } },
    });
  });

  it("changes neither patch nor letter, and makes values of its own", () => {
    const value = { a: 1 };
    const patch = [
      { op: "add", path: "/data/x", value },
      { op: "add", path: "/data/x/b", value: 2 },
      { op: "copy", from: "/data/x", path: "/data/y" },
      { op: "add", path: "/data/y/c", value: 3 },
    ];
    expect(edited(patch)).toMatchObject({ data: { x: { a: 1, b: 2 }, y: { a: 1, b: 2, c: 3 } } });
    expect(value).toEqual({ a: 1 });
  });

  it("moves within a list as if it removed first", () => {
    expect(edited([{ op: "move", from: "/0", path: "/1" }], ["a", "b", "c"])).toEqual(["b", "a", "c"]);
    expect(edited([{ op: "move", from: "/0", path: "/0/x" }], [{}, { y: 1 }])).toContain("into itself");
    expect(edited([{ op: "move", from: "/0", path: "/0" }], ["a", "b"])).toEqual(["a", "b"]);
    expect(edited([{ op: "move", from: "/0", path: "/1/x" }], ["a", {}, { y: 1 }])).toEqual([{}, { y: 1, x: "a" }]);
    expect(edited([{ op: "move", from: "/0", path: "/3" }], ["a", "b", "c"])).toContain("no index");
  });

  it.each([
    ["replaces the whole", { op: "replace", path: "", value: [1] }, { a: 1 }, [1]],
    ["adds the whole", { op: "add", path: "", value: null }, { a: 1 }, null],
    ["copies a part over the whole", { op: "copy", from: "/a", path: "" }, { a: 1 }, 1],
    ["copies the whole into itself", { op: "copy", from: "", path: "/b" }, { a: 1 }, { a: 1, b: { a: 1 } }],
    ["knows an empty name", { op: "replace", path: "/", value: 2 }, { "": 1 }, { "": 2 }],
    ["knows ~01 as ~1", { op: "replace", path: "/~01", value: 2 }, { "~1": 1 }, { "~1": 2 }],
    ["adds in front of an element", { op: "add", path: "/0", value: 1 }, [2, 3], [1, 2, 3]],
    ["adds behind the last", { op: "add", path: "/2", value: 1 }, [2, 3], [2, 3, 1]],
    ["adds behind the last by -", { op: "add", path: "/-", value: [1] }, [2, 3], [2, 3, [1]]],
    ["knows - as an object's name", { op: "add", path: "/-", value: 1 }, {}, { "-": 1 }],
    ["knows an index as an object's name", { op: "add", path: "/01", value: 1 }, { "1": 0 }, { "1": 0, "01": 1 }],
    ["adds over a member", { op: "add", path: "/a", value: [2] }, { a: { b: 1 } }, { a: [2] }],
    ["replaces an element", { op: "replace", path: "/1", value: null }, [1, 2, 3], [1, null, 3]],
    ["removes an element", { op: "remove", path: "/1" }, [1, 2, 3], [1, 3]],
    ["removes a null", { op: "remove", path: "/a~1b/0" }, { "a/b": [null] }, { "a/b": [] }],
    ["moves a part over the whole", { op: "move", from: "/a/0", path: "" }, { a: [{ b: 1 }] }, { b: 1 }],
    ["moves behind the last, as it is without it", { op: "move", from: "/0", path: "/2" }, [1, 2, 3], [2, 3, 1]],
  ])("%s", (_, op, value, result) => {
    expect(edited([op], value)).toEqual(result);
  });

  it.each([
    ["a member that is not there", { op: "replace", path: "/data/x", value: 1 }, '"/data/x" does not exist'],
    ["the removal of nothing", { op: "remove", path: "/data/x" }, "does not exist"],
    ["the removal of everything", { op: "remove", path: "" }, "the whole value cannot be removed"],
    ["a copy of nothing", { op: "copy", from: "/data/x", path: "/data/y" }, "does not exist"],
    ["a move into itself", { op: "move", from: "/data", path: "/data/list/0" }, "into itself"],
    [
      "an addition to nothing",
      { op: "add", path: "/data/x/y", value: 1 },
      "its parent is neither an object nor a list",
    ],
    [
      "an addition to text",
      { op: "add", path: "/data/mode/0", value: 1 },
      "its parent is neither an object nor a list",
    ],
    ["an index beyond the list", { op: "add", path: "/data/list/4", value: 1 }, "no index"],
    ["an index with a zero", { op: "add", path: "/data/list/01", value: 1 }, "no index"],
    ["an element behind the last", { op: "replace", path: "/data/list/3", value: 1 }, "does not exist"],
    ["the removal of what is behind the last", { op: "remove", path: "/data/list/-" }, "does not exist"],
    [
      "a move behind the last, as it was with it",
      { op: "move", from: "/data/list/0", path: "/data/list/3" },
      "no index",
    ],
    ["the list's length", { op: "replace", path: "/data/list/length", value: 0 }, "does not exist"],
    [
      "a test of another value",
      { op: "test", path: "/data/mode", value: "heat" },
      "the value there is a different one",
    ],
    ["a test of nothing", { op: "test", path: "/data/x", value: null }, "does not exist"],
    ["what all objects inherit", { op: "add", path: "/toString/polluted", value: 1 }, "its parent is neither"],
    [
      "what all objects inherit, as a value",
      { op: "copy", from: "/data/hasOwnProperty", path: "/data/x" },
      "does not exist",
    ],
  ])("refuses %s, and says at which operation", (_, op, message) => {
    const result = messageOf([{ op: "test", path: "/data/list/0", value: 1 }, op]);
    expect(result).toContain(message);
    expect(result).toMatch(/^Operation 2, .* Nothing was changed\.$/);
  });

  it.each([
    "/__proto__/polluted",
    "/data/__proto__",
    "/constructor/prototype/polluted",
    "/data/constructor",
    "/data/list/prototype",
  ])("refuses a way into JavaScript: %s", (path) => {
    for (const op of [
      { op: "add", path, value: 1 },
      { op: "remove", path },
      { op: "copy", from: path, path: "/data/x" },
    ]) {
      expect(edit([op])).toMatchObject({
        ok: false,
        issues: [{ message: "must not name __proto__, constructor or prototype" }],
      });
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("refuses members that are named __proto__, which would be lost", () => {
    const hostile = JSON.parse('{"a":{"__proto__":{"x":1}}}');
    expect(messageOf([{ op: "add", path: "/data/x", value: hostile }])).toContain("patch has a member named __proto__");
    expect(messageOf([{ op: "add", path: "/b", value: 1 }], hostile)).toContain("value has a member named __proto__");
    expect(edit([{ op: "add", path: "/data/x", value: '"__proto__":' }]).ok).toBe(true);
  });

  it.each([
    ["no list", { op: "add", path: "", value: 1 }],
    ["nothing", []],
    ["an operation nobody knows", [{ op: "spam", path: "" }]],
    ["a path that is no pointer", [{ op: "remove", path: "data" }]],
    ["a path with a bare tilde", [{ op: "remove", path: "/a~2" }]],
    ["no value", [{ op: "add", path: "/data/x" }]],
    ["a member too many", [{ op: "remove", path: "/data/mode", form: "/x" }]],
    ["null", null],
    [
      "too many operations",
      Array.from({ length: EDIT_LIMITS.operations + 1 }, () => ({ op: "test", path: "/eventId", value: "evt-1" })),
    ],
  ])("refuses a patch that is %s", (_, patch) => {
    expect(edit(patch)).toMatchObject({
      ok: false,
      issues: expect.arrayContaining([expect.objectContaining({ code: expect.any(String) })]),
    });
  });

  it("refuses what is too large or too deep, also where it only grows so", () => {
    expect(messageOf([{ op: "add", path: "/data/x", value: "x".repeat(EDIT_LIMITS.bytes) }])).toContain(
      "patch is larger than",
    );
    const doubling = Array.from({ length: 100 }, (_, i) => ({ op: "copy", from: "", path: `/x${i}` }));
    expect(messageOf(doubling)).toMatch(/^Operation \d+, copy .* the value is larger than 65536 bytes/);
    const long = { data: "x".repeat(70_000), more: 1 };
    expect(edit([{ op: "remove", path: "/more" }], long).ok).toBe(true);
    expect(messageOf([{ op: "add", path: "/evenMore", value: 1 }], long)).toContain(
      "After the edit the value is larger than",
    );
    const deep = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels));
    for (const levels of [1_100, 100_000]) {
      expect(messageOf([{ op: "add", path: "/data/x", value: deep(levels) }])).toContain("patch is nested deeper");
    }
    expect(applyEdit("[".repeat(1_100) + "]".repeat(1_100), [{ op: "add", path: "/0", value: 1 }])).toMatchObject({
      ok: false,
      message: expect.stringContaining("value is nested deeper"),
    });
    const chain = Array.from({ length: 50 }, () => ({ op: "copy", from: "", path: "/0".repeat(400) }));
    expect(messageOf([{ op: "add", path: "", value: deep(401) }, ...chain])).toMatch(/copy .* is nested deeper/);
  });

  it.each(['{"id":9007199254740993,"a":1}', '{"a":1,"b":[0.12345678901234567890]}', '{"a":1e999}'])(
    "refuses a value whose numbers it would change: %s",
    (text) => {
      expect(applyEdit(text, [{ op: "add", path: "/a", value: 2 }])).toMatchObject({
        ok: false,
        message: expect.stringContaining("64-bit"),
      });
    },
  );

  it("refuses numbers of a patch that were rounded on the way", () => {
    for (const value of [2 ** 53, { a: [-(2 ** 60)] }, 1 / 0]) {
      expect(messageOf([{ op: "add", path: "/data/x", value }])).toContain("rounded before it arrived");
    }
    expect(edit([{ op: "add", path: "/data/x", value: [20.5, 2 ** 53 - 1, 1e-7] }]).ok).toBe(true);
  });

  it.each([["{oops"], [""], [null]])("of %o can only add the whole", (text) => {
    expect(
      applyEdit(text, [
        { op: "add", path: "", value: { a: 1 } },
        { op: "add", path: "/b", value: 2 },
      ]),
    ).toEqual({
      ok: true,
      value: '{"a":1,"b":2}',
    });
    for (const op of [
      { op: "add", path: "/a", value: 1 },
      { op: "replace", path: "", value: 1 },
    ] as const) {
      expect(applyEdit(text, [op]).ok).toBe(false);
    }
  });

  it.each(["eventId", "occurredAt", "deviceId"])("keeps a valid %s", (name) => {
    for (const op of [
      { op: "replace", path: `/${name}`, value: "2026-11-23T12:00:01Z" },
      { op: "remove", path: `/${name}` },
      { op: "add", path: "", value: { ...ORIGINAL, [name]: null } },
    ]) {
      expect(edit([op])).toMatchObject({ ok: false, issues: [{ path: name, code: "changed" }] });
    }
    expect(messageOf([{ op: "remove", path: `/${name}` }])).toContain(`changes ${name}`);
    expect(
      edit([{ op: "replace", path: `/${name}`, value: "2026-11-23T12:00:01Z" }], { ...ORIGINAL, [name]: 7 }).ok,
    ).toBe(true);
  });

  it("never throws, and never reaches what objects share", () => {
    const segment = fc.constantFrom(
      "data",
      "list",
      "0",
      "-",
      "mode",
      "toString",
      "valueOf",
      "length",
      "call",
      "a~1b",
      "",
    );
    const pointer = fc.array(segment, { maxLength: 4 }).map((parts) => parts.map((part) => `/${part}`).join(""));
    const op = fc.record({
      op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test"),
      path: pointer,
      from: pointer,
      value: fc.jsonValue(),
    });
    const strict = op.map(({ op, path, from, value }) =>
      op === "remove" ? { op, path } : op === "move" || op === "copy" ? { op, path, from } : { op, path, value },
    );
    const before = shared();
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.constant(ORIGINAL)),
        fc.oneof(fc.array(strict, { maxLength: 8 }), fc.anything()),
        (value, patch) => {
          const result = edit(patch, value);
          if (result.ok) expect(() => JSON.parse(result.value)).not.toThrow();
          expect(shared()).toEqual(before);
        },
      ),
      cases(2000),
    );
  });
});

/** All that hangs on the prototypes of JSON's own kinds, and on the functions there. */
const shared = () =>
  [
    Object.prototype,
    Array.prototype,
    String.prototype,
    Object.prototype.toString,
    Object.prototype.hasOwnProperty,
    Object.prototype.valueOf,
  ].map((object) => Object.getOwnPropertyNames(object).length);
