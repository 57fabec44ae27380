import { CONSISTENCY_HEADER, keepSeen, type Seen } from "./consistency.ts";
import { type ConcordDocument, documentFieldsOf, operationTypeOf } from "./document.ts";
import { ConcordError, cameToNothing, readAnswer, repetitionPauseMs, type WireAnswer, wait } from "./error.ts";
import { concordFetch } from "./fetch.ts";

/** What a client is made with. */
export type ClientOptions = {
  /** Where the API is: https://concord.example/graphql */
  readonly url: string;
  /** The bearer token. Asked for with every request, so it may be a fresh one. */
  readonly token: () => string | Promise<string>;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** What the user has seen, if other clients or tabs share it. Absent: what this client has seen. */
  readonly seen?: Seen;
};

/** What a single request may say of itself. */
export type AskOptions = {
  /** `strong` reads the primary, which may be far away; without it the nearest copy answers. */
  readonly consistency?: "strong";
};

/** What came, and for each field that is null for want of a database or the like, why. */
export type Answer<Result> = { readonly data: Result; readonly errors: readonly ConcordError[] };

/** Asks documents of the API. One client a user: each answer is at least as fresh as what it has seen before. */
export class ConcordClient {
  readonly #url: string;
  readonly #fetch: typeof fetch;

  constructor({ url, token, seen = keepSeen(), fetch }: ClientOptions) {
    this.#url = url;
    this.#fetch = concordFetch({ token, seen, fetch });
  }

  /**
   * Asks, and asks again while the database is out of reach and nothing came: up to four times, as late as the API says.
   * A mutation is sent once, since it may have been done.
   * @returns the answer of the GraphQL API, which may hold errors beside data
   * @throws ConcordError when nothing came, with the API's code; whatever `fetch` throws where there is no network
   */
  async ask<Result, Variables>(
    document: ConcordDocument<Result, Variables>,
    variables: Variables,
    { consistency }: AskOptions = {},
  ): Promise<Answer<Result>> {
    const body = { ...documentFieldsOf(document), variables };
    const isRepeated = operationTypeOf(document) !== "mutation";
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#post<Result>(body, consistency);
      const { data } = answer;
      const errors = (answer.errors ?? []).map((error) => new ConcordError(error));
      if (data && !cameToNothing(answer)) return { data, errors };
      const pause = isRepeated ? repetitionPauseMs(answer, attempt) : null;
      if (pause === null) throw errors[0] ?? new ConcordError({ message: "An empty answer." });
      await wait(pause);
    }
  }

  async #post<Result>(body: object, consistency: "strong" | undefined): Promise<WireAnswer<Result>> {
    const headers = new Headers({ "Content-Type": "application/json", Accept: "application/graphql-response+json" });
    if (consistency) headers.set(CONSISTENCY_HEADER, consistency);
    return readAnswer(await this.#fetch(this.#url, { method: "POST", headers, body: JSON.stringify(body) }));
  }
}
