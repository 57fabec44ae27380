/**
 * The types of a document's answer and variables. The same member as in `DocumentTypeDecoration` of
 * @graphql-typed-document-node/core, which graphql-codegen generates for, so its documents have it too.
 */
export type Typed<Result, Variables> = {
  /** Has a type only: no document has this member at run time. */
  readonly __apiType?: (variables: Variables) => Result;
};

/** What a document does. The API is asked again after an outage only for what changes nothing. */
export type OperationType = "query" | "mutation" | "subscription";

/**
 * A document that the API trusts, named by its id: the client sends the id alone, so no text is in its bundle.
 * `npm run generate` writes one for each `.graphql` file of examples/dashboard.
 */
export type TrustedDocument<Result, Variables> = Typed<Result, Variables> & {
  /** `sha256:` and the SHA-256 of the document's file, in hex. */
  readonly documentId: string;
  /** Absent: taken for a query. */
  readonly operation?: OperationType;
};

/**
 * A document as the client preset of graphql-codegen writes it with `documentMode: "string"`: an object that is its
 * text, with its id in `__meta__.hash` where `persistedDocuments` is on. A plain string is one too, for scripts: its
 * answer is `unknown`, its variables are not checked, and a dealer's token may not send it.
 */
export type TextDocument<Result, Variables> = Typed<Result, Variables> & {
  /** The document's text. */
  toString(): string;
  readonly __meta__?: Readonly<Record<string, unknown>> | undefined;
};

/**
 * A document as a syntax tree: `TypedDocumentNode`, as graphql-codegen, `gql` and `graphql` make them. It needs an id in
 * `__meta__.hash` (`persistedDocuments`), or its own text in `loc`, as every parser but codegen leaves it there.
 */
export type TreeDocument<Result, Variables> = Typed<Result, Variables> & {
  readonly kind: "Document";
  readonly definitions: readonly object[];
  readonly loc?: { readonly source: { readonly body: string } } | undefined;
  readonly __meta__?: Readonly<Record<string, unknown>> | undefined;
};

/** Every form of a document that the clients take. */
export type ConcordDocument<Result, Variables> =
  | TrustedDocument<Result, Variables>
  | TreeDocument<Result, Variables>
  | TextDocument<Result, Variables>;

/** The answer's type: `ResultOf<typeof DeviceList>`. */
export type ResultOf<Document> = Document extends Typed<infer Result, never> ? Result : never;

/** The variables' type: `VariablesOf<typeof DeviceList>`. */
export type VariablesOf<Document> = Document extends Typed<unknown, infer Variables> ? Variables : never;

/** What a request says of its document: the id of a trusted one, or a text, which a dealer's token may not send. */
export type DocumentFields = { readonly documentId: string } | { readonly query: string };

/**
 * How a request names the document: by its id if it has one, or else by its text.
 * @throws TypeError for a syntax tree that has neither
 */
export function documentFieldsOf(document: ConcordDocument<unknown, never>): DocumentFields {
  // Scripts ask plain texts, and take an `unknown` answer.
  if (typeof document === "string") return { query: document };
  if ("documentId" in document) return { documentId: document.documentId };
  const hash = document.__meta__?.hash;
  if (typeof hash === "string") return { documentId: hash };
  const query = "kind" in document ? document.loc?.source.body : document.toString();
  if (query === undefined) throw new TypeError(NO_TEXT);
  return { query };
}

/** What the document does, by its own word or its first operation; a query if neither tells. */
export function operationTypeOf(document: ConcordDocument<unknown, never>): OperationType {
  if (typeof document !== "string" && "documentId" in document) return document.operation ?? "query";
  if (typeof document !== "string" && "kind" in document)
    return document.definitions.map(operationOf).find((each) => each !== undefined) ?? "query";
  const [, word] = /^\s*(?:#.*\s*)*(mutation|subscription)\b/.exec(document.toString()) ?? [];
  return (word as OperationType | undefined) ?? "query";
}

const operationOf = (definition: { readonly operation?: OperationType }): OperationType | undefined =>
  definition.operation;

const NO_TEXT =
  'This document has neither an id nor its text, so nothing was sent. Turn `persistedDocuments` on in the client preset of graphql-codegen, or set `documentMode` to "string".';
