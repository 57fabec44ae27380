import {
  type DocumentNode,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import { base64Of } from "../../../src/shared/base64.ts";
import { MAX_TOKENS } from "../../../src/shared/graphql/limits/limits.ts";
import type { Rights } from "../../../src/shared/graphql/rights.ts";
import { schema } from "../../../src/shared/graphql/schema/index.ts";

/** Documents that stay parsed in an isolate, which holds many objects. Ours. */
const MAX_PARSED = 100;

const PREFIX = "document:";

/** Different documents that listen to one object. Ours: frontends have a handful. */
const MAX_DOCUMENTS = 100;

/**
 * The texts that an object's subscriptions were made with. A socket's attachment has no room for them, and an object
 * that wakes up has forgotten them; so each is stored once, by its hash, for as long as somebody listens.
 */
export class Documents {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** @returns whether it is there now */
  store(hash: string, text: string): boolean {
    if (this.read(hash) !== undefined) return true;
    if ([...this.#kv.list({ prefix: PREFIX, limit: MAX_DOCUMENTS })].length >= MAX_DOCUMENTS) return false;
    this.#kv.put(PREFIX + hash, text);
    return true;
  }

  read(hash: string): string | undefined {
    return this.#kv.get<string>(PREFIX + hash);
  }

  /** Nobody listens any more. */
  clear(): void {
    for (const [key] of [...this.#kv.list({ prefix: PREFIX })]) this.#kv.delete(key);
  }
}

/** Of a text: 128 bits of its SHA-256. */
export async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return base64Of(new Uint8Array(digest, 0, 16));
}

const parsed = new Map<string, DocumentNode>();

/** @throws GraphQLError for what is no GraphQL */
export function documentOf(text: string): DocumentNode {
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

/** What is wrong with a document by the schema. */
export function problemsOf(document: DocumentNode, { introspection }: Rights): readonly GraphQLError[] {
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const problems = validate(schema, document, rules, { hideSuggestions: !introspection });
  return problems.map((problem) => withCode(problem, "GRAPHQL_VALIDATION_FAILED"));
}

const withCode = ({ message, nodes, source, positions }: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(message, { nodes, source, positions, extensions: { code } });
