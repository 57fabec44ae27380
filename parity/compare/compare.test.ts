import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnswerError, Outcome } from "../ask/answer.ts";
import type { Json } from "../json.ts";
import { compilePlan } from "../plan/compile.ts";
import { ShapeError } from "../plan/path.ts";
import { selectionOf } from "../plan/selection.ts";
import type { Conversion, DocumentSpec, Fields } from "../settings/schema.ts";
import { type Compared, compareOutcomes, selfPlan } from "./compare.ts";

const DOCUMENT = "{ root { a b words list { k v inner { w } } } }";

function planOf(spec: Partial<DocumentSpec>) {
  const { old, new: newer, document = DOCUMENT } = spec;
  const text = (given: unknown) => selectionOf((given as string | undefined) ?? (document as string));
  const whole = { items: "x", root: "root", ...(old || newer ? {} : { document }), ...spec };
  const { plan, problems } = compilePlan(whole, { old: text(old?.document), new: text(newer?.document) });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return plan;
}

const answered = (root: Json, errors: readonly AnswerError[] = []): Outcome => ({
  kind: "answered",
  data: { root },
  errors,
});
const LIST: Fields = { list: { key: "k" } };
const differing = (all: readonly Compared[]) =>
  all.filter(({ kind }) => kind !== "match").map(({ at, kind }) => `${at} ${kind}`);

const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean());
const conversion: fc.Arbitrary<Conversion> = fc.record(
  {
    trim: fc.boolean(),
    nullIf: fc.array(scalar, { minLength: 1, maxLength: 3 }),
    as: fc.constantFrom("text" as const, "number" as const, "boolean" as const, "time" as const, "json" as const),
    format: fc.constantFrom("iso" as const, "epoch-seconds" as const, "epoch-millis" as const),
    zone: fc.constantFrom("America/Chicago", "UTC", "+02:00"),
    case: fc.constantFrom("lower" as const, "upper" as const),
    values: fc.dictionary(fc.string(), fc.option(scalar)),
    add: fc.double({ noNaN: true }),
    multiply: fc.double({ noNaN: true }),
    default: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<never>,
  },
  { requiredKeys: [] },
);
const item = fc.record({ k: fc.option(scalar), v: json, inner: fc.option(fc.record({ w: json })) });
const root = fc.record({ a: json, b: json, words: fc.array(fc.string()), list: fc.option(fc.array(fc.option(item))) });

describe("a comparison", () => {
  it("of a value with itself matches, under any mapping", () => {
    const tolerance = fc.option(fc.constantFrom<string | number>(0.5, "1%", "1s"), { nil: undefined });
    fc.assert(
      fc.property(root, conversion, conversion, tolerance, (value, one, other, within) => {
        const fields: Fields = {
          a: { ...one, tolerance: within },
          b: other,
          words: { ...one, order: "any" },
          list: { key: "k", fields: { k: one, v: { ...other, tolerance: within } } },
        };
        expect(differing(compareOutcomes(planOf({ fields }), answered(value), answered(value)))).toEqual([]);
      }),
    );
  });

  it("finds each planted difference at its place, and nothing else", () => {
    const row = (k: number) => ({ k: `k-${k}`, v: k * 7, inner: { w: `w-${k}` } });
    const base = { a: "text", b: 2, words: ["x", "y"], list: [0, 1, 2, 3, 4].map(row) };
    type Base = typeof base;
    const PLANTED: readonly (readonly [string, (value: Base) => Base])[] = [
      ["a mismatch", (value) => ({ ...value, a: "other" })],
      ["b missing_new", (value) => ({ ...value, b: null as never })],
      ["words mismatch", (value) => ({ ...value, words: ["x"] })],
      ["list[k-0] missing_new", (value) => ({ ...value, list: value.list.filter(({ k }) => k !== "k-0") })],
      ["list[k-9] missing_old", (value) => ({ ...value, list: [...value.list, row(9)] })],
      ["list[k-4#2] missing_old", (value) => ({ ...value, list: [...value.list, row(4)] })],
      [
        "list[k-1].v mismatch",
        (value) => ({ ...value, list: value.list.map((each) => (each.k === "k-1" ? { ...each, v: 0 } : each)) }),
      ],
      [
        "list[k-2].inner.w missing_new",
        (value) => ({
          ...value,
          list: value.list.map((each) => (each.k === "k-2" ? { ...each, inner: { w: null as never } } : each)),
        }),
      ],
      [
        "list[k-3].inner.w missing_new",
        (value) => ({
          ...value,
          list: value.list.map((each) => (each.k === "k-3" ? { ...each, inner: null as never } : each)),
        }),
      ],
    ];
    const plan = planOf({ fields: { ...LIST, words: { order: "any" } } });
    fc.assert(
      fc.property(fc.subarray([...PLANTED]), fc.boolean(), (planted, isReversed) => {
        const changed = planted.reduce((value, [, plant]) => plant(value), base);
        const newer = isReversed
          ? { ...changed, list: changed.list.toReversed(), words: changed.words.toReversed() }
          : changed;
        const found = differing(compareOutcomes(plan, answered(base), answered(newer)));
        expect(found.sort()).toEqual(planted.map(([at]) => at).sort());
      }),
    );
  });

  it("of two documents reads each side by its own names", () => {
    const plan = planOf({
      old: { document: "{ getDevice { serial where { town } alerts { items { id level } } } }", root: "getDevice" },
      new: {
        document: "{ device { serialNumber city alerts { edges { node { alertId severity } } } } }",
        root: "device",
      },
      fields: {
        serialNumber: { old: "serial" },
        city: { old: "where.town", case: "lower" },
        alerts: {
          ...{ old: "alerts.items", new: "alerts.edges[].node", key: "alertId" },
          fields: { alertId: { old: "id" }, severity: { old: { path: "level", values: { 1: "CRITICAL" } } } },
        },
      },
    });
    const old = {
      getDevice: {
        serial: "S",
        where: { town: "OSLO" },
        alerts: {
          items: [
            { id: "A", level: 1 },
            { id: "B", level: 2 },
          ],
        },
      },
    };
    const newer = {
      device: {
        serialNumber: "S",
        city: "Oslo",
        alerts: {
          edges: [{ node: { alertId: "B", severity: "2" } }, { node: { alertId: "A", severity: "CRITICAL" } }],
        },
      },
    };
    const ours: Outcome = { kind: "answered", data: old, errors: [] };
    const compared = compareOutcomes(plan, ours, { ...ours, data: newer });
    expect(compared).toHaveLength(9);
    expect(differing(compared)).toEqual(["alerts[B].severity mismatch"]);
    expect(differing(compareOutcomes(selfPlan(plan), ours, ours))).toEqual([]);
  });

  it.each([
    ["both sides have nothing", null, null, []],
    ["the old side has nothing", null, { a: 1 }, [" missing_old"]],
    ["the new side has nothing", { a: 1 }, null, [" missing_new"]],
  ])("says so of the document as a whole where %s", (_, old, newer, expected) => {
    expect(differing(compareOutcomes(planOf({ fields: LIST }), answered(old), answered(newer)))).toEqual(expected);
  });
});

