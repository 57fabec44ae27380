import { sha256Hex } from "#base/digest.ts";
import { requestError } from "./errors.ts";
import { asksOnlyForSchema } from "./introspection.ts";
import { NOTHING_KEPT, type PersistedTexts, persistedQueryId, registeredText, sha256In } from "./persisted-queries.ts";
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
const NO_DOCUMENT = "Send a `query` as text, or the `documentId` of one.";
const TWO_IDS = "The request names two documents, and none was run. Send one id.";
const OTHER_TEXT =
  "The id is not that of the text beside it, so nothing was run. Send the id alone, or the text with its own SHA-256.";

/** The members of a request that may hold an id: that of GraphQL over HTTP, and those of Relay's network layers. */
export const ID_MEMBERS = ["documentId", "id", "doc_id"] as const;

/** The part of a request that names a document. */
export type DocumentParams = { readonly [name in (typeof ID_MEMBERS)[number]]?: unknown } & {
  readonly query?: unknown;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
};

/**
 * The document of a request: its own text, the trusted one with its id, or one that a client has registered by its hash.
 * The text beside an id may be empty, or the one that the id stands for.
 * @param texts where registered texts are kept; by default nowhere
 * @throws GraphQLError for an unknown id, for the id of another text, and for a text that the caller may not send
 */
export async function documentText(
  params: DocumentParams,
  rights: Rights,
  texts: PersistedTexts = NOTHING_KEPT,
): Promise<string> {
  const id = idOf(params);
  if (id === undefined) return allowedText(params.query, rights);
  const trusted = trustedText(id);
  if (params.query == null || params.query === "") {
    const text = trusted ?? (await registeredText(params, rights, texts));
    if (text === undefined) throw requestError(400, "PERSISTED_DOCUMENT_NOT_FOUND", NOT_FOUND);
    return text;
  }
  if (typeof params.query !== "string") throw requestError(400, "BAD_REQUEST", NO_DOCUMENT);
  if (trusted === params.query) return trusted;
  const hash = await sha256Hex(params.query);
  if (trusted !== undefined || hash !== sha256In(id)) throw requestError(400, "BAD_USER_INPUT", OTHER_TEXT);
  const text = allowedText(params.query, rights);
  // Only what was sent as an automatic persisted query comes back as one.
  if (rights.ownDocuments && persistedQueryId(params) !== undefined) texts.keep(hash, text);
  return text;
}

function allowedText(text: unknown, rights: Rights): string {
  if (typeof text !== "string") throw requestError(400, "BAD_REQUEST", NO_DOCUMENT);
  if (rights.ownDocuments || isTrusted(text) || asksOnlyForSchema(text)) return text;
  throw requestError(403, "TRUSTED_DOCUMENTS_ONLY", NOT_TRUSTED);
}

/** The id that a request sends, wherever its client puts it. */
function idOf(params: DocumentParams): unknown {
  const ids = [...ID_MEMBERS.map((name) => params[name]), persistedQueryId(params)].filter((id) => id != null);
  const [first, ...others] = ids.map((id) => sha256In(id) ?? id);
  if (others.some((other) => other !== first)) throw requestError(400, "BAD_REQUEST", TWO_IDS);
  return ids[0];
}

/** The text of a trusted document: by its id, or by its SHA-256 with or without a prefix and in either case. */
function trustedText(id: unknown): string | undefined {
  if (typeof id !== "string") return undefined;
  const hash = sha256In(id);
  const forms = [id, ...(hash ? [`sha256:${hash}`] : []), ...(HEX.test(id) ? [id.toLowerCase()] : [])];
  const known = forms.find((form) => Object.hasOwn(DOCUMENTS, form));
  return known === undefined ? undefined : DOCUMENTS[known];
}

const HEX = /^[0-9a-f]+$/i;

/** The text of a trusted document is accepted like its id, for clients that can only send text. */
export const isTrusted = (query: string): boolean => Object.values(DOCUMENTS).some((text) => text === query);
