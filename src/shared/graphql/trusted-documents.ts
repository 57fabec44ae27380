import { requestError } from "./errors.ts";
import type { Rights } from "./rights.ts";
import manifest from "./trusted-documents.json" with { type: "json" };

/** Text by id. An id is `sha256:` and the hash of that very text: github.com/graphql/graphql-over-http, appendix A. */
const DOCUMENTS: Readonly<Record<string, string>> = manifest;

const NOT_FOUND =
  "No trusted document has this id. Ids change with every character: run `npm run generate` and deploy this Worker before its clients.";
const NOT_TRUSTED =
  "A dealer's token runs trusted documents only. Send `documentId` in place of `query`: `sha256:` and the hash of a document that `npm run generate` has put into the manifest.";

/** What names a document in a request. */
export type DocumentParams = {
  readonly documentId?: unknown;
  readonly query?: unknown;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
};

/**
 * The text that a request means: its own, or the one of the id that it names.
 * @throws GraphQLError for an id that is none, and for a text of one's own without the right to have one
 */
export function documentText(params: DocumentParams, rights: Rights): string {
  const id = params.documentId ?? apolloIdOf(params);
  if (id !== undefined) return textOf(id, params);
  if (typeof params.query !== "string") {
    throw requestError(400, "BAD_REQUEST", "Send a `query`, or the `documentId` of one.");
  }
  if (rights.ownDocuments || isTrusted(params.query)) return params.query;
  throw requestError(403, "TRUSTED_DOCUMENTS_ONLY", NOT_TRUSTED);
}

function textOf(id: unknown, { query }: DocumentParams): string {
  // Clients of WebSockets have to send some text.
  if (query != null && query !== "")
    throw requestError(400, "BAD_REQUEST", "Send a document's id or its text, not both.");
  const text = typeof id === "string" && Object.hasOwn(DOCUMENTS, id) ? DOCUMENTS[id] : undefined;
  if (text === undefined) throw requestError(400, "PERSISTED_DOCUMENT_NOT_FOUND", NOT_FOUND);
  return text;
}

/** The text is as good as its id, for clients that only know how to send text. */
export const isTrusted = (query: string): boolean => Object.values(DOCUMENTS).some((text) => text === query);

/** Apollo's clients know the same hash by another name. */
function apolloIdOf({ extensions }: DocumentParams): string | undefined {
  const persisted = extensions?.persistedQuery as { readonly sha256Hash?: unknown } | undefined;
  const hash = persisted?.sha256Hash;
  return typeof hash === "string" ? `sha256:${hash}` : undefined;
}
