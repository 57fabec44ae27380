import { requestError } from "./errors.ts";
import type { Rights } from "./rights.ts";
import manifest from "./trusted-documents.json" with { type: "json" };

/**
 * Documents by id. Our own ids are `sha256:` and the SHA-256 of the text: github.com/graphql/graphql-over-http, appendix
 * A. Those of other clients' manifests are what these clients send: Relay's are an MD5, codegen's a SHA-1.
 */
const DOCUMENTS: Readonly<Record<string, string>> = manifest;

const NOT_FOUND =
  "No trusted document has this id, which changes with every character. Name the folder of its manifest in trusted-documents.yaml, run `npm run generate`, and deploy this Worker before its clients.";
const NOT_TRUSTED =
  "A dealer's token runs trusted documents only. Send `documentId` in place of `query`: the id of a document that `npm run generate` has added to the manifest.";

/** The members of a request that may hold an id: that of GraphQL over HTTP, and those of Relay's network layers. */
export const ID_MEMBERS = ["documentId", "id", "doc_id"] as const;

/** The part of a request that names a document. */
export type DocumentParams = { readonly [name in (typeof ID_MEMBERS)[number]]?: unknown } & {
  readonly query?: unknown;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
};

/**
 * The document of a request: its own text, or the trusted one with the id that it sends.
 * @throws GraphQLError for an unknown id, and for a text that the caller may not send
 */
export function documentText(params: DocumentParams, rights: Rights): string {
  const id = params.documentId ?? params.id ?? params.doc_id ?? apolloIdOf(params);
  if (id !== undefined) return findTrustedText(id, params);
  if (typeof params.query !== "string") {
    throw requestError(400, "BAD_REQUEST", "Send a `query`, or the `documentId` of one.");
  }
  if (rights.ownDocuments || isTrusted(params.query)) return params.query;
  throw requestError(403, "TRUSTED_DOCUMENTS_ONLY", NOT_TRUSTED);
}

function findTrustedText(id: unknown, { query }: DocumentParams): string {
  // Clients of WebSockets have to send some text.
  if (query != null && query !== "")
    throw requestError(400, "BAD_REQUEST", "Send the id of a document or its text, not both.");
  const text = typeof id === "string" ? (ownMember(id) ?? ownMember(`sha256:${id}`)) : undefined;
  if (text === undefined) throw requestError(400, "PERSISTED_DOCUMENT_NOT_FOUND", NOT_FOUND);
  return text;
}

const ownMember = (id: string): string | undefined => (Object.hasOwn(DOCUMENTS, id) ? DOCUMENTS[id] : undefined);

/** The text of a trusted document is accepted like its id, for clients that can only send text. */
export const isTrusted = (query: string): boolean => Object.values(DOCUMENTS).some((text) => text === query);

/** Where Apollo's clients and urql's persisted exchange put the id, whatever made it. */
function apolloIdOf({ extensions }: DocumentParams): string | undefined {
  const persisted = extensions?.persistedQuery as { readonly sha256Hash?: unknown } | undefined;
  return typeof persisted?.sha256Hash === "string" ? persisted.sha256Hash : undefined;
}
