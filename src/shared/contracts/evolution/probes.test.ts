import { describe, expect, it } from "vitest";
import * as z from "zod";
import { type Contract, type ContractSpec, defineContract } from "../define.ts";
import { id } from "../fields.ts";
import { upcastFrom } from "../versions.ts";
import { judge } from "./judge.ts";
import { parseReleased, printReleased, toReleased } from "./release.ts";

type Spec = Partial<ContractSpec<"device.elt.filter.worn", z.ZodType>>;

const contract = (data: z.ZodType, example: unknown, spec: Spec = {}): Contract =>
  defineContract({
    ...{ topic: "device.elt.filter.worn", summary: "", data, example: example as never },
    toChange: () => ({ registration: { kind: "removed" } }),
    ...spec,
  });

function judged(then: z.ZodType, now: z.ZodType, example: unknown, spec: Spec = {}) {
  const last = parseReleased(printReleased(toReleased(contract(then, example))));
  const counted = { version: 2, earlier: [{ version: 1, changed: "x" }] };
  return judge({ last, contract: contract(now, example, { ...counted, ...spec }), todayMs: Date.UTC(2026, 11, 1) });
}

const of = <Of extends z.ZodType>(a: Of) => z.object({ a });
const pair = (a: z.ZodObject, b: z.ZodObject) =>
  z.discriminatedUnion("kind", [
    a.extend({ kind: z.literal("a") }) as z.ZodObject<{ kind: z.ZodLiteral<"a"> }>,
    b.extend({ kind: z.literal("b") }) as z.ZodObject<{ kind: z.ZodLiteral<"b"> }>,
  ]);
const small = z.number().min(0).max(9);
const word = z.string().max(9);

describe("a limit that only the new version has is found with an event just beyond it", () => {
  it.each<[string, then: z.ZodType, now: z.ZodType, example: unknown, found: unknown]>([
    ["the first maximum of a number", z.number(), z.number().max(1_000), 1, 1_000.5],
    ["the first minimum of a number", z.number(), z.number().min(-40), 1, -40.5],
    ["a number is below", z.number(), z.number().lt(1_000), 1, 1_000],
    ["a number is above", z.number().gt(0), z.number().gt(5), 10, 5],
    ["a number is a multiple", small, small.multipleOf(0.5), 1, 0.25],
    ["a number is whole", small, z.int().min(0).max(9), 1, 0.5],
    ["the first maximum of text", z.string(), z.string().max(500), "x", "x".repeat(501)],
    ["a pattern has one letter less", word.regex(/^[a-z]+$/), word.regex(/^[a-y]+$/), "x", "z"],
    ["the first maximum of a list", z.array(small), z.array(small).max(10), [1], Array(11).fill(1)],
    ["null is gone", word.nullable(), word, "x", null],
    ["a type of two is gone", z.union([small, word]), small, 1, ""],
    ["a member of a list's elements is required", z.array(of(small.optional())), z.array(of(small)), [{ a: 1 }], [{}]],
    [
      "an enum of a list's elements is narrowed",
      z.array(of(z.enum(["p", "q"]))),
      z.array(of(z.enum(["p"]))),
      [{ a: "p" }],
      [{ a: "q" }],
    ],
    ["values by name have a maximum", z.record(word, z.number()), z.record(word, small), { x: 1 }, { x: 10 }],
  ])("%s", (_, then, now, example, found) => {
    const { verdict, problems } = judged(of(then), of(now), { a: example });
    expect(verdict).toBe("breaking");
    expect(problems[0]?.counterexample?.value).toMatchObject({ data: { a: found } });
  });

  it("undeclared members are refused, at any depth", () => {
    const data = of(of(small));
    expect(judged(data, data.strict(), { a: { a: 1 } }).verdict).toBe("breaking");
    expect(judged(data, of(of(small).strict()), { a: { a: 1 } }).verdict).toBe("breaking");
    expect(judged(data.strict(), data, { a: { a: 1 } })).toMatchObject({ verdict: "compatible", problems: [] });
  });
});

