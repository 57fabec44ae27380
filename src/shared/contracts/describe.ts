import * as z from "zod";
import { SOURCE_SPECS } from "./all-sources.ts";
import type { Contract } from "./define.ts";
import { dataPath, type Envelope, type Json, writeValue } from "./envelope.ts";

/** The part of JSON Schema (draft 7) that Zod generates for our contracts. `x-pii` marks personal data, which masking and exports hide. */
export type JsonSchema = {
  readonly type?: string;
  readonly description?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** Of members that are not declared: none are allowed, or those of a schema. */
  readonly additionalProperties?: boolean | JsonSchema;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly "x-pii"?: true;
};

/** The JSON Schema of a contract's record value, for producers. Objects may have additional members. */
export function toJsonSchema({ value }: { readonly value: z.ZodType }): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(value, { io: "input", target: "draft-7", override: markPii });
  return schema as JsonSchema;
}

/** The JSON Schema of a contract's data, wherever its values have it. */
export const dataSchema = ({ data }: Pick<Contract, "data">): JsonSchema => toJsonSchema({ value: data });

/** Renames `pii` to `x-pii`, because tools accept unknown keywords only with that prefix. */
function markPii({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.pii === true) jsonSchema["x-pii"] = true;
  delete jsonSchema.pii;
}

/**
 * The schema of a contract's record value with the marks of personal data of all versions that are still read: a record
 * of an earlier version may have personal data at a place that has none in the current one.
 */
export function toMarkedSchema(contract: Pick<Contract, "value" | "earlier" | "places">): JsonSchema {
  const schema = toJsonSchema(contract);
  const at = dataPath(contract.places);
  return contract.earlier.reduce((marked, { data }) => {
    if (!data) return marked;
    const wrap = (inner: JsonSchema, name: string): JsonSchema => ({ properties: { [name]: inner } });
    return withMarksOf(marked, at.reduceRight(wrap, toJsonSchema({ value: data })));
  }, schema);
}

/** With kinds, a member is marked in each kind that has it if it was personal in any. */
function withMarksOf(schema: JsonSchema, other: JsonSchema): JsonSchema {
  const its = membersOf(other).properties;
  const properties = Object.entries(schema.properties ?? {}).map(([name, member]): [string, JsonSchema] => {
    const same = Object.hasOwn(its, name) ? its[name] : undefined;
    return [name, same ? withMarksOf(member, same) : member];
  });
  const each = (forms: readonly JsonSchema[]) => forms.map((form) => withMarksOf(form, other));
  return {
    ...schema,
    ...(schema.properties && { properties: Object.fromEntries(properties) }),
    ...(schema.items && other.items && { items: withMarksOf(schema.items, other.items) }),
    ...(schema.oneOf && { oneOf: each(schema.oneOf) }),
    ...(schema.anyOf && { anyOf: each(schema.anyOf) }),
    ...(schema.allOf && { allOf: each(schema.allOf) }),
    ...(isPii(other) && { "x-pii": true as const }),
  };
}

/** One member of a record value, at any depth: `data.customer.email`, or `data.features[]` for the elements of a list. */
export type Field = { readonly path: string; readonly required: boolean; readonly schema: JsonSchema };

/** The members of an object, whatever its kind: a member is required if it is in every kind, and personal if it is in any. */
export function membersOf(schema: JsonSchema): Required<Pick<JsonSchema, "properties" | "required">> {
  const kinds = schema.oneOf ?? schema.anyOf;
  const parts = [schema, ...(schema.allOf ?? []).map(membersOf)];
  const properties = Object.assign({}, ...parts.map((part) => part.properties)) as Record<string, JsonSchema>;
  const required = parts.flatMap((part) => part.required ?? []);
  if (!kinds) return { properties, required };
  const all = kinds.map(membersOf);
  for (const { properties: its } of all)
    for (const [name, member] of Object.entries(its)) properties[name] = eitherOf(properties[name], member);
  const names = Object.keys(properties).filter((name) => all.every((kind) => kind.required.includes(name)));
  return { properties, required: [...required, ...names] };
}

/** One member as two kinds have it. Where they differ the first counts, but for what is personal. */
function eitherOf(a: JsonSchema | undefined, b: JsonSchema): JsonSchema {
  if (a === undefined) return b;
  const words = [a, b].flatMap((each) => each.enum ?? (each.const === undefined ? [] : [each.const]));
  const { const: _, ...rest } = a;
  return {
    ...rest,
    ...(a.properties && b.properties && membersOf({ oneOf: [a, b] })),
    ...(words.length > 0 && { enum: [...new Set(words)] }),
    ...((isPii(a) || isPii(b)) && { "x-pii": true as const }),
  };
}

/** All members of an object at every depth, outer before inner, in the order of the schema. */
export function listFields(object: JsonSchema, prefix = ""): Field[] {
  const { properties, required } = membersOf(object);
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`;
    const field = { path, required: required.includes(name), schema };
    return [field, ...listFields(schema, `${path}.`), ...(schema.items ? listFields(schema.items, `${path}[].`) : [])];
  });
}

/** The paths of the members that hold personal data. */
export const listPiiPaths = (schema: JsonSchema): string[] =>
  listFields(schema).flatMap((field) => (isPii(field.schema) ? [field.path] : []));

/** Whether a member or its elements are personal data, in any of its forms. */
export const isPii = (schema: JsonSchema): boolean =>
  schema["x-pii"] === true ||
  (schema.items !== undefined && isPii(schema.items)) ||
  [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].some(isPii);

/** A typical event. */
export function exampleEnvelope({ source, entity, action, example }: Contract): Envelope {
  const { eventId = `evt-${entity}-${action}-1`, ...origin } = SOURCE_SPECS[source].example;
  return { eventId, ...origin, data: example };
}

/** A whole record value of a typical event, as its source writes it. */
export const exampleValue = (contract: Contract): Json => writeValue(exampleEnvelope(contract), contract.places);
