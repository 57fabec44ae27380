import { createHash } from "node:crypto";
import { buildSchema } from "graphql";
import { describe, expect, it } from "vitest";
import manifest from "../src/shared/graphql/trusted-documents.json" with { type: "json" };
import { documentIdOf, manifestOf, problemsOf } from "./document-manifest.ts";

const schema = buildSchema(`
  type Query { device(key: String!): Device devices(first: Int = 20): Devices! nodes(ids: [ID!]!): [Device]! }
  type Devices { edges: [Edge!]! }
  type Edge { node: Device! }
  type Device { key: String! devices(first: Int = 20): Devices! }
`);

describe("the manifest", () => {
  it("knows a document by the SHA-256 of its text as it is, sorted, and twice the same once", () => {
    const texts = ["{ a }\n", "{ b }", "{ a }", "{ b }"];
    const made = manifestOf(texts);
    expect(Object.keys(made)).toEqual([...new Set(texts.map(documentIdOf))].toSorted());
    expect(made[`sha256:${createHash("sha256").update("{ a }\n").digest("hex")}`]).toBe("{ a }\n");
  });

  it("has the id of an example of the specification", () => {
    expect(documentIdOf("query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}")).toBe(
      "sha256:7dba4bd717b41f10434822356a93c32b1fb4907b983e854300ad839f84cdcd6e",
    );
  });

  it("of the API names each of its documents by that document's own hash", () => {
    expect(manifest).toEqual(manifestOf(Object.values(manifest)));
  });

  it("of no documents is empty", () => {
    expect(manifestOf([])).toEqual({});
  });
});

describe("a document", () => {
  it.each([
    [
      "with variables that have defaults",
      "query ($first: Int = 100) { devices(first: $first) { edges { node { key } } } }",
    ],
    [
      "with variables that have none",
      "query ($key: String!, $ids: [ID!]!) { device(key: $key) { key } nodes(ids: $ids) { key } }",
    ],
    ["of several operations", "query A { __typename } query B { __typename }"],
  ])("%s is taken", (_, text) => {
    expect(problemsOf(text, schema)).toEqual([]);
  });

  it.each([
    ["that is none", "query {", /^1: Syntax Error/],
    ["of more tokens than the API reads", `{ ${"__typename ".repeat(1_001)} }`, /1000 tokens/],
    ["that does not fit the schema", "{\n  devicez { edges { node { key } } }\n}", /^2: Cannot query field "devicez"/],
    ["that asks for the schema", "{ __schema { queryType { name } } }", /introspection/],
    [
      "that is too deep",
      `{ device(key: "k") { ${"devices(first: 1) { edges { node { ".repeat(4)} key ${"} } } ".repeat(4)} } }`,
      /depth is 14/,
    ],
    [
      "that costs too much by default",
      "query Small { __typename } query Large($n: Int = 100) { devices(first: $n) { edges { node { devices(first: $n) { edges { node { key } } } } } } }",
      /cost is 20301/,
    ],
  ])("%s is refused", (_, text, why) => {
    expect(problemsOf(text, schema).join("\n")).toMatch(why);
  });
});
