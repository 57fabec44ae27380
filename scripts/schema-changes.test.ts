import type { Change } from "@graphql-inspector/core";
import { expect, it } from "vitest";
import { schemaChanges } from "./schema-changes.ts";

const schemaOf = (fields: string) => `type Query { ${fields} }`;

const KEY = schemaOf("key: String");
const OLD = schemaOf("key: String old: Int");
const DEPRECATED = schemaOf(`key: String old: Int @deprecated(reason: "Use key.")`);

const REMOVAL = "Field 'old' was removed from object type 'Query'";
const REMOVAL_OF_DEPRECATED = "Field 'old' (deprecated) was removed from object type 'Query'";

const messages = (changes: readonly Change[]) => changes.map(({ message }) => message);

it("A field that is gone is breaking", async () => {
  expect(messages((await schemaChanges(OLD, KEY, "")).breaking)).toEqual([REMOVAL]);
});

it("A deprecation breaks nothing, and the removal behind it is still named as breaking", async () => {
  const deprecation = await schemaChanges(OLD, DEPRECATED, "");
  expect(deprecation.breaking).toEqual([]);
  expect(messages(deprecation.safe)).toContain("Field 'Query.old' is deprecated");
  expect(messages((await schemaChanges(DEPRECATED, KEY, "")).breaking)).toEqual([REMOVAL_OF_DEPRECATED]);
});

it("A new field is safe", async () => {
  const { breaking, dangerous, safe } = await schemaChanges(KEY, OLD, "");
  expect([breaking, dangerous, messages(safe)]).toEqual([[], [], ["Field 'old' was added to object type 'Query'"]]);
});

it("A new value of an enum is dangerous, since a client may not know what to make of it", async () => {
  const schemaWith = (values: string) => `${schemaOf("state: State")} enum State { ${values} }`;
  const { breaking, dangerous } = await schemaChanges(schemaWith("OPEN"), schemaWith("OPEN CLEARED"), "");
  expect([breaking, messages(dangerous)]).toEqual([[], ["Enum value 'CLEARED' was added to enum 'State'"]]);
});

it("A break that is written down with its reason is allowed, and no other is", async () => {
  const breaks = `# What may break.\n\n${REMOVAL_OF_DEPRECATED}  # nobody asked for it since May\n`;
  const { breaking, allowed } = await schemaChanges(DEPRECATED, KEY, breaks);
  expect(breaking).toEqual([]);
  expect(allowed).toMatchObject([
    { change: { message: REMOVAL_OF_DEPRECATED }, reason: "nobody asked for it since May" },
  ]);
  expect(messages((await schemaChanges(OLD, KEY, breaks)).breaking)).toEqual([REMOVAL]);
});

it("A break without a reason is not taken for allowed", async () => {
  await expect(schemaChanges(OLD, KEY, REMOVAL)).rejects.toThrow(/gives no reason.*Field 'old'/);
  await expect(schemaChanges(OLD, KEY, `${REMOVAL} # `)).rejects.toThrow(/gives no reason/);
});

it("The order of types, and of what is in them, is no change", async () => {
  const one = `${schemaOf("a: A b: Int")} type A { x: Int y: Int }`;
  const other = `type A { y: Int x: Int } ${schemaOf("b: Int a: A")}`;
  const { breaking, dangerous, safe } = await schemaChanges(one, other, "");
  expect([breaking, dangerous, safe]).toEqual([[], [], []]);
});

it("A break is named although its field got a description as well", async () => {
  const described = schemaOf(`"What it is called." key: Int`);
  const { breaking } = await schemaChanges(KEY, described, "");
  expect(messages(breaking)).toEqual(["Field 'Query.key' changed type from 'String' to 'Int'"]);
});

it("A new type is named once, and not again with each of its fields", async () => {
  const grown = `${KEY} type Page { "From 1." number: Int size: Int }`;
  expect(messages((await schemaChanges(KEY, grown, "")).safe)).toEqual(["Type 'Page' was added"]);
});
