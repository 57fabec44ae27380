import { expect, it } from "vitest";
import { patchBetween, patchIn, whyNotEditable } from "./patch-between.ts";

it("says what was added, replaced and removed between two texts", () => {
  const before = '{"data":{"mode":"warm","extra":1}}';
  expect(patchBetween(before, '{"data":{"mode":"heat","name":"Hall"}}')).toEqual({
    ok: true,
    patch: [
      { op: "remove", path: "/data/extra" },
      { op: "add", path: "/data/name", value: "Hall" },
      { op: "replace", path: "/data/mode", value: "heat" },
    ],
  });
});

it("does not take another spelling of the same for a change", () => {
  expect(patchBetween('{"a":1.0,"b":"A"}', '{\n  "b": "\\u0041",\n  "a": 1\n}')).toEqual({
    ok: false,
    message: "Nothing is changed yet.",
  });
});

it("never rounds a number silently, whether it was there before or has just been written", () => {
  expect(patchBetween('{"id":9007199254740993}', '{"id":1}')).toMatchObject({
    ok: false,
    message: expect.stringContaining("9007199254740993"),
  });
  expect(patchBetween('{"id":1}', '{"id":9007199254740993}')).toMatchObject({
    ok: false,
    message: expect.stringContaining("9007199254740993"),
  });
  expect(patchIn('[{"op":"add","path":"/id","value":9007199254740993}]').ok).toBe(false);
  expect(whyNotEditable('{"id":"9007199254740993"}')).toBeUndefined();
});

it.each([
  ["what is not JSON yet", '{"a":'],
  ["nothing at all", ""],
])("makes no patch of %s", (_, text) => {
  expect(patchBetween("{}", text)).toMatchObject({ ok: false, message: expect.stringContaining("not JSON") });
});

it("says at once that a payload that is not JSON cannot be edited", () => {
  expect(whyNotEditable("<xml/>")).toContain("not JSON");
});

it.each(["{}", "[1]", "[]", "nonsense"])("takes no %s for a patch", (text) => {
  expect(patchIn(text).ok).toBe(false);
});
