import type { Scope } from "#auth/scope.ts";
import type { LiveItem } from "#objects/item.ts";
import type { Queries, Query } from "./queries.ts";

/** GraphQL results of one round of delivery, as JSON. Subscribers with the same query and scope share one execution. */
export class Answers {
  readonly #queries: Queries;
  readonly #known = new Map<string, Promise<string>>();

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  get(query: Query, scope: Scope, item: LiveItem): Promise<string> {
    const name = JSON.stringify([query, scope, item]);
    const known =
      this.#known.get(name) ?? this.#queries.answer(query, scope, item).then((answer) => JSON.stringify(answer));
    this.#known.set(name, known);
    return known;
  }
}
