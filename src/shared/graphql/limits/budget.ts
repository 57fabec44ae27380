import { GraphQLError } from "graphql";

/** What a caller may still spend, as far as is known here: another location may have spent since. */
export type Budget = {
  /** Points a minute. */
  readonly limit: number;
  readonly remaining: number;
  /** RFC 3339: when the budget is full again. */
  readonly resetAt: string;
};

export type Spending = { readonly ok: boolean; readonly budget: Budget };

/** Takes an operation's cost out of its caller's budget. `undefined` if the caller has none, or it is out of reach. */
export type Spend = (points: number) => Promise<Spending | undefined>;

/** An operation that costs nothing is work all the same. */
export const pointsOf = (cost: number): number => Math.max(cost, 1);

/** The error of an operation that costs more than is left. */
export function budgetSpent(cost: number, { limit, remaining, resetAt }: Budget): GraphQLError {
  const waitMs = Math.max(Date.parse(resetAt) - Date.now(), 1_000);
  const seconds = Math.ceil(waitMs / 1_000);
  const message = `The operation costs ${pointsOf(cost)} points, and of your ${limit} a minute ${remaining} are left. It was not executed: try again in ${seconds} s, or ask for less.`;
  return new GraphQLError(message, {
    extensions: {
      code: "TOO_MANY_REQUESTS",
      limit: "budget",
      asked: pointsOf(cost),
      allowed: remaining,
      retryAfterMs: seconds * 1_000,
      http: { status: 429, headers: { "Retry-After": String(seconds) } },
    },
  });
}
