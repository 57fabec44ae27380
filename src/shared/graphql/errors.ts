import { GraphQLError } from "graphql";
import { isOutage } from "../repositories/fault.ts";
import { StatementBudgetSpent } from "../repositories/read-session.ts";
import { faultOf, log } from "../telemetry/log.ts";

/** Something the client can put right. Its message is for the client's developer. */
export const userError = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT" } });

/** A request that is no question to GraphQL. Its status is the same in every media type. */
export const requestError = (status: number, code: string, message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code, http: { status } } });

/** A GraphQL-shaped answer for what fails before GraphQL begins. */
export const errorBody = (code: string, message: string, details: object = {}) => ({
  errors: [{ message, extensions: { code, ...details } }],
});

/** graphql-js gives its errors no kind, but its messages about a field's arguments all begin so. */
const OF_ARGUMENT = 'Argument "';

/**
 * What a client may see of an error. Errors that have a code, and those of arguments, are the client's; anything else
 * is a fault, which the log gets and the client does not: messages of D1 and drizzle quote SQL and parameters, and
 * GraphQL's own of a value that fits no type quote the value.
 */
export function maskError(error: unknown): Error {
  const thrown = originOf(error);
  if (thrown instanceof GraphQLError && thrown.extensions.code) return error as GraphQLError;
  const { nodes, path } = error instanceof GraphQLError ? error : {};
  if (thrown instanceof GraphQLError && path && thrown.message.startsWith(OF_ARGUMENT)) {
    return new GraphQLError(thrown.message, { nodes, path, extensions: { code: "BAD_USER_INPUT" } });
  }
  // Drizzle wraps what D1 threw, and only the inside says what happened.
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  log("error", "graphql_fault", { ...faultOf(cause), path: path?.join(".") });
  const { message, ...extensions } = answerTo(cause);
  return new GraphQLError(message, { nodes, path, extensions });
}

/** When a client should ask again while the database is out of reach. Ours. */
export const RETRY_AFTER_MS = 1_000;

function answerTo(fault: unknown): { message: string; code: string; retryAfterMs?: number } {
  if (fault instanceof StatementBudgetSpent) {
    return { code: "COST_LIMIT", message: "This asks for more than one request may read; ask for less at once." };
  }
  if (isOutage(fault)) {
    const message =
      "The database is out of reach just now; ask again. A mutation may have been done: see what is there first.";
    return { code: "UPSTREAM_UNAVAILABLE", message, retryAfterMs: RETRY_AFTER_MS };
  }
  return { code: "INTERNAL_SERVER_ERROR", message: "Something went wrong on our side." };
}

const originOf = (error: unknown): unknown =>
  error instanceof GraphQLError && error.originalError ? originOf(error.originalError) : error;
