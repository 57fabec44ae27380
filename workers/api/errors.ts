import { GraphQLError } from "graphql";
import { isOutage } from "../../src/shared/repositories/fault.ts";
import type { BadPage } from "../../src/shared/repositories/page.ts";
import { StatementBudgetSpent } from "../../src/shared/repositories/read-session.ts";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";

/** Something the client can put right. Its message is for the client's developer. */
export const userError = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT" } });

export function pageError(problem: BadPage): GraphQLError {
  switch (problem.reason) {
    case "bad_first":
      return userError(`\`first\` must lie between 0 and ${problem.max}.`);
    case "bad_cursor":
      return userError("`after` is not a cursor of this list; pass a `cursor` or `endCursor` as you got it.");
  }
}

/** A GraphQL-shaped answer for what fails before GraphQL begins. */
export const errorBody = (code: string, message: string) => ({ errors: [{ message, extensions: { code } }] });

/**
 * What a client may see of an error. GraphQL's own errors and ours pass; anything thrown from within is a fault, which
 * the log gets and the client does not: messages of D1 and drizzle quote SQL and parameters.
 */
export function maskError(error: unknown): Error {
  const thrown = originOf(error);
  if (thrown instanceof GraphQLError) return error as GraphQLError;
  const { nodes, path } = error instanceof GraphQLError ? error : {};
  // Drizzle wraps what D1 threw, and only the inside says what happened.
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  log("error", "graphql_fault", { ...faultOf(cause), path: path?.join(".") });
  const { message, ...extensions } = answerTo(cause);
  return new GraphQLError(message, { nodes, path, extensions });
}

/** When a client should ask again while the database is out of reach. Ours. */
const RETRY_AFTER_MS = 1_000;

function answerTo(fault: unknown): { message: string; code: string; retryAfterMs?: number } {
  if (fault instanceof StatementBudgetSpent) {
    return { code: "COST_LIMIT", message: "This asks for more than one request may read; ask for less at once." };
  }
  if (isOutage(fault)) {
    const message = "The database is out of reach just now. Nothing was changed; ask again.";
    return { code: "UPSTREAM_UNAVAILABLE", message, retryAfterMs: RETRY_AFTER_MS };
  }
  return { code: "INTERNAL_SERVER_ERROR", message: "Something went wrong on our side." };
}

const originOf = (error: unknown): unknown =>
  error instanceof GraphQLError && error.originalError ? originOf(error.originalError) : error;
