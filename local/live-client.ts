import { type Client, createClient } from "graphql-ws";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";

/** The device or dealer to whose object a socket goes straight. */
export type LiveTarget = { readonly device: string } | { readonly dealer: string };

export const createToken = (scope: Scope, expiresIn = "5m"): Promise<string> =>
  signToken(scope, LOCAL_TOKEN_SECRET, expiresIn);

/** @param target absent: the hub, which takes any subscription */
export function liveUrl(base: URL, target?: LiveTarget): string {
  const url = new URL("/live", base);
  url.protocol = "ws:";
  for (const [name, value] of Object.entries(target ?? {})) url.searchParams.set(name, value);
  return url.href;
}

type ClientOptions = {
  /** Absent: the client's hub, for any subscriptions, queries and mutations. */
  readonly target?: LiveTarget;
  readonly scope?: Scope;
  readonly token?: string;
  readonly retryAttempts?: number;
  readonly onClosed?: (event: { readonly code: number; readonly reason: string }) => void;
};

/** The npm client, set up as a frontend would. */
export function createLiveClient(
  base: URL,
  { target, scope = { role: "ops" }, token, retryAttempts = 0, onClosed }: ClientOptions,
): Client {
  return createClient({
    url: liveUrl(base, target),
    connectionParams: async () => ({ Authorization: `Bearer ${token ?? (await createToken(scope))}` }),
    retryAttempts,
    ...(onClosed && { on: { closed: (event) => onClosed(event as CloseEvent) } }),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: the server has checked it against the schema, and the caller knows its query
export type Result = any;

/** A subscription of a client: the results so far, and how it ended. */
export class LiveSubscription {
  readonly results: Result[] = [];
  ended: "open" | "completed" | { readonly failed: unknown } = "open";
  readonly #stop: () => void;

  constructor(client: Client, query: string, variables: Record<string, unknown> = {}, onNext = () => {}) {
    this.#stop = client.subscribe<Record<string, Result>>(
      { query, variables },
      {
        next: (result) => {
          this.results.push(result);
          onNext();
        },
        error: (failed) => {
          this.ended = { failed };
        },
        complete: () => {
          if (this.ended === "open") this.ended = "completed";
        },
      },
    );
  }

  /** The values of the one field that was subscribed to. */
  get items(): Result[] {
    return this.results.map(({ data }) => Object.values(data ?? {})[0]);
  }

  /** The `extensions.concord` of the last result: cursor and consistency token. */
  get extension(): Result {
    return this.results.at(-1)?.extensions?.concord;
  }

  stop(): void {
    this.#stop();
  }
}
