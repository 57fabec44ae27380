import { Kind, parse } from "graphql";
import { MAX_TOKENS } from "./limits/limits.ts";

const META_FIELDS: ReadonlySet<string> = new Set(["__schema", "__type", "__typename"]);

/**
 * Whether a document asks for the schema and for nothing else, as tools do that read it. Each operation has to be a query
 * with these fields at its root; a fragment at the root counts as something else, since it could hold anything.
 */
export function asksOnlyForSchema(text: string): boolean {
  try {
    const { definitions } = parse(text, { maxTokens: MAX_TOKENS });
    return definitions.every(
      (definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION ||
        (definition.kind === Kind.OPERATION_DEFINITION &&
          definition.operation === "query" &&
          definition.selectionSet.selections.every(
            (selection) => selection.kind === Kind.FIELD && META_FIELDS.has(selection.name.value),
          )),
    );
  } catch {
    return false;
  }
}
