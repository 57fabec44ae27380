import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import { expect, expectTypeOf, it } from "vitest";
import type { ConcordClient } from "./client.ts";
import {
  type ConcordDocument,
  documentFieldsOf,
  operationTypeOf,
  type ResultOf,
  type TrustedDocument,
  type VariablesOf,
} from "./document.ts";

type Result = { readonly device: { readonly key: string } | null };
type Variables = { readonly key: string };

/** As the client preset of graphql-codegen writes it. */
class TypedDocumentString<R, V> extends String {
  declare __apiType?: (variables: V) => R;
  readonly __meta__?: Record<string, unknown> | undefined;
  constructor(value: string, meta?: Record<string, unknown>) {
    super(value);
    this.__meta__ = meta;
  }
  override toString(): string {
    return this.valueOf();
  }
}

const TEXT = "mutation M { acknowledge }";
const tree = (text: string) => parse(text) as TypedDocumentNode<Result, Variables>;

it.each<[string, ConcordDocument<Result, Variables>, object]>([
  ["a trusted document by its id", { documentId: "sha256:0" }, { documentId: "sha256:0" }],
  [
    "codegen's text by its hash",
    new TypedDocumentString<Result, Variables>(TEXT, { hash: "ab" }),
    { documentId: "ab" },
  ],
  ["codegen's text without a hash by its text", new TypedDocumentString<Result, Variables>(TEXT), { query: TEXT }],
  ["a text by itself", TEXT, { query: TEXT }],
  ["a syntax tree by its hash", Object.assign(tree(TEXT), { __meta__: { hash: "cd" } }), { documentId: "cd" }],
  ["a syntax tree by the text that it was parsed from", tree(TEXT), { query: TEXT }],
])("names %s", (_, document, fields) => {
  expect(documentFieldsOf(document)).toEqual(fields);
});

it("refuses a syntax tree that has neither an id nor its text, and says what to turn on", () => {
  const { loc: _, ...bare } = tree(TEXT);
  expect(() => documentFieldsOf(bare)).toThrow(/persistedDocuments/);
});

it.each<[string, ConcordDocument<unknown, never>, string]>([
  ["its own word", { documentId: "x", operation: "mutation" }, "mutation"],
  ["nothing", { documentId: "x" }, "query"],
  ["its text", new TypedDocumentString<Result, Variables>(`# why\n\n# mutation\n${TEXT}`), "mutation"],
  ["its text, in short form", new TypedDocumentString<Result, Variables>("{ mutation }"), "query"],
  ["the text that it is", TEXT, "mutation"],
  ["its syntax tree", tree("fragment F on T { a } subscription S { a }"), "subscription"],
])("knows what a document does by %s", (_, document, operation) => {
  expect(operationTypeOf(document)).toBe(operation);
});

it("tells the types of answers and variables", () => {
  type Ours = TrustedDocument<Result, Variables>;
  expectTypeOf<ResultOf<Ours>>().toEqualTypeOf<Result>();
  expectTypeOf<VariablesOf<Ours>>().toEqualTypeOf<Variables>();
  expectTypeOf<ResultOf<TypedDocumentNode<Result, Variables>>>().toEqualTypeOf<Result>();
});

it("lets no call pass whose variables are not the document's", () => {
  const ours: TrustedDocument<Result, Variables> = { documentId: "sha256:0" };
  const refused = (client: ConcordClient) => [
    // @ts-expect-error: the document wants a key
    client.ask(ours, {}),
    // @ts-expect-error: a key is text
    client.ask(ours, { key: 1 }),
    // @ts-expect-error: the same of a document that codegen has made
    client.ask(tree(TEXT), { kez: "elt:1" }),
  ];
  const accepted = (client: ConcordClient) => client.ask(tree(TEXT), { key: "elt:1" });
  expectTypeOf(accepted).returns.resolves.toHaveProperty("data").toEqualTypeOf<Result>();
  expect(refused).toBeTypeOf("function");
});
