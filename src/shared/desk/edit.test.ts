import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyEdit, JsonPatch } from "./edit.ts";

const edited = (value: string, ...patch: JsonPatch) => applyEdit(value, JsonPatch.parse(patch));

describe("an edit", () => {
  it.each<[string, JsonPatch[number], string]>([
    ['{"a":1}', { op: "add", path: "/b", value: [1] }, '{"a":1,"b":[1]}'],
    ['{"a":{"b":1},"c":2}', { op: "remove", path: "/a/b" }, '{"a":{},"c":2}'],
    ['{"a~/b":1}', { op: "replace", path: "/a~0~1b", value: null }, '{"a~/b":null}'],
    ["[1,2]", { op: "add", path: "/-", value: 3 }, "[1,2,3]"],
    ['{"a":1}', { op: "move", from: "/a", path: "/b" }, '{"b":1}'],
    ['{"a":1}', { op: "copy", from: "/a", path: "/b" }, '{"a":1,"b":1}'],
    ['{"a":1}', { op: "test", path: "/a", value: 1 }, '{"a":1}'],
  ])("of %s by %j is %s", (value, operation, after) => {
    expect(edited(value, operation)).toEqual({ ok: true, value: after });
  });

  it.each(["9007199254740993", "1e400", "0.1234567890123456789", "-9007199254740993.0"])(
    "of a payload that holds %s would round it, and is refused",
    (number) => {
      const result = edited(`{"n":${number},"a":1}`, { op: "remove", path: "/a" });
      expect(result).toMatchObject({ ok: false, message: expect.stringContaining(number) });
    },
  );

  it("that fails half way changes nothing", () => {
    const result = edited('{"a":1}', { op: "remove", path: "/a" }, { op: "remove", path: "/none" });
    expect(result).toMatchObject({ ok: false });
  });

  it("keeps what a record is known by, and may give it what it lacks", () => {
    const value = '{"eventId":"e","occurredAt":"","data":{}}';
    expect(edited(value, { op: "replace", path: "/eventId", value: "f" })).toMatchObject({ ok: false });
    expect(edited(value, { op: "add", path: "/occurredAt", value: "2026-11-23T12:00:00Z" })).toMatchObject({
      ok: true,
    });
    expect(edited(value, { op: "add", path: "/deviceId", value: "d" })).toMatchObject({ ok: true });
    expect(edited(value, { op: "replace", path: "", value: {} })).toMatchObject({ ok: false });
  });

  it("never throws, and never reaches what is everybody's", () => {
    const path = fc.oneof(fc.constantFrom("/__proto__/x", "/constructor/prototype/x", "/a", "", "/a/0"), fc.string());
    const operation = fc.record({ op: fc.constantFrom("add", "remove", "replace"), path, value: fc.jsonValue() });
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.array(operation, { maxLength: 5 }), (value, operations) => {
        const patch = JsonPatch.safeParse(operations);
        if (patch.success) applyEdit(value, patch.data);
        expect(({} as Record<string, unknown>).x).toBeUndefined();
      }),
    );
  });
});
