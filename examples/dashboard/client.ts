import type { TrustedDocument } from "./generated.ts";

export type Options = {
  /** Where the API is: https://concord.example/graphql */
  readonly url: string;
  /** The bearer token. Asked for with every request, so it may be a fresh one. */
  readonly token: () => string | Promise<string>;
  readonly fetch?: typeof fetch;
};

/** `extensions.code` of an error. Codes may be added, so treat one that you do not know like INTERNAL_SERVER_ERROR. */
export type ErrorCode =
  | "BAD_CONSISTENCY_TOKEN"
  | "BAD_USER_INPUT"
  | "COST_LIMIT"
  | "INTERNAL_SERVER_ERROR"
  | "PERSISTED_DOCUMENT_NOT_FOUND"
  | "UNAUTHENTICATED"
  | "UPSTREAM_UNAVAILABLE"
  | (string & {});

export class ConcordError extends Error {
  override name = "ConcordError";
  readonly code: ErrorCode;
  /** The field that is null because of it; empty when the whole request failed. */
  readonly path: readonly (string | number)[];
  readonly retryAfterMs: number | null;

  constructor({ message, path = [], extensions = {} }: WireError) {
    super(message);
    this.code = extensions.code ?? "INTERNAL_SERVER_ERROR";
    this.path = path;
    this.retryAfterMs = extensions.retryAfterMs ?? null;
  }
}

/** What came, and for each field that is null for want of a database or the like, why. */
export type Answer<Result> = { readonly data: Result; readonly errors: readonly ConcordError[] };

type WireError = {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string; readonly retryAfterMs?: number };
};
type Wire<Result> = { readonly data?: Result | null; readonly errors?: readonly WireError[] };

const CONSISTENCY_TOKEN = "Concord-Consistency-Token";
const MAX_ATTEMPTS = 4;

/** Asks trusted documents of the API. One client a user: each answer is at least as fresh as what it has seen before. */
export class ConcordClient {
  readonly #options: Options;
  #seen = "";

  constructor(options: Options) {
    this.#options = options;
  }

  /**
   * Asks, and asks again while the database is out of reach and nothing came.
   * @param consistency `strong` reads the primary, which may be far away; without it the nearest copy answers
   * @throws ConcordError when nothing came, and whatever `fetch` throws where there is no network
   */
  async ask<Result, Variables>(
    document: TrustedDocument<Result, Variables>,
    variables: Variables,
    { consistency }: { consistency?: "strong" } = {},
  ): Promise<Answer<Result>> {
    for (let attempt = 1; ; attempt++) {
      const { data, errors = [] } = await this.#post<Result>({ ...document, variables }, consistency);
      const problems = errors.map((error) => new ConcordError(error));
      const [first] = problems;
      if (data && (!first || Object.values(data).some((value) => value !== null))) return { data, errors: problems };
      const pause = problems.find(({ code }) => code === "UPSTREAM_UNAVAILABLE")?.retryAfterMs ?? null;
      if (pause === null || attempt === MAX_ATTEMPTS) throw first ?? new ConcordError({ message: "An empty answer." });
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async #post<Result>(body: object, consistency: "strong" | undefined): Promise<Wire<Result>> {
    const headers = new Headers({ "Content-Type": "application/json", Accept: "application/graphql-response+json" });
    headers.set("Authorization", `Bearer ${await this.#options.token()}`);
    if (this.#seen) headers.set(CONSISTENCY_TOKEN, this.#seen);
    if (consistency) headers.set("Concord-Consistency", consistency);
    const send = this.#options.fetch ?? fetch;
    const response = await send(this.#options.url, { method: "POST", headers, body: JSON.stringify(body) });
    const token = response.headers.get(CONSISTENCY_TOKEN) ?? "";
    // Tokens sort as text by how far they are, and answers may overtake each other.
    if (token > this.#seen) this.#seen = token;
    const unreadable = { errors: [{ message: `The API answered ${response.status} and no JSON.` }] };
    return response.json().catch(() => unreadable) as Promise<Wire<Result>>;
  }
}
