import type { GraphiQLProps } from "graphiql";
import { type DocumentNode, type ExecutionResult, getOperationAST, parse } from "graphql";
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
  (params, { headers = {} } = {}) => {
    const document = documentOf(params);
    const asked = withItsOwnName(params, document);
    return isSubscription(asked, document) ? follow(asked, token, headers) : ask(asked, token, headers).then(resultOf);
  };

/** `undefined` for a text that is not GraphQL, of which the API says what is wrong. */
function documentOf({ query }: Params): DocumentNode | undefined {
  try {
    return parse(query);
  } catch {
    return undefined;
  }
}

/** GraphiQL reads the editor a moment after another tab was chosen; until then it names the former tab's operation. */
function withItsOwnName(params: Params, document: DocumentNode | undefined): Params {
  const { operationName, ...unnamed } = params;
  return document && operationName && !getOperationAST(document, operationName) ? unnamed : params;
}

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
