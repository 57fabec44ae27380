import { createHash } from "node:crypto";
import {
  type DocumentNode,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from "graphql";
import { measureDemand } from "#graphql/limits/demand.ts";
import { findExcesses, MAX_TOKENS } from "#graphql/limits/limits.ts";

/** Text by id, sorted by id. */
export type Manifest = Readonly<Record<string, string>>;

/** Equal to `sha256sum` of the file: the hash includes the last newline, since clients have the whole file. */
export const documentIdOf = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

export const createManifest = (texts: readonly string[]): Manifest =>
  Object.fromEntries(
    texts.map((text) => [documentIdOf(text), text]).toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
  );

/** Why the API would refuse this document from a dealer's browser. */
export function findProblems(text: string, schema: GraphQLSchema): string[] {
  try {
    const document = parse(text, { maxTokens: MAX_TOKENS });
    const errors = validate(schema, document);
    const found =
      errors.length > 0 ? errors : operationsOf(document).flatMap((one) => excessesIn(one, document, schema));
    return found.map(({ message, locations }) => `${locations?.[0]?.line ?? 1}: ${message}`);
  } catch (thrown) {
    return [`1: ${(thrown as Error).message}`];
  }
}

const operationsOf = ({ definitions }: DocumentNode): OperationDefinitionNode[] =>
  definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);

/** The cost is computed with the variables' defaults. The values that clients send are checked when they send them. */
function excessesIn(operation: OperationDefinitionNode, { definitions }: DocumentNode, schema: GraphQLSchema) {
  const defaults = operation.variableDefinitions?.filter(({ defaultValue }) => defaultValue) ?? [];
  const { variableValues = { sources: {}, coerced: {} } } = getVariableValues(schema, defaults, {});
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  const fragmentDefinitions = Object.fromEntries(fragments.map((fragment) => [fragment.name.value, fragment]));
  return findExcesses(measureDemand({ schema, operation, fragmentDefinitions, variableValues }));
}
