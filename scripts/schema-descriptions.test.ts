import { readFileSync } from "node:fs";
import { buildSchema, isInputObjectType, isInterfaceType, isObjectType, specifiedScalarTypes } from "graphql";
import { expect, it } from "vitest";

it("every type, field and input of the schema says what it is", () => {
  const schema = buildSchema(readFileSync(new URL("../schema.graphql", import.meta.url), "utf8"));
  const standard = new Set(specifiedScalarTypes.map(({ name }) => name));
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("__") && !standard.has(name));
  const silent = types.flatMap((type) => {
    const hasFields = isObjectType(type) || isInterfaceType(type) || isInputObjectType(type);
    const members = hasFields ? Object.values(type.getFields()) : [];
    return [
      ...(type.description ? [] : [type.name]),
      ...members.filter(({ description }) => !description).map(({ name }) => `${type.name}.${name}`),
    ];
  });
  expect(silent).toEqual([]);
});
