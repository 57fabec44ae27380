import { readFileSync } from "node:fs";
import { encodeGlobalID } from "@pothos/plugin-relay";
import { buildSchema, getNamedType, isObjectType } from "graphql";
import { expect, it } from "vitest";
import { CONNECTIONS, deviceIdOf, KEYED_TYPES, MERGED_TYPES, NODE_TYPES, nodeTypeOf, PART_TYPES } from "./schema.ts";

const schema = buildSchema(readFileSync(new URL("../../../schema.graphql", import.meta.url), "utf8"));
const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !type.name.startsWith("__"));
const objects = types.filter(isObjectType);

const PAGE = ["after", "before", "first", "last"];

it("caches know every type that has a global id", () => {
  const nodes = objects.filter((type) => type.getInterfaces().some(({ name }) => name === "Node"));
  expect(nodes.map(({ name }) => name).sort()).toEqual([...NODE_TYPES]);
});

it("caches know every other type that has an id", () => {
  const nodes: readonly string[] = NODE_TYPES;
  const keyed = objects.filter((type) => type.getFields().id && !nodes.includes(type.name));
  expect(keyed.map(({ name }) => name)).toEqual([...KEYED_TYPES]);
});

it("caches know every type that is a part of another object", () => {
  const others = objects.filter(
    ({ name }) =>
      ![...NODE_TYPES, ...KEYED_TYPES].some((entity) => entity === name) &&
      !/(?:Connection|Edge|Payload)$/.test(name) &&
      !["PageInfo", "Query", "Mutation", "Subscription"].includes(name),
  );
  expect(others.map(({ name }) => name).sort()).toEqual([...PART_TYPES]);
  expect(MERGED_TYPES.filter((type) => !PART_TYPES.some((part) => part === type))).toEqual([]);
});

it("caches know every list, and which arguments make it another list", () => {
  const lists = objects.flatMap((type) =>
    Object.values(type.getFields())
      .filter((field) => getNamedType(field.type).name.endsWith("Connection"))
      .map((field) => [
        type.name,
        field.name,
        field.args.map(({ name }) => name).filter((name) => !PAGE.includes(name)),
      ]),
  );
  const known = Object.entries(CONNECTIONS).flatMap(([type, fields]) =>
    Object.entries(fields).map(([field, args]) => [type, field, [...args]]),
  );
  expect(known.sort()).toEqual(lists.sort());
});

it.each(["elt:1", "ecobee:t-ü", "infinity:a:b"])("the id of device %s is what the API makes of its key", (key) => {
  const id = encodeGlobalID("Device", key);
  expect([deviceIdOf(key), nodeTypeOf(id)]).toEqual([id, "Device"]);
});

it.each(["", "no id", "Device:elt:1", encodeGlobalID("Location", "1")])("%j is the id of no node", (id) => {
  expect(nodeTypeOf(id)).toBeUndefined();
});
