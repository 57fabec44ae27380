import * as z from "zod";

const Reference = z.object({ name: z.string(), subject: z.string(), version: z.int() });

/** A schema as a registry stores it, which leaves the type out for Avro. */
export const StoredSchema = z.object({
  schema: z.string(),
  schemaType: z.string().nullish(),
  references: z.array(Reference).nullish(),
});
export type StoredSchema = z.infer<typeof StoredSchema>;

/** A schema that another one names. Those it names itself come before it in a list of them. */
export type ReferencedSchema = { readonly name: string; readonly schema: string };

/**
 * Reads what a schema describes.
 * @returns what `JSON.stringify` writes as the value's JSON, or the bytes of its JSON @throws Error if the payload does not fit the schema
 */
export type Read = (payload: Buffer) => unknown;

/** @throws Error if the schema cannot be compiled */
export type Compile = (schema: string, references: readonly ReferencedSchema[]) => Read;
