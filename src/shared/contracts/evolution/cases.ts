import { type JsonSchema, membersOf } from "../describe.ts";
import { type Json, memberAt } from "../envelope.ts";
import { fits } from "./fits.ts";

/** Data that a schema may allow, and what is special about it. Checks that JSON Schema cannot express may refuse it. */
export type Case = { readonly about: string; readonly data: unknown };

/**
 * Data at every edge of a schema: each member of an enum, each optional member present and absent, numbers and lists at
 * their bounds, text at its shortest and longest and in other scripts, times with offsets and all their digits. Each case
 * differs from the smallest or from the whole example in one place, so that what fails says why. Always the same cases, in
 * the same order.
 * @param example data that the schema accepts; it has the values that a pattern asks for
 */
export function casesOf(given: JsonSchema, example: unknown): Case[] {
  const schema = wholeObject(given);
  const full = wholeOf(schema, example);
  const least = leastOf(schema, example);
  const edges = edgesOf(schema, example, "");
  const cases: Case[] = [
    { about: "only what is required", data: least },
    ...edges.map(({ about, put }) => ({ about, data: put(least) })),
    { about: "every member", data: full },
    ...optionalPaths(schema, []).map((path) => ({ about: `without ${path.join(".")}`, data: without(full, path) })),
    // Checks across members, such as "not above", show only where the other members are there.
    ...edges
      .filter(({ isNumber }) => isNumber)
      .map(({ about, put }) => ({ about: `${about}, of all`, data: put(full) })),
  ];
  return [...new Map(cases.toReversed().map((each) => [JSON.stringify(each.data), each])).values()].toReversed();
}

/** An object that is described in parts is described as one. */
const wholeObject = (schema: JsonSchema): JsonSchema =>
  schema.allOf && !schema.properties ? { type: "object", ...membersOf(schema) } : schema;

/** One value at one place. */
type Edge = { readonly about: string; readonly put: (base: unknown) => unknown; readonly isNumber: boolean };

function edgesOf(schema: JsonSchema, example: unknown, at: string): Edge[] {
  const here = valuesOf(schema, example).map(
    ([name, value]): Edge => ({
      about: `${at || "data"} ${name}`,
      put: () => value,
      isNumber: typeof value === "number",
    }),
  );
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
    edgesOf(member, memberAt(example, [name]), at ? `${at}.${name}` : name).map(
      ({ about, put, isNumber }): Edge => ({
        about,
        isNumber,
        put: (base) => ({
          ...(base as Json),
          [name]: put(memberAt(base, [name]) ?? leastOf(member, memberAt(example, [name]))),
        }),
      }),
    ),
  );
  return [...here, ...members];
}

/** The values at the edges of a schema that is no object, by names that read behind a path. */
function valuesOf(schema: JsonSchema, example: unknown): [name: string, value: unknown][] {
  const { examples = [] } = schema;
  return [...edgeValuesOf(schema, example), ...examples.map((value): [string, unknown] => ["at a limit", value])];
}

function edgeValuesOf(schema: JsonSchema, example: unknown): [name: string, value: unknown][] {
  const { anyOf, oneOf, items, additionalProperties: others, minItems = 0 } = schema;
  const options = anyOf ?? oneOf;
  if (options)
    return options.flatMap((option, i) =>
      everyValueOf(option, example).map(([name, value]): [string, unknown] => [`in its form ${i + 1} ${name}`, value]),
    );
  if (schema.const !== undefined) return [["as it has to be", schema.const]];
  if (schema.enum) return schema.enum.map((value) => [`is ${String(value)}`, value]);
  switch (schema.type) {
    case "null":
      return [["is null", null]];
    case "boolean":
      return [true, false].map((value) => [`is ${value}`, value]);
    case "integer":
    case "number":
      return numbersOf(schema).map((value) => [`is ${value}`, value]);
    case "string":
      return textsOf(schema, example);
    case "array": {
      const first = Array.isArray(example) ? example[0] : undefined;
      const { maxItems = Math.max(3, minItems) } = schema;
      const element = wholeOf(items ?? {}, first);
      const many = (count: number, one = element) => Array.from({ length: count }, () => one);
      const inner = items ? everyValueOf(items, first) : [];
      return [
        [minItems === 0 ? "is empty" : `has ${minItems} elements`, many(minItems)],
        [`has ${maxItems} elements`, many(maxItems)],
        ...inner.map(([name, value]): [string, unknown] => [
          `has an element that ${name}`,
          many(Math.max(1, minItems), value),
        ]),
      ];
    }
    case "object": {
      if (typeof others !== "object") return [];
      const [name = "x", value] = Object.entries((example ?? {}) as Json)[0] ?? [];
      return everyValueOf(others, value).map(([about, inner]) => [`.${name} ${about}`, { [name]: inner }]);
    }
    default:
      return [];
  }
}

