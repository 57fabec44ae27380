import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exampleValue, listPiiPaths, toJsonSchema } from "#contracts/describe.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { applyEdit, type JsonPatchOp } from "./edit.ts";
import { afterPatch, makeMaskedCopy, maskedTestIn, printMasked } from "./masked-copy.ts";

const TOPIC = "device.elt.profile.updated";
const value = JSON.stringify({
  eventId: "e",
  occurredAt: "2026-11-23T12:00:00Z",
  deviceId: "d",
  data: { name: "Ann's hall", model: "M", phone: "555-0100" },
});
const original = { topic: TOPIC, value, edited: null, revision: 0 };
const patched = (...patches: JsonPatchOp[][]) =>
  printMasked(makeMaskedCopy({ ...original, edited: "{}", revision: patches.length }, patches));

describe("what is shown of an edit", () => {
  it.each<[string, JsonPatchOp[]]>([
    ["copies it to a place that is shown", [{ op: "copy", from: "/data/phone", path: "/data/model" }]],
    ["moves it there", [{ op: "move", from: "/data/phone", path: "/data/model" }]],
    ["moves it there with all around it", [{ op: "copy", from: "/data", path: "/data/model" }]],
    [
      "moves it there in two steps",
      [
        { op: "move", from: "/data/phone", path: "/data/one" },
        { op: "move", from: "/data/one", path: "/data/model" },
      ],
    ],
    [
      "puts it in a place that is not shown, and moves it on",
      [
        { op: "add", path: "/data/phone", value: "555-0100" },
        { op: "copy", from: "/data/phone", path: "/data/model" },
      ],
    ],
  ])("masks a personal value when the patch %s", (_, patch) => {
    expect(patched(patch)).not.toContain("555-0100");
    expect(patched(patch)).toContain('"eventId":"e"');
  });

  it("masks it after a later edit as well", () => {
    const [first, second]: JsonPatchOp[][] = [
      [{ op: "move", from: "/data/phone", path: "/data/model" }],
      [{ op: "add", path: "/data/name", value: "Hall" }],
    ];
    expect(JSON.parse(patched(first as JsonPatchOp[], second as JsonPatchOp[])).data.model).toBe("•••");
  });

  it("shows what the patch itself puts in a declared place, whether or not it is equal to what is masked", () => {
    for (const model of ["555-0100", "N"]) {
      expect(JSON.parse(patched([{ op: "replace", path: "/data/model", value: model }])).data.model).toBe(model);
    }
  });

  it("shows the type of a value wherever a patch moves it, and nothing else of it", () => {
    const topic = "device.elt.status.reported";
    const record = JSON.stringify({ eventId: "e", data: { pin: 4711, mode: "heat" } });
    const copy = makeMaskedCopy({ topic, value: record, edited: null, revision: 0 }, []);
    expect(JSON.parse(printMasked(copy)).data).toEqual({ "•••1": "••• number", mode: "heat" });
    for (const path of ["/data/mode", "/data/indoorTemperatureC", "/data/other"]) {
      const after = afterPatch(copy, [{ op: "move", from: "/data/pin", path }]);
      expect(after && printMasked(after)).toContain('"••• number"');
      expect(after && printMasked(after)).not.toContain("4711");
      expect(after && maskedTestIn(after, [{ op: "test", path, value: 4711 }])).toBe(path);
    }
  });

  it("is all masked when the edits are not known, as after an import", () => {
    expect(printMasked(makeMaskedCopy({ ...original, edited: value, revision: 2 }, []))).toBe('"•••"');
  });
});

describe("a test of a patch", () => {
  it.each<[string, string | undefined, JsonPatchOp[]]>([
    ["a masked value", "/data/phone", [{ op: "test", path: "/data/phone", value: "555" }]],
    ["a whole that holds one", "/data", [{ op: "test", path: "/data", value: {} }]],
    ["the root", "", [{ op: "test", path: "", value: {} }]],
    ["a name that no contract knows", "/data/owner", [{ op: "test", path: "/data/owner", value: 1 }]],
    [
      "a masked value where it was copied to",
      "/data/model",
      [
        { op: "copy", from: "/data/phone", path: "/data/model" },
        { op: "test", path: "/data/model", value: "555" },
      ],
    ],
    ["a value that is shown", undefined, [{ op: "test", path: "/data/model", value: "M" }]],
    ["a declared place where nothing is", undefined, [{ op: "test", path: "/data/firmware", value: "1" }]],
  ])("of %s is found at %s", (_, path, patch) => {
    expect(maskedTestIn(makeMaskedCopy(original, []), patch)).toBe(path);
  });
});

