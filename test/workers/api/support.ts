import { createExecutionContext } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import type { Env } from "../../../workers/api/env.ts";
import { watchedD1 } from "../seeds.ts";
import api from "./main.ts";

export * from "../seeds.ts";

export const env = testEnv as unknown as Env;

export const OPS: Scope = { role: "ops" };
export const dealerScope = (...dealerIds: string[]): Scope => ({ role: "dealer", dealerIds });

type Answer = {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the schema has checked it, and a test says what it expects
  data: any;
  errors?: { message: string; extensions: { code: string } }[];
  // biome-ignore lint/suspicious/noExplicitAny: as for data
  extensions: any;
};

type Ask = {
  readonly scope?: Scope;
  readonly variables?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly env?: Env;
};

/** Sends a query with a token of a scope, and returns the answer. */
export async function ask(
  query: string,
  { scope = OPS, variables, headers, env: its = env }: Ask = {},
): Promise<Answer> {
  const token = await signToken(scope, LOCAL_TOKEN_SECRET, "1h");
  const response = await post({ query, variables }, { Authorization: `Bearer ${token}`, ...headers }, its);
  return { status: response.status, headers: response.headers, ...((await response.json()) as object) } as Answer;
}

export const post = (body: unknown, headers: Record<string, string> = {}, its: Env = env): Promise<Response> =>
  send(
    new Request("http://concord.test/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    }),
    its,
  );

export const send = async (request: Request, its: Env = env): Promise<Response> =>
  api.fetch(request, its, createExecutionContext());

// biome-ignore lint/suspicious/noExplicitAny: as for Answer
export const nodesOf = (connection: any): any[] => connection.edges.map(({ node }: any) => node);

/** The environment with a D1 that records its statements. */
export function watchStatements() {
  const { DB, ...watched } = watchedD1();
  return { env: { ...env, DB }, ...watched };
}
