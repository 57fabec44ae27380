import { lexicographicSortSchema, printSchema } from "graphql";
import { sha256Hex } from "#base/digest.ts";
import { schema } from "./schema/index.ts";

let text: string | undefined;

/** The schema in GraphQL's own language, sorted by name: the file schema.graphql. Printed once an isolate. */
export function schemaText(): string {
  text ??= `${printSchema(lexicographicSortSchema(schema))}\n`;
  return text;
}

let tag: Promise<string> | undefined;

/** An ETag of the text, which changes with the schema. */
export function schemaTag(): Promise<string> {
  tag ??= sha256Hex(schemaText()).then((hash) => `"${hash.slice(0, 32)}"`);
  return tag;
}
