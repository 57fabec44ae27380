import { ask, type Result } from "./fetcher.ts";
import { readToken } from "./token.ts";

/** What the API says of itself to the page: local development has a token that anybody may use. */
export type Settings = { readonly environment: string; readonly token: string | null };

/** What the page begins with, once there is a token that the API accepts. */
export type Start =
  | { readonly kind: "token-needed"; readonly environment: string; readonly why: string | null }
  | { readonly kind: "ready"; readonly environment: string; readonly token: string; readonly deviceKey: string | null };

/** One that is online takes a wish at once. */
export const FIRST_DEVICE = `{
  online: devices(first: 1, filter: { status: ONLINE }) { nodes { key } }
  any: devices(first: 1) { nodes { key } }
}`;

/** @param data the answer to `FIRST_DEVICE`, or nothing */
export const firstKeyOf = (data: Result["data"]): string | null =>
  data?.online?.nodes?.[0]?.key ?? data?.any?.nodes?.[0]?.key ?? null;

/** @throws TypeError if the API is out of reach */
export async function start(): Promise<Start> {
  const { environment, token: localToken }: Settings = await (await fetch("/graphql/graphiql.json")).json();
  const token = readToken() ?? localToken;
  if (token === null) return { kind: "token-needed", environment, why: null };
  const { status, result } = await ask({ query: FIRST_DEVICE }, token);
  const refused = status === 401 || result.errors?.[0]?.extensions?.code === "FORBIDDEN";
  if (refused) return { kind: "token-needed", environment, why: result.errors?.[0]?.message ?? null };
  return { kind: "ready", environment, token, deviceKey: firstKeyOf(result.data) };
}
