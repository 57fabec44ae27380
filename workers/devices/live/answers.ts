import type { Scope } from "../../../src/shared/auth/scope.ts";
import type { LiveItem } from "../../../src/shared/live/item.ts";
import type { Queries, Query } from "./queries.ts";

/** The answers to what was pulled at one moment, as JSON: whoever asks the same is told the same, for one execution. */
export class Answers {
  readonly #queries: Queries;
  readonly #known = new Map<string, Promise<string>>();

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  of(query: Query, scope: Scope, item: LiveItem): Promise<string> {
    const name = JSON.stringify([query, scope, item]);
    const known =
      this.#known.get(name) ?? this.#queries.answer(query, scope, item).then((answer) => JSON.stringify(answer));
    this.#known.set(name, known);
    return known;
  }
}