/** The values at the edges of any schema. */
const everyValueOf = (schema: JsonSchema, example: unknown): [name: string, value: unknown][] =>
  wholeObject(schema).properties
    ? casesOf(schema, fits(schema, example) ? example : undefined).map(({ about, data }) => [about, data])
    : valuesOf(schema, example);

function numbersOf(schema: JsonSchema): number[] {
  const { type, minimum, maximum } = schema;
  const bounds = [minimum, maximum].filter((bound) => bound !== undefined && Number.isFinite(bound)) as number[];
  const usual = type === "integer" ? [0, 1, -1] : [0, 20.5, -0.25];
  return [...new Set([...bounds, ...usual.filter((value) => fits(schema, value))])];
}

/** Longer text than any field of ours has to be; a schema without a limit gets this. */
const LONG = 300;

const TEXTS: readonly [name: string, text: string][] = [
  ["in other scripts", "Zoë 家 😀"],
  ["of digits", "007"],
  ["with spaces around it", " a b "],
  ["with a line break", "a\nb"],
];

/** For schemas with a pattern. */
const PATTERNED: readonly [name: string, text: string][] = [
  ["with punctuation", "a.b-c_d:e/f"],
  ["with an offset", "2026-03-29T02:30:00+05:30"],
  ["with nanoseconds", "2026-11-23T13:00:00.123456789Z"],
  ["at the beginning of Kafka's time", "1970-01-01T00:00:00Z"],
  ["on a leap day", "2028-02-29"],
  ["at midnight", "00:00:00"],
];

function textsOf(schema: JsonSchema, example: unknown): [name: string, text: string][] {
  const { minLength = 0, maxLength = LONG, pattern } = schema;
  const known = typeof example === "string" ? [["as in the example", example] as [string, string]] : [];
  const lengths: [string, string][] = [
    [`of ${minLength} characters`, "x".repeat(minLength)],
    [`of ${maxLength} characters`, "x".repeat(maxLength)],
  ];
  return [...known, ...lengths, ...TEXTS, ...(pattern === undefined ? [] : PATTERNED)]
    .filter(([, text]) => fits({ ...schema, maxLength }, text))
    .map(([name, text]) => [name, text]);
}

/** Every member, with the example's values. */
function wholeOf(schema: JsonSchema, example: unknown): unknown {
  const { properties } = wholeObject(schema);
  if (properties === undefined) {
    if (example !== undefined && fits(schema, example)) return example;
    const [first] = edgeValuesOf(schema, undefined);
    return first ? first[1] : (example ?? "x");
  }
  const members = Object.entries(properties).map(([name, member]) => [
    name,
    wholeOf(member, memberAt(example, [name])),
  ]);
  return Object.fromEntries(members);
}

/** Only what is required. */
function leastOf(given: JsonSchema, example: unknown): unknown {
  const schema = wholeObject(given);
  if (schema.properties === undefined) return wholeOf(schema, example);
  const members = Object.entries(schema.properties)
    .filter(([name]) => schema.required?.includes(name))
    .map(([name, member]) => [name, leastOf(member, memberAt(example, [name]))]);
  return Object.fromEntries(members);
}

export function optionalPaths(schema: JsonSchema, at: readonly string[]): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => [
    ...(schema.required?.includes(name) ? [] : [[...at, name]]),
    ...optionalPaths(member, [...at, name]),
  ]);
}

/** The value without the member at a path. */
export function without(value: unknown, [name = "", ...rest]: readonly string[]): unknown {
  const inner = memberAt(value, [name]);
  if (inner === undefined) return value;
  const { [name]: _, ...others } = value as Json;
  return rest.length === 0 ? others : { ...(value as Json), [name]: without(inner, rest) };
}
