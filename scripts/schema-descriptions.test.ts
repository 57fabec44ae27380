import { readFileSync } from "node:fs";
import {
  buildSchema,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  specifiedDirectives,
  specifiedScalarTypes,
} from "graphql";
import { expect, it } from "vitest";

type Described = { readonly name: string; readonly description?: string | null | undefined };
/** A part of the schema by its coordinate, and what it says of itself. */
type Part = readonly [coordinate: string, description: string];

const part = (coordinate: string, { description }: Described): Part => [coordinate, description ?? ""];

function partsOf(type: GraphQLNamedType): Part[] {
  if (isEnumType(type)) return type.getValues().map((value) => part(`${type.name}.${value.name}`, value));
  if (isInputObjectType(type))
    return Object.values(type.getFields()).map((field) => part(`${type.name}.${field.name}`, field));
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => [
    part(`${type.name}.${field.name}`, field),
    ...field.args.map((arg) => part(`${type.name}.${field.name}(${arg.name}:)`, arg)),
  ]);
}

function allParts(schema: GraphQLSchema): Part[] {
  const types = Object.values(schema.getTypeMap()).filter(
    (type) => !type.name.startsWith("__") && !specifiedScalarTypes.some(({ name }) => name === type.name),
  );
  const directives = schema
    .getDirectives()
    .filter((directive) => !specifiedDirectives.some(({ name }) => name === directive.name));
  return [
    ...types.flatMap((type) => [part(type.name, type), ...partsOf(type)]),
    ...directives.flatMap((directive) => [
      part(`@${directive.name}`, directive),
      ...directive.args.map((arg) => part(`@${directive.name}(${arg.name}:)`, arg)),
    ]),
  ];
}

const schema = buildSchema(readFileSync(new URL("../schema.graphql", import.meta.url), "utf8"));

it("every type, field, argument, enum value and input field of the schema says what it is", () => {
  expect(allParts(schema).flatMap(([coordinate, description]) => (description === "" ? [coordinate] : []))).toEqual([]);
});

it("a description says more than the name does, in whole words that end with a full stop", () => {
  const words = (text: string): string => text.toLowerCase().replace(/\b(?:the|a|an|of|its)\b|[^a-z]/g, "");
  const weak = allParts(schema).filter(([coordinate, description]) => {
    const name = /[^.(:@]+(?=:?\)?$)/.exec(coordinate)?.[0] ?? coordinate;
    return !/\.$/.test(description) || words(description) === words(name);
  });
  expect(weak).toEqual([]);
});

it("each scalar of our own names the specification of its text", () => {
  const own = Object.values(schema.getTypeMap())
    .filter(isScalarType)
    .filter((type) => !specifiedScalarTypes.some(({ name }) => name === type.name));
  expect(Object.fromEntries(own.map(({ name, specifiedByURL }) => [name, specifiedByURL]))).toEqual({
    DateTime: expect.stringMatching(/^https:\/\//),
    JSON: expect.stringMatching(/^https:\/\//),
  });
});
