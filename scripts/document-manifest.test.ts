import { createHash } from "node:crypto";
import { buildSchema } from "graphql";
import { describe, expect, it } from "vitest";
import manifest from "#graphql/trusted-documents.json" with { type: "json" };
import { createManifest, documentIdOf, findProblems } from "./document-manifest.ts";

const schema = buildSchema(`
  type Query { device(key: String!): Device devices(first: Int = 20): Devices! nodes(ids: [ID!]!): [Device]! }
  type Devices { edges: [Edge!]! }
  type Edge { node: Device! }
  type Device { key: String! devices(first: Int = 20): Devices! }
`);

describe("the manifest", () => {
  it("has each document once, sorted by the SHA-256 of its exact text", () => {
    const texts = ["{ a }\n", "{ b }", "{ a }", "{ b }"];
    const made = createManifest(texts);
    expect(Object.keys(made)).toEqual([...new Set(texts.map(documentIdOf))].toSorted());
    expect(made[`sha256:${createHash("sha256").update("{ a }\n").digest("hex")}`]).toBe("{ a }\n");
  });

  it("has the id that the specification gives its example", () => {
    expect(documentIdOf("query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}")).toBe(
      "sha256:7dba4bd717b41f10434822356a93c32b1fb4907b983e854300ad839f84cdcd6e",
    );
  });

  it("of the API has each document under its own hash, unless a client's manifest has another id for it", () => {
    const ours = Object.fromEntries(Object.entries(manifest).filter(([id]) => /^sha256:/.test(id)));
    expect(ours).toEqual(createManifest(Object.values(ours)));
    expect(Object.keys(ours).length).toBeGreaterThan(0);
  });

  it("of no documents is empty", () => {
    expect(createManifest([])).toEqual({});
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
    ["that asks for the schema", "{ __schema { queryType { name } } }"],
    ["of several operations", "query A { __typename } query B { __typename }"],
  ])("%s is accepted", (_, text) => {
    expect(findProblems(text, schema)).toEqual([]);
  });

  it.each([
    ["that cannot be parsed", "query {", /^1: Syntax Error/],
    ["of more tokens than the API reads", `{ ${"__typename ".repeat(1_001)} }`, /1000 tokens/],
    ["that does not fit the schema", "{\n  devicez { edges { node { key } } }\n}", /^2: Cannot query field "devicez"/],
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
    expect(findProblems(text, schema).join("\n")).toMatch(why);
  });
});
