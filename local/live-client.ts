import { type Client, createClient } from "graphql-ws";
import type { Scope } from "../src/shared/auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "../src/shared/auth/token.ts";

/** What one socket watches. */
export type Place = { readonly device: string } | { readonly dealer: string };

export const tokenOf = (scope: Scope, expiresIn = "5m"): Promise<string> =>
  signToken(scope, LOCAL_TOKEN_SECRET, expiresIn);

export function liveUrl(base: URL, place: Place): string {
  const url = new URL("/live", base);
  url.protocol = "ws:";
  for (const [name, value] of Object.entries(place)) url.searchParams.set(name, value);
  return url.href;
}

type ClientOptions = {
  readonly place: Place;
  readonly scope?: Scope;
  readonly token?: string;
  readonly retryAttempts?: number;
  readonly onClosed?: (event: { readonly code: number; readonly reason: string }) => void;
};

/** The npm client, as a frontend would make it. */
export function clientOf(
  base: URL,
  { place, scope = { role: "ops" }, token, retryAttempts = 0, onClosed }: ClientOptions,
): Client {
  return createClient({
    url: liveUrl(base, place),
    connectionParams: async () => ({ Authorization: `Bearer ${token ?? (await tokenOf(scope))}` }),
    retryAttempts,
    ...(onClosed && { on: { closed: (event) => onClosed(event as CloseEvent) } }),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: the schema has checked it, and whoever asked knows what it is
export type Told = any;

/** What a subscription has told so far, and how it ended. */
export class Listening {
  readonly results: Told[] = [];
  ended: "open" | "completed" | { readonly failed: unknown } = "open";
  readonly #stop: () => void;

  constructor(client: Client, query: string, variables: Record<string, unknown> = {}, onNext = () => {}) {
    this.#stop = client.subscribe<Record<string, Told>>(
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
  get items(): Told[] {
    return this.results.map(({ data }) => Object.values(data ?? {})[0]);
  }

  /** What the last result says beside its data. */
  get place(): Told {
    return this.results.at(-1)?.extensions?.concord;
  }

  stop(): void {
    this.#stop();
  }
}