describe("events of several kinds", () => {
  const a = of(small.optional());
  const b = z.object({ b: z.enum(["p", "q"]) });
  const example = { kind: "a", a: 1 };

  it("are compared in every kind, and not only in that of the example", () => {
    const { problems } = judged(pair(a, b), pair(a, z.object({ b: z.enum(["p"]) })), example);
    expect(problems[0]?.counterexample?.value).toMatchObject({ data: { kind: "b", b: "q" } });
    expect(judged(pair(a, b), pair(of(small), b), example).problems[0]?.counterexample?.value).toMatchObject({
      data: { kind: "a" },
    });
    const [first] = pair(a, b).options;
    const { verdict, notes } = judged(pair(a, b), z.discriminatedUnion("kind", [first]), example);
    expect({ verdict, notes }).toEqual({ verdict: "breaking", notes: ["data is no longer b"] });
  });

  it("may stand in any order", () => {
    const [first, second] = pair(a, b).options;
    const turned = z.discriminatedUnion("kind", [second, first]);
    expect(judged(pair(a, b), turned, example, { version: 1, earlier: [] })).toMatchObject({
      ...{ verdict: "unchanged", problems: [] },
    });
  });
});

it("a counterexample is refused for the reason of the event that it was made from, and is not one that never passed", () => {
  const from = (max: number) =>
    of(
      z
        .string()
        .max(max)
        .refine((id) => id.startsWith("dev/")),
    );
  const { problems } = judged(from(50), from(10), { a: "dev/abcdefghijklmnop" });
  expect(problems[0]?.counterexample?.value).toMatchObject({ data: { a: "dev/abcdefg" } });
});

it("data that a check of the earlier version refused, as its upcaster's schema still does, is no counterexample", () => {
  const before = z.object({ id, mode: word });
  const up = ({ id, mode }: z.output<typeof before>) => ({ id, kind: mode });
  const earlier = [upcastFrom({ version: 1, data: before, up, changed: "mode became kind" })];
  const last = parseReleased(printReleased(toReleased(contract(before, { id: "a", mode: "x" }))));
  const now = contract(z.object({ id, kind: word }), { id: "a", kind: "x" }, { version: 2, earlier });
  // History keeps the data as it is now, so only its change is compared.
  expect(judge({ last, contract: now, todayMs: 0 })).toMatchObject({ verdict: "upcast", problems: [] });
});

it("a first tombstone, and personal data that was marked within null or text, are noticed", () => {
  const tombstone = { registration: { kind: "removed" } } as const;
  const gained = judged(of(small), of(small), { a: 1 }, { version: 1, earlier: [], tombstone });
  expect(gained).toMatchObject({ verdict: "compatible", notes: ["a record without a value is accepted"] });
  expect(gained.problems).toMatchObject([{ what: expect.stringContaining("Raise it") }]);
  const marked = of(word.meta({ pii: true }).nullable());
  expect(judged(marked, of(word.nullable()), { a: "x" }).problems).toMatchObject([
    { what: "data.a is no longer marked as personal data" },
  ]);
});

describe("the envelope of every topic", () => {
  const { value, ...same } = contract(of(small), { a: 1 });
  const refusing = (isRefused: (value: Record<string, unknown>) => boolean) =>
    judge({
      last: parseReleased(printReleased(toReleased({ ...same, value }))),
      contract: { ...same, value: value.refine((all) => !isRefused(all as never)) } as Contract,
      todayMs: 0,
    });

  it.each<[string, (value: Record<string, unknown>) => boolean]>([
    ["a device id with a capital Z", ({ deviceId }) => String(deviceId).includes("Z")],
    ["an event id with a bar", ({ eventId }) => String(eventId).includes("|")],
    ["a clock that is slow by five minutes", ({ occurredAt }) => String(occurredAt) > "2100"],
  ])("still has to allow %s", (_, isRefused) => {
    expect(refusing(isRefused)).toMatchObject({ verdict: "breaking", problems: [{}, {}] });
  });

  it("still has to allow members that nobody declared", () => {
    const closed = { ...same, value: (value as unknown as z.ZodObject).strict() } as unknown as Contract;
    const last = parseReleased(printReleased(toReleased({ ...same, value })));
    const { problems } = judge({ last, contract: closed, todayMs: 0 });
    expect(problems[0]?.counterexample).toMatchObject({ about: "an undeclared member", now: undefined });
  });
});

it("a version whose records may still be in the queue cannot be dropped together with its change", () => {
  const { verdict, problems } = judged(of(small), of(small), { a: 1 }, { version: 2, earlier: [] });
  expect(verdict).toBe("breaking");
  expect(problems[0]?.what).toBe("an event of version 1 is refused now, and no upcaster covers it");
});
