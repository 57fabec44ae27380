import { CONSISTENCY_TOKEN_HEADER, type Seen } from "./consistency.ts";

/** What a `fetch` for Concord is made with. */
export type FetchOptions = {
  /** The bearer token. Asked for with every request, so it may be a fresh one. */
  readonly token: () => string | Promise<string>;
  /** Where the consistency token is kept. */
  readonly seen: Seen;
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
};

/** The addresses of the GraphQL API and of its sockets, below Concord's front door. */
export const addressesAt = (origin: string): { readonly graphql: string; readonly live: string } => ({
  graphql: new URL("/graphql", origin).href,
  live: new URL("/live", origin).href.replace(/^http/, "ws"),
});

/**
 * A `fetch` for any GraphQL client: it sends the bearer token and the consistency token, and keeps the newer one that
 * each answer brings. A consistency token that the API refuses (of another deployment, for one) is dropped, and the
 * request is sent once more without it; nothing was read or done until then.
 */
export function concordFetch({ token, seen, fetch: given }: FetchOptions): typeof fetch {
  return async (url, init) => {
    // Taken late, so that a test or a polyfill may replace the global one.
    const send = given ?? fetch;
    const headers = new Headers(init?.headers);
    headers.set("Authorization", `Bearer ${await token()}`);
    const latest = seen.latest();
    if (latest) headers.set(CONSISTENCY_TOKEN_HEADER, latest);
    const response = await send(url, { ...init, headers });
    if (latest && (await isRefused(response))) {
      seen.forget();
      headers.delete(CONSISTENCY_TOKEN_HEADER);
      return noted(await send(url, { ...init, headers }), seen);
    }
    return noted(response, seen);
  };
}

function noted(response: Response, seen: Seen): Response {
  seen.note(response.headers.get(CONSISTENCY_TOKEN_HEADER));
  return response;
}

async function isRefused(response: Response): Promise<boolean> {
  return response.status === 400 && (await response.clone().text()).includes('"BAD_CONSISTENCY_TOKEN"');
}
