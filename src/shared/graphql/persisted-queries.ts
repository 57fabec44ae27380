import { GraphQLError } from "graphql";
import type { Rights } from "./rights.ts";

/**
 * Automatic persisted queries: a client sends a text's SHA-256 first, and the text only if the API does not have it.
 * Both messages and codes are those that Apollo Client and urql act on.
 */

/** The part of a request that this reads. */
type Request = { readonly extensions?: Readonly<Record<string, unknown>> | null | undefined };

/** Where the texts are kept that clients register, by their SHA-256 in lower-case hex. */
export type PersistedTexts = {
  /** `undefined` if the text is not kept, or not any more. */
  find(hash: string): Promise<string | undefined>;
  /** Does not wait. The text may be dropped at any time, or never be kept. */
  keep(hash: string, text: string): void;
};

/** Clients send the text with each request. */
export const NOTHING_KEPT: PersistedTexts = { find: async () => undefined, keep: () => {} };

const ONLY_TRUSTED =
  "This token runs trusted documents only, so no document can be registered. Name the folder of your documents in trusted-documents.yaml, run `npm run generate`, deploy the API, and send the ids that it then knows.";
const OTHER_VERSION = "The API speaks version 1 of automatic persisted queries. Send the text without an id.";
const UNKNOWN = "Send the text once beside its hash.";

/** The id that Apollo's clients and urql's persisted exchange send, whatever made it. */
export const persistedQueryId = (params: Request): string | undefined => {
  const { sha256Hash } = persistedQueryOf(params);
  return typeof sha256Hash === "string" ? sha256Hash : undefined;
};

/** The SHA-256 that an id is, in lower-case hex; `undefined` for any other id. */
export const sha256In = (id: unknown): string | undefined =>
  typeof id === "string" ? /^(?:sha256:)?([0-9a-f]{64})$/i.exec(id)?.[1]?.toLowerCase() : undefined;

/**
 * The text that a client has registered. `undefined` if the request asks for none: its id is no SHA-256, or is not in
 * `extensions.persistedQuery`.
 * @throws GraphQLError `PersistedQueryNotFound`, and `PersistedQueryNotSupported` if the caller may register none
 */
export async function registeredText(
  params: Request,
  rights: Rights,
  texts: PersistedTexts,
): Promise<string | undefined> {
  const hash = sha256In(persistedQueryId(params));
  if (hash === undefined) return undefined;
  const { version = 1 } = persistedQueryOf(params);
  if (version !== 1) throw notSupported(OTHER_VERSION);
  if (!rights.ownDocuments) throw notSupported(ONLY_TRUSTED);
  const text = await texts.find(hash);
  if (text === undefined) throw refusal("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND", UNKNOWN);
  return text;
}

const persistedQueryOf = ({ extensions }: Request) =>
  (extensions?.persistedQuery ?? {}) as { readonly sha256Hash?: unknown; readonly version?: unknown };

const notSupported = (hint: string) => refusal("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED", hint);

/** With `application/json` the status is 200, as of every error of a document: not all clients read the body of another. */
const refusal = (message: string, code: string, hint: string) =>
  new GraphQLError(message, { extensions: { code, hint, http: { status: 400, spec: true } } });
