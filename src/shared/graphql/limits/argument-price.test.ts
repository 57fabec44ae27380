import { buildSchema, type GraphQLObjectType, getVariableValues, type OperationDefinitionNode, parse } from "graphql";
import { expect, it } from "vitest";
import { measureDemand } from "./demand.ts";

const schema = buildSchema("type Query { device(key: ID, asOf: ID): Device }  type Device { id: ID }");
const { device } = (schema.getType("Query") as GraphQLObjectType).getFields();
if (device) device.extensions = { costWith: { asOf: 100 } };

function costOf(text: string, variables: Record<string, unknown> = {}): number {
  const operation = parse(text).definitions[0] as OperationDefinitionNode;
  const { variableValues } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
  const values = variableValues ?? { sources: {}, coerced: {} };
  return measureDemand({ schema, operation, fragmentDefinitions: {}, variableValues: values }).cost;
}

it("an argument with a price makes its field cost more, if it is given, also by a variable", () => {
  expect(costOf('{ device(key: "a") { id } }')).toBe(1);
  expect(costOf('{ device(key: "a", asOf: "t") { id } }')).toBe(101);
  expect(costOf('{ device(key: "a", asOf: null) { id } }')).toBe(1);
  expect(costOf("query ($t: ID) { device(asOf: $t) { id } }", { t: "t" })).toBe(101);
  expect(costOf("query ($t: ID) { device(asOf: $t) { id } }")).toBe(1);
});
