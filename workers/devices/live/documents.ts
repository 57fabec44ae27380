import { type DocumentNode, GraphQLError, parse, validate } from "graphql";
import { toBase64 } from "#base/base64.ts";
import { MAX_TOKENS } from "#graphql/limits/limits.ts";
import { validationErrors } from "#graphql/one-of.ts";
import { schema } from "#graphql/schema/index.ts";

/** Parsed documents that an isolate caches; it holds many objects. Our choice. */
const MAX_PARSED = 100;

const PREFIX = "document:";

type Limits = {
  /** Different documents among the subscriptions of the object. */
  readonly most: number;
  /** The hashes of those in use. Without it, all are kept until `clear`. */
  readonly inUse?: () => ReadonlySet<string>;
};

/** Our limit: frontends have a handful. */
const OF_ONE_OBJECT: Limits = { most: 100 };

/**
 * The GraphQL documents of an object's subscriptions. They are too large for a socket's attachment and have to survive
 * hibernation, so each is stored once, by its hash, for as long as the object has subscribers.
 */
export class Documents {
  readonly #kv: SyncKvStorage;
  readonly #limits: Limits;

  constructor(kv: SyncKvStorage, limits = OF_ONE_OBJECT) {
    this.#kv = kv;
    this.#limits = limits;
  }

  /** @returns `false` if the object already has as many others as it may; nothing is stored then */
  store(hash: string, text: string): boolean {
    if (this.read(hash) !== undefined) return true;
    if (!this.#hasRoom() && !this.#makeRoom()) return false;
    this.#kv.put(PREFIX + hash, text);
    return true;
  }

  #hasRoom(): boolean {
    const { most } = this.#limits;
    return [...this.#kv.list({ prefix: PREFIX, limit: most })].length < most;
  }

  /** Removes the documents that are no longer in use. @returns whether there were any */
  #makeRoom(): boolean {
    const inUse = this.#limits.inUse?.();
    const names = [...this.#kv.list({ prefix: PREFIX })].map(([name]) => name);
    const unused = inUse ? names.filter((name) => !inUse.has(name.slice(PREFIX.length))) : [];
    for (const name of unused) this.#kv.delete(name);
    return unused.length > 0;
  }

  read(hash: string): string | undefined {
    return this.#kv.get<string>(PREFIX + hash);
  }

  /** Removes all documents, once nothing is subscribed. */
  clear(): void {
    for (const [key] of [...this.#kv.list({ prefix: PREFIX })]) this.#kv.delete(key);
  }
}

/** The first 128 bits of a text's SHA-256, as base64. */
export async function hashText(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return toBase64(new Uint8Array(digest, 0, 16));
}

const parsed = new Map<string, DocumentNode>();

/** @throws GraphQLError if the text is not GraphQL */
export function parseDocument(text: string): DocumentNode {
  const known = parsed.get(text);
  if (known) return known;
  const document = parseOrThrow(text);
  const [oldest] = parsed.keys();
  if (parsed.size >= MAX_PARSED && oldest !== undefined) parsed.delete(oldest);
  parsed.set(text, document);
  return document;
}

function parseOrThrow(text: string): DocumentNode {
  try {
    return parse(text, { maxTokens: MAX_TOKENS });
  } catch (thrown) {
    throw thrown instanceof GraphQLError ? withCode(thrown, "GRAPHQL_PARSE_FAILED") : thrown;
  }
}

/** The errors of a document against the schema. */
export const validateDocument = (document: DocumentNode): readonly GraphQLError[] =>
  validationErrors(validate(schema, document)).map((problem) => withCode(problem, "GRAPHQL_VALIDATION_FAILED"));

const withCode = ({ message, nodes, source, positions }: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(message, { nodes, source, positions, extensions: { code } });
