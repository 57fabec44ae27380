import type { GraphQLParams, Plugin } from "graphql-yoga";
import { requestError } from "./errors.ts";
import type { Rights } from "./rights.ts";
import manifest from "./trusted-documents.json" with { type: "json" };

/** Text by id. An id is `sha256:` and the hash of that very text: github.com/graphql/graphql-over-http, appendix A. */
const DOCUMENTS: Readonly<Record<string, string>> = manifest;

const NOT_FOUND =
  "No trusted document has this id. Ids change with every character: run `npm run generate` and deploy this Worker before its clients.";
const NOT_TRUSTED =
  "A dealer's token runs trusted documents only. Send `documentId` in place of `query`: `sha256:` and the hash of a document that `npm run generate` has put into the manifest.";

/** Puts the text in place of a document's id, and refuses other texts to those who may not write their own. */
export const trustedDocuments: Plugin<object, { rights: Rights }> = {
  onParams({ params, setParams, context }) {
    const { documentId, ...others } = params as GraphQLParams & { documentId?: unknown };
    const id = documentId ?? apolloIdOf(params);
    if (id !== undefined) return setParams({ ...others, query: textOf(id, params) });
    if (params.query == null) throw requestError(400, "BAD_REQUEST", "Send a `query`, or the `documentId` of one.");
    if (context.rights.ownDocuments || isTrusted(params)) return;
    throw requestError(403, "TRUSTED_DOCUMENTS_ONLY", NOT_TRUSTED);
  },
};

function textOf(id: unknown, { query }: GraphQLParams): string {
  if (query != null) throw requestError(400, "BAD_REQUEST", "Send a document's id or its text, not both.");
  const text = typeof id === "string" && Object.hasOwn(DOCUMENTS, id) ? DOCUMENTS[id] : undefined;
  if (text === undefined) throw requestError(400, "PERSISTED_DOCUMENT_NOT_FOUND", NOT_FOUND);
  return text;
}

/** The text is as good as its id, for clients that only know how to send text. */
const isTrusted = ({ query }: GraphQLParams): boolean => Object.values(DOCUMENTS).some((text) => text === query);

/** Apollo's clients know the same hash by another name. */
function apolloIdOf({ extensions }: GraphQLParams): string | undefined {
  const hash: unknown = extensions?.persistedQuery?.sha256Hash;
  return typeof hash === "string" ? `sha256:${hash}` : undefined;
}
