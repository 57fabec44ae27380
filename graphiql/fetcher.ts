import type { GraphiQLProps } from "graphiql";
import { type DocumentNode, type ExecutionResult, getOperationAST } from "graphql";
import { createClient } from "graphql-sse";

type Fetcher = GraphiQLProps["fetcher"];
type Params = Parameters<Fetcher>[0];

// biome-ignore lint/suspicious/noExplicitAny: what a query returns is what it asked for
export type Result = ExecutionResult<any, Record<string, unknown>>;

/** Sends one query or mutation. */
export async function ask(
  params: Params,
  token: string,
  headers: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly status: number; readonly result: Result }> {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { ...headersOf(token, headers), "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(params),
  });
  return { status: response.status, result: await response.json() };
}

/** Queries and mutations by POST, subscriptions as server-sent events; with the page's token unless a tab has its own. */
export const createFetcher =
  (token: string): Fetcher =>
  (params, { headers = {}, documentAST } = {}) =>
    isSubscription(params, documentAST) ? follow(params, token, headers) : ask(params, token, headers).then(resultOf);

const isSubscription = ({ operationName }: Params, document: DocumentNode | undefined): boolean =>
  document !== undefined && getOperationAST(document, operationName)?.operation === "subscription";

const resultOf = ({ result }: { readonly result: Result }): Result => result;

/** A client of its own for each, so that one which is stopped leaves no connection. */
function follow(
  { query, variables, operationName }: Params,
  token: string,
  headers: Readonly<Record<string, unknown>>,
): AsyncIterableIterator<Result> {
  const client = createClient({ url: "/graphql", headers: headersOf(token, headers), retryAttempts: 2 });
  const request = {
    query,
    ...(operationName && { operationName }),
    // GraphiQL has read the editor's text as JSON.
    ...(variables && { variables: variables as Record<string, unknown> }),
  };
  return client.iterate(request) as AsyncIterableIterator<Result>;
}

function headersOf(token: string, own: Readonly<Record<string, unknown>>): Record<string, string> {
  const headers = new Headers({ Authorization: `Bearer ${token}` });
  for (const [name, value] of Object.entries(own)) headers.set(name, String(value));
  return Object.fromEntries(headers);
}
