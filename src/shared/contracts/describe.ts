import * as z from "zod";
import type { Source } from "../domain/event.ts";
import type { Contract, Envelope } from "./define.ts";

/** As much of JSON Schema (draft 7) as Zod writes for our contracts. `x-pii` marks what masking and exports must hide. */
export type JsonSchema = {
  readonly type?: string;
  readonly description?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly "x-pii"?: true;
};

/** The schema of a contract's record value, as a producer has to keep it. Its objects are open: more members are fine. */
export function jsonSchemaOf({ value }: { readonly value: z.ZodType }): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(value, { io: "input", target: "draft-7", override: markPii });
  return schema as JsonSchema;
}

/** Tools know no `pii` keyword, and take any that begins with `x-`. */
function markPii({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.pii === true) jsonSchema["x-pii"] = true;
  delete jsonSchema.pii;
}

/** One member of a record value, wherever it lies: `data.customer.email`, and `data.features[]` for what a list holds. */
export type Field = { readonly path: string; readonly required: boolean; readonly schema: JsonSchema };

/** Every member below an object, outer before inner, in the order of the schema. */
export function fieldsOf({ properties = {}, required = [] }: JsonSchema, prefix = ""): Field[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`;
    const field = { path, required: required.includes(name), schema };
    return [field, ...fieldsOf(schema, `${path}.`), ...(schema.items ? fieldsOf(schema.items, `${path}[].`) : [])];
  });
}

/** The paths of the members that hold personal data. */
export const piiPathsOf = (schema: JsonSchema): string[] =>
  fieldsOf(schema).flatMap((field) => (isPii(field.schema) ? [field.path] : []));

export const isPii = (schema: JsonSchema): boolean => schema["x-pii"] === true || schema.items?.["x-pii"] === true;

/** A whole record value of a typical event. */
export const exampleOf = ({ source, entity, action, example }: Contract): Envelope => ({
  eventId: `evt-${entity}-${action}-1`,
  ...EXAMPLE_ORIGIN[source],
  data: example,
});

const EXAMPLE_ORIGIN: Record<Source, { readonly occurredAt: string; readonly deviceId: string }> = {
  infinity: { occurredAt: "2026-11-23T13:00:00.123Z", deviceId: "2318W012345" },
  elt: { occurredAt: "2026-11-23T07:00:00.123-06:00", deviceId: "ELT45-00917" },
  ecobee: { occurredAt: "2026-11-23T08:00:00.123-05:00", deviceId: "318324702718" },
};
