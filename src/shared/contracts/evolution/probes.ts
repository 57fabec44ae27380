import { sameContent } from "#domain/register.ts";
import type { JsonSchema } from "../describe.ts";
import { memberAt } from "../envelope.ts";

/**
 * An earlier schema with, at each place, examples just beyond the limits that a later schema has there. Its own cases say
 * nothing about a limit that it does not have, such as the first maximum of a number. What it does not accept itself is
 * among the examples too.
 */
export function withProbes(then: JsonSchema, now: JsonSchema, example: unknown): JsonSchema {
  const examples = probesOf(then, now, example);
  const properties = Object.entries(then.properties ?? {}).map(([name, member]): [string, JsonSchema] => {
    const its = now.properties && Object.hasOwn(now.properties, name) ? now.properties[name] : undefined;
    return [name, its ? withProbes(member, its, memberAt(example, [name])) : member];
  });
  return {
    ...then,
    ...(then.properties && { properties: Object.fromEntries(properties) }),
    ...(then.items && now.items && { items: withProbes(then.items, now.items, elementOf(example)) }),
    ...(then.allOf && now.allOf && { allOf: pairs(then.allOf, now.allOf, example) }),
    ...(then.anyOf && now.anyOf && { anyOf: pairs(then.anyOf, now.anyOf, example) }),
    ...(then.oneOf && now.oneOf && { oneOf: pairs(then.oneOf, now.oneOf, example) }),
    ...(typeof then.additionalProperties === "object" &&
      typeof now.additionalProperties === "object" && {
        additionalProperties: withProbes(then.additionalProperties, now.additionalProperties, undefined),
      }),
    ...(examples.length > 0 && { examples }),
  };
}

/** Each form with probes of the one that it became. */
const pairs = (then: readonly JsonSchema[], now: readonly JsonSchema[], example: unknown): JsonSchema[] =>
  then.map((form) => {
    const its = formOf(form, now);
    return its ? withProbes(form, its, example) : form;
  });

/** Of several forms, the one that another schema has become: of the same kind if a member tells kinds apart, and of its type. */
export function formOf(form: JsonSchema, others: readonly JsonSchema[]): JsonSchema | undefined {
  const kind = kindOf(form);
  return others.find((other) => other.type === form.type && sameContent(kindOf(other), kind));
}

/** The members of a form that can only have one value, with it. */
export const kindOf = ({ properties = {} }: JsonSchema): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(properties).flatMap(([name, { const: only }]) => (only === undefined ? [] : [[name, only]])),
  );

function probesOf(then: JsonSchema, now: JsonSchema, example: unknown): unknown[] {
  switch (then.type) {
    case "integer":
    case "number":
      return numbersBeyond(now);
    case "string":
      return textsBeyond(now, typeof example === "string" ? example : "x");
    case "array":
      return listsBeyond(now, elementOf(example));
    case "object":
      return now.additionalProperties === false ? [{ ...(example as object), "a member that is not declared": 1 }] : [];
    default:
      return [];
  }
}

const numbersBeyond = ({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: JsonSchema): number[] =>
  [
    ...[minimum, exclusiveMinimum].flatMap((limit) => (limit === undefined ? [] : [limit, limit - 0.5, limit - 1])),
    ...[maximum, exclusiveMaximum].flatMap((limit) => (limit === undefined ? [] : [limit, limit + 0.5, limit + 1])),
    ...(multipleOf === undefined ? [] : [1, multipleOf / 2, multipleOf * 1.5, -multipleOf / 2]),
    0.5,
  ].filter(Number.isFinite);

/** A text that a limit of ours is about has no more characters; nothing longer is made. */
const LONGEST = 100_000;

function textsBeyond({ minLength = 0, maxLength = Infinity, pattern }: JsonSchema, example: string): string[] {
  const lengths = [minLength - 1, maxLength + 1].filter((length) => length >= 0 && length <= LONGEST);
  const characters = new Set(["x", "0", example.charAt(0) || "x"]);
  const ofLength = lengths.flatMap((length) => [...characters].map((character) => character.repeat(length)));
  return pattern === undefined
    ? ofLength
    : [...ofLength, ...ASCII, ...ASCII.map((each) => example.slice(0, -1) + each)];
}

/** Every printable character. */
export const ASCII = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));

function listsBeyond({ minItems = 0, maxItems = Infinity }: JsonSchema, element: unknown): unknown[] {
  const lengths = [minItems - 1, maxItems + 1].filter((length) => length >= 0 && length <= LONGEST);
  return lengths.map((length) => Array(length).fill(element ?? "x"));
}

const elementOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined);
