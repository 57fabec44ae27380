import { createHash } from "node:crypto";
import {
  type DocumentNode,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { demandOf } from "../src/shared/graphql/limits/demand.ts";
import { excessesOf, MAX_TOKENS } from "../src/shared/graphql/limits/limits.ts";

/** Text by id, sorted by id. */
export type Manifest = Readonly<Record<string, string>>;

/** `sha256sum` of the file says the same: what clients hold is what is hashed, to the last newline. */
export const documentIdOf = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

export const manifestOf = (texts: readonly string[]): Manifest =>
  Object.fromEntries(
    texts.map((text) => [documentIdOf(text), text]).toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
  );

/** Why a dealer's browser could not run a document: what the API would answer. */
export function problemsOf(text: string, schema: GraphQLSchema): string[] {
  try {
    const document = parse(text, { maxTokens: MAX_TOKENS });
    const errors = validate(schema, document, [...specifiedRules, NoSchemaIntrospectionCustomRule]);
    const found =
      errors.length > 0 ? errors : operationsOf(document).flatMap((one) => excessesIn(one, document, schema));
    return found.map(({ message, locations }) => `${locations?.[0]?.line ?? 1}: ${message}`);
  } catch (thrown) {
    return [`1: ${(thrown as Error).message}`];
  }
}

const operationsOf = ({ definitions }: DocumentNode): OperationDefinitionNode[] =>
  definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);

/** Weighed with its variables' defaults. The values that clients give are weighed when they give them. */
function excessesIn(operation: OperationDefinitionNode, { definitions }: DocumentNode, schema: GraphQLSchema) {
  const defaults = operation.variableDefinitions?.filter(({ defaultValue }) => defaultValue) ?? [];
  const { variableValues = { sources: {}, coerced: {} } } = getVariableValues(schema, defaults, {});
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  const fragmentDefinitions = Object.fromEntries(fragments.map((fragment) => [fragment.name.value, fragment]));
  return excessesOf(demandOf({ schema, operation, fragmentDefinitions, variableValues }));
}