/** A payload of a contract with a secret in each place that is not shown, and the pointers into it. */
function payloadWith(contract: (typeof CONTRACTS)[number], secret: unknown): { value: object; pointers: string[] } {
  const payload = structuredClone(exampleValue(contract)) as Record<string, unknown>;
  const data = payload.data as Record<string, unknown>;
  for (const path of listPiiPaths(toJsonSchema(contract))) {
    const names = path.split(".").map((name) => name.replace("[]", ""));
    let at = payload;
    for (const [i, name] of names.entries()) {
      if (i === names.length - 1) at[name] = secret;
      else if (typeof at[name] !== "object" || at[name] === null || Array.isArray(at[name])) at[name] = {};
      at = at[name] as Record<string, unknown>;
    }
  }
  data.nobodyKnows = { note: secret, list: [secret, { deep: secret }] };
  payload.unknown = secret;
  return { value: payload, pointers: pointersOf(payload) };
}

const pointersOf = (value: unknown, at = ""): string[] =>
  typeof value === "object" && value !== null
    ? [at, ...Object.entries(value).flatMap(([name, member]) => pointersOf(member, `${at}/${name}`))]
    : [at];

/** Two of a type each, for the type is shown; what is nothing looks like text, and so does text like a mask. */
const SECRETS: readonly (readonly [unknown, unknown])[] = [
  ["secret-1", "secret-2"],
  [555_0100, -1],
  [true, false],
  [null, "secret-1"],
  ["••• number", "secret-1"],
];

describe("two payloads that differ only in what is masked", () => {
  const worlds = fc.constantFrom(...CONTRACTS).chain((contract) => {
    return fc.constantFrom(...SECRETS).chain((secrets) => worldsOf(contract, secrets));
  });

  function worldsOf(contract: (typeof CONTRACTS)[number], secrets: readonly [unknown, unknown]) {
    const [one, other] = secrets.map((secret) => payloadWith(contract, secret));
    const pointer = fc.constantFrom(...(one?.pointers ?? [""]), "/data/new", "/data/firmware", "/data/text");
    const literal = fc.constantFrom<unknown>("secret-1", "secret-2", "word", 7, true, null, { note: "secret-1" });
    const op = fc.oneof(
      fc.record({ op: fc.constantFrom("copy", "move"), from: pointer, path: pointer }),
      fc.record({ op: fc.constantFrom("add", "replace", "test"), path: pointer, value: literal }),
      fc.record({ op: fc.constant("remove"), path: pointer }),
    ) as fc.Arbitrary<JsonPatchOp>;
    return fc.record({
      topic: fc.constant(contract.topic),
      one: fc.constant(JSON.stringify(one?.value)),
      other: fc.constant(JSON.stringify(other?.value)),
      patches: fc.array(fc.array(op, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
    });
  }

  /** All that somebody who has not unmasked a letter learns of it by editing it. */
  function learned(topic: string, payload: string, patches: readonly (readonly JsonPatchOp[])[]): unknown[] {
    const seen: unknown[] = [];
    let [text, copy] = [payload, makeMaskedCopy({ topic, value: payload, edited: null, revision: 0 }, [])];
    for (const patch of patches) {
      const tested = maskedTestIn(copy, patch);
      const edit = tested === undefined ? applyEdit(text, patch) : undefined;
      const after = edit?.ok ? afterPatch(copy, patch) : undefined;
      seen.push(tested, edit?.ok, edit?.ok === false && edit.message, printMasked(copy), after && printMasked(after));
      // An edit that can be made always has a copy, or its masks would be lost.
      expect(after !== undefined).toBe(edit?.ok === true);
      if (edit?.ok && after) {
        [text, copy] = [edit.value, after];
        expect(pointersOf(JSON.parse(text))).toEqual(pointersOf("value" in copy ? copy.value : undefined));
      }
    }
    return seen;
  }

  it("look the same to an operator who edits them without unmasking", () => {
    fc.assert(
      fc.property(worlds, ({ topic, one, other, patches }) => {
        expect(learned(topic, one, patches)).toEqual(learned(topic, other, patches));
      }),
      cases(500),
    );
  });
});
