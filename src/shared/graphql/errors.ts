import { GraphQLError } from "graphql";
import { isOutage } from "#repositories/fault.ts";
import { StatementBudgetSpent } from "#repositories/read-session.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { oneOfInWords } from "./one-of.ts";

/** An error that the client can correct. Its message is for the client's developer. */
export const userError = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT" } });

/** A request that is not valid GraphQL over HTTP. Its status is the same in every media type. */
export const requestError = (status: number, code: string, message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code, http: { status } } });

/** A GraphQL-shaped response for errors before GraphQL begins. */
export const errorBody = (code: string, message: string, details: object = {}) => ({
  errors: [{ message, extensions: { code, ...details } }],
});

/** graphql-js gives its errors no code, but its messages about a field's arguments all begin like this. */
const OF_ARGUMENT = 'Argument "';

/**
 * What a client may see of an error. Errors with a code, and errors of arguments, are the client's. Anything else is a
 * fault, which is logged and masked: messages of D1 and drizzle quote SQL and parameters, and GraphQL's own message
 * about a value of the wrong type quotes the value.
 */
export function maskError(error: unknown): Error {
  const thrown = originOf(error);
  if (thrown instanceof GraphQLError && thrown.extensions.code) return error as GraphQLError;
  const { nodes, path } = error instanceof GraphQLError ? error : {};
  if (thrown instanceof GraphQLError && path && thrown.message.startsWith(OF_ARGUMENT)) {
    return new GraphQLError(oneOfInWords(thrown.message), { nodes, path, extensions: { code: "BAD_USER_INPUT" } });
  }
  // Drizzle wraps the error of D1, and only the inner one tells what happened.
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  log("error", "graphql_fault", { ...describeFault(cause), path: path?.join(".") });
  const { message, ...extensions } = answerTo(cause);
  return new GraphQLError(message, { nodes, path, extensions });
}

/** A mutation whose answer was lost may have been applied. */
const TRY_AGAIN = "Send a query again; before you repeat a mutation, query its result.";

/** When a client should retry while the database is unavailable. Ours. */
export const RETRY_AFTER_MS = 1_000;

/** The message of every fault, whose details are in the log only. */
export const FAULT_MESSAGE = `The request failed on our side. ${TRY_AGAIN}`;

function answerTo(fault: unknown): { message: string; code: string; retryAfterMs?: number } {
  if (fault instanceof StatementBudgetSpent) {
    return { code: "COST_LIMIT", message: "The request would read more than one request may. Ask for less at once." };
  }
  if (isOutage(fault)) {
    const message = `The database does not answer at the moment. ${TRY_AGAIN}`;
    return { code: "UPSTREAM_UNAVAILABLE", message, retryAfterMs: RETRY_AFTER_MS };
  }
  return { code: "INTERNAL_SERVER_ERROR", message: FAULT_MESSAGE };
}

const originOf = (error: unknown): unknown =>
  error instanceof GraphQLError && error.originalError ? originOf(error.originalError) : error;
