import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { buildSchema } from "graphql";
import { describe, expect, it } from "vitest";
import {
  findClashes,
  findClientProblems,
  type ManifestKind,
  manifestOf,
  readClientFile,
  TrustSettings,
} from "./client-manifests.ts";

const schema = buildSchema(readFileSync(new URL("../schema.graphql", import.meta.url), "utf8"));
const hash = (algorithm: string, text: string) => createHash(algorithm).update(text).digest("hex");

const TEXT = 'query Row { device(key: "elt:1") { id __typename } }';
const SHA256 = hash("sha256", TEXT);
const apollo = (operations: readonly object[], others = {}) =>
  JSON.stringify({ format: "apollo-persisted-query-manifest", version: 1, operations, ...others });
const operation = (body: string, id = hash("sha256", body)) => ({ id, name: "Row", type: "query", body });

describe("a manifest", () => {
  it.each<[string, ManifestKind, string, string]>([
    ["Apollo", "apollo", apollo([operation(TEXT)]), `sha256:${SHA256}`],
    ["Relay with SHA-256", "relay", JSON.stringify({ [SHA256]: TEXT }), `sha256:${SHA256}`],
    ["Relay with MD5", "relay", JSON.stringify({ [hash("md5", TEXT)]: TEXT }), hash("md5", TEXT)],
    ["codegen with SHA-256", "codegen", JSON.stringify({ [`sha256:${SHA256}`]: TEXT }), `sha256:${SHA256}`],
    ["codegen with SHA-1", "codegen", JSON.stringify({ [hash("sha1", TEXT)]: TEXT }), hash("sha1", TEXT)],
    ["a document of its own", "files", TEXT, `sha256:${SHA256}`],
  ])("of %s gives its text under the id that the client sends", (_, kind, text, id) => {
    const { documents, problems } = readClientFile(kind, "m.json", text);
    expect([manifestOf(documents), problems]).toEqual([{ [id]: TEXT }, []]);
  });

  it.each<[string, ManifestKind, string, RegExp]>([
    ["no JSON", "relay", "{", /^m\.json: this is not JSON/],
    ["Relay's under the name of Apollo", "apollo", JSON.stringify({ [SHA256]: TEXT }), /kind is relay or codegen/],
    ["Apollo's under the name of Relay", "relay", apollo([operation(TEXT)]), /its kind is apollo/],
    [
      "Apollo's under the name of codegen",
      "codegen",
      apollo([operation(TEXT)]),
      /persisted-documents\.json.*kind is apollo/,
    ],
    ["of another version", "apollo", apollo([operation(TEXT)], { version: 2 }), /`version` 1/],
    ["a list", "codegen", "[]", /texts by id/],
  ])("that is %s is refused, with what it should be", (_, kind, text, why) => {
    const { documents, problems } = readClientFile(kind, "m.json", text);
    expect(documents).toEqual([]);
    expect(problems).toEqual([expect.stringMatching(why)]);
  });
});

describe("a document of a manifest", () => {
  const problemsOf = (kind: ManifestKind, text: string) =>
    findClientProblems(kind, { id: "x", text, origin: "m.json (Row)" }, schema);

  it("that fits the schema and the limits is accepted", () => {
    expect(problemsOf("apollo", TEXT)).toEqual([]);
  });

  it.each([
    ["does not fit the schema", "{ devicez }", /^m\.json \(Row\):1: Cannot query field "devicez"/],
    [
      "costs too much",
      "{ devices(first: 100) { edges { node { alerts(first: 100) { edges { cursor } } } } } }",
      /cost is \d+/,
    ],
    ["cannot be parsed", "query {", /Syntax Error/],
  ])("that %s is refused, with the file, the document and the line", (_, text, why) => {
    expect(problemsOf("relay", text)).toEqual([expect.stringMatching(why)]);
  });

  it("of Apollo is refused without `__typename`, which its cache adds to texts only", () => {
    const text = 'query Row {\n  device(key: "elt:1") {\n    id\n    twin { version __typename }\n  }\n}';
    expect(problemsOf("apollo", text)).toEqual([
      expect.stringMatching(/^m\.json \(Row\):2: Device is selected without `__typename`/),
    ]);
    expect(problemsOf("relay", text)).toEqual([]);
  });

  it("of Apollo is refused without the `id` of an entity", () => {
    const text = 'query Row { device(key: "elt:1") { __typename dealer { __typename id } } }';
    expect(problemsOf("apollo", text)).toEqual([expect.stringMatching(/Device is selected without `id`/)]);
  });

  it("of Apollo may leave both to a fragment", () => {
    const text = 'query Row { device(key: "elt:1") { ...Row } } fragment Row on Device { id __typename }';
    expect(problemsOf("apollo", text)).toEqual([]);
  });
});

it("An id that stands for two texts is refused, with both places", () => {
  const one = { id: "x", text: "{ a }", origin: "a.json (A)" };
  expect(findClashes([one, { ...one, origin: "b.json (A)" }])).toEqual([]);
  expect(findClashes([one, { id: "x", text: "{ b }", origin: "b.json (B)" }])).toEqual([
    expect.stringMatching(/^b\.json \(B\): the id x stands for another text in a\.json \(A\)/),
  ]);
});

it("A setting with an unknown kind is refused", () => {
  expect(TrustSettings.safeParse([{ folder: "a", kind: "graphql" }]).success).toBe(false);
  expect(TrustSettings.safeParse([{ folder: "a", kind: "relay", file: "b" }]).success).toBe(false);
});