describe("an error", () => {
  const value = { a: 1, b: 2, words: [], list: [{ k: "x", v: 1, inner: { w: 1 } }] };
  const errorAt = (...path: (string | number)[]): AnswerError => ({ message: "no", path });

  it.each<[string, Json, AnswerError[], string[]]>([
    ["of a field hides that field", { ...value, a: null }, [errorAt("root", "a")], ["a error"]],
    [
      "that nulls what is around it hides all of that",
      { ...value, list: [{ ...value.list[0], inner: null }] },
      [errorAt("root", "list", 0, "inner", "w")],
      ["list[x].inner.w error"],
    ],
    [
      "in a list that is null hides the list",
      { ...value, list: null },
      [errorAt("root", "list", 3, "k")],
      ["list error"],
    ],
    ["that nulls the document hides the document", null, [errorAt("root", "a")], [" error"]],
    [
      "without a path, of an answer without data, hides the document",
      null,
      [{ message: "no", path: null }],
      [" error"],
    ],
    ["that hides nothing that is compared is told all the same", value, [errorAt("other")], ["(new errors) error"]],
  ])("%s", (_, newer, errors, expected) => {
    const plan = planOf({ fields: LIST });
    expect(differing(compareOutcomes(plan, answered(value), answered(newer, errors)))).toEqual(expected);
    expect(differing(compareOutcomes(plan, answered(newer, errors), answered(value)))).toEqual(
      expected.map((each) => each.replace("new errors", "old errors")),
    );
  });

  it("of one field leaves a null of another one a difference", () => {
    const newer = answered({ ...value, a: null, b: null }, [errorAt("root", "a")]);
    expect(differing(compareOutcomes(planOf({ fields: LIST }), answered(value), newer))).toEqual([
      "a error",
      "b missing_new",
    ]);
  });

  it("of a side that did not answer is of the document as a whole, and says what the side said", () => {
    const failed: Outcome = { kind: "failed", message: "502, 5 times" };
    expect(compareOutcomes(planOf({ fields: LIST }), answered(value), failed)).toMatchObject([
      { at: "", kind: "error", error: { side: "new", message: "502, 5 times" } },
    ]);
  });
});

describe("a list", () => {
  it("that no field of the settings names is an error, since it would look the same on both sides", () => {
    const plan = planOf({ fields: {} });
    const value = { a: 1, b: 1, words: [], list: [{ k: "x", v: 1, inner: null }] };
    expect(() => compareOutcomes(plan, answered(value), answered(value))).toThrow(ShapeError);
    expect(() => compareOutcomes(plan, answered(value), answered(value))).toThrow(/root\.list is a list.*key/);
  });

  it("that is an object in the answer is an error too", () => {
    const plan = planOf({ fields: LIST });
    const value = { a: 1, b: 1, words: [], list: { k: "x" } };
    expect(() => compareOutcomes(plan, answered(value), answered(value))).toThrow(/root\.list is not a list/);
  });
});
