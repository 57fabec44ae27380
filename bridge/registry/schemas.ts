import { setTimeout as wait } from "node:timers/promises";
import type * as z from "zod";
import type { Listener } from "../events.ts";
import { type Answer, type Ask, schemaPath, versionPath } from "./registry.ts";
import { type Compile, type Read, type ReferencedSchema, StoredSchema } from "./stored-schema.ts";

export type Schema =
  | { readonly kind: "readable"; readonly read: Read }
  /** `missing` may be there later; one that is `invalid` stays so. */
  | { readonly kind: "missing" | "invalid"; readonly message: string };

export type SchemasDeps = {
  readonly ask: Ask;
  readonly emit: Listener;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
};

/** How long a schema that the registry does not have is not asked for again. It may be on its way to a replica. */
const MISSING_MS = 60_000;
/** Any bytes may look like an id. When there are so many ids, those that are to be asked for again are forgotten. */
const MANY = 1_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** Schemas by id. An id always means the same, so what is compiled is kept for ever. */
export class Schemas {
  readonly #deps: SchemasDeps;
  readonly #known = new Map<number, { readonly schema: Promise<Schema>; expiresMs: number }>();

  constructor(deps: SchemasDeps) {
    this.#deps = deps;
  }

  /** Waits for a registry that is away, until the signal. @throws StopError if it refuses the credentials */
  find(id: number, signal: AbortSignal): Promise<Schema> {
    const { now } = this.#deps;
    const known = this.#known.get(id);
    if (known && now() < known.expiresMs) return known.schema;
    this.#forget();
    const entry = { schema: this.#load(id, signal), expiresMs: Number.POSITIVE_INFINITY };
    this.#known.set(id, entry);
    entry.schema.then(
      ({ kind }) => {
        if (kind === "missing") entry.expiresMs = now() + MISSING_MS;
      },
      () => this.#known.delete(id),
    );
    return entry.schema;
  }

  #forget(): void {
    if (this.#known.size < MANY) return;
    const nowMs = this.#deps.now();
    for (const [id, { expiresMs }] of this.#known) if (nowMs >= expiresMs) this.#known.delete(id);
  }

  async #load(id: number, signal: AbortSignal): Promise<Schema> {
    const stored = await this.#answer(schemaPath(id), StoredSchema, signal);
    if (stored.kind === "missing") return { kind: "missing", message: "the registry has no schema with this id" };
    const references: ReferencedSchema[] = [];
    const missing = await this.#collect(stored.found, references, new Set(), signal);
    if (missing)
      return { kind: "missing", message: `the registry does not have ${missing}, which its schema refers to` };
    try {
      const compile = await compilerOf(stored.found.schemaType ?? "AVRO");
      return { kind: "readable", read: compile(stored.found.schema, references) };
    } catch (error) {
      return { kind: "invalid", message: `its schema cannot be used: ${(error as Error).message}` };
    }
  }

  /** Adds what the schema refers to, deepest first. @returns what the registry does not have of it */
  async #collect(
    schema: StoredSchema,
    into: ReferencedSchema[],
    seen: Set<string>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    for (const { name, subject, version } of schema.references ?? []) {
      const path = versionPath(subject, version);
      if (seen.has(path)) continue;
      seen.add(path);
      const stored = await this.#answer(path, StoredSchema, signal);
      if (stored.kind === "missing") return `version ${version} of ${subject}`;
      const missing = await this.#collect(stored.found, into, seen, signal);
      if (missing) return missing;
      into.push({ name, schema: stored.found.schema });
    }
    return undefined;
  }

  /** Asks until there is an answer. @throws what the signal was aborted with */
  async #answer<T>(path: string, shape: z.ZodType<T>, signal: AbortSignal): Promise<Known<T>> {
    const { ask, emit, random } = this.#deps;
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      const answer = await ask(path, shape, signal);
      if (answer.kind !== "retry") return answer;
      const backoffMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
      const waitMs = Math.round((answer.retryAfterMs ?? backoffMs / 2) + (backoffMs / 2) * random());
      emit({ kind: "registry.retried", reason: answer.reason, waitMs });
      await wait(waitMs, undefined, { signal });
    }
  }
}

type Known<T> = Exclude<Answer<T>, { kind: "retry" }>;

/** The libraries are loaded with the first schema that needs them. */
async function compilerOf(schemaType: string): Promise<Compile> {
  switch (schemaType) {
    case "AVRO":
      return (await import("./avro.ts")).compileAvro;
    case "PROTOBUF":
      return (await import("./protobuf.ts")).compileProtobuf;
    case "JSON":
      return () => (payload) => payload;
    default:
      throw new Error(`${schemaType} is none of AVRO, PROTOBUF and JSON`);
  }
}
