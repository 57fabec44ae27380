import { type Client, createClient } from "graphql-ws";
import type { TrustedDocument } from "./generated.ts";

/** What one socket watches: it ends at that device's or that dealer's own object. */
export type Place = { readonly device: string } | { readonly dealer: string };

export type WatchOptions<Result> = {
  /** Where sockets are opened: wss://concord.example/live */
  readonly url: string;
  /** The bearer token. Asked for with every connection, so it may be a fresh one. */
  readonly token: () => string | Promise<string>;
  readonly onItem: (item: Result) => void;
  /** @param reason what the server, or the last attempt to reach it, said; absent when there is nothing more to come */
  readonly onEnd?: (reason?: unknown) => void;
};

type Cursor = { afterRevision?: number; after?: string };

/** A day of attempts: graphql-ws waits longer and longer between them. */
const RETRIES = 1_000;

/** Longest wait between two attempts. */
const MAX_WAIT_MS = 10_000;

/**
 * Watches over as many connections as it takes, and hands each item out once: whenever a connection drops, the next one
 * goes on behind the last item that was handed out.
 */
export function watch<Result, Variables extends object>(
  place: Place,
  { documentId }: TrustedDocument<Result, Variables>,
  variables: Variables,
  { url, token, onItem, onEnd = () => {} }: WatchOptions<Result>,
): { readonly client: Client; readonly stop: () => void } {
  const client = createClient({
    url: `${url}?${new URLSearchParams(place)}`,
    connectionParams: async () => ({ Authorization: `Bearer ${await token()}` }),
    retryAttempts: RETRIES,
    shouldRetry: () => true,
    retryWait: (retries) => wait(Math.min(MAX_WAIT_MS, 100 * 2 ** retries) * (0.5 + Math.random() / 2)),
  });
  // The client sends this object anew with every connection, so what is noted here is where it goes on.
  const going: Variables & Cursor = { ...variables };
  const stop = client.subscribe<Result, { readonly concord?: { readonly cursor: string } }>(
    { documentId, query: "", variables: going } as { query: string },
    {
      next: ({ data, errors, extensions }) => {
        if (errors) console.warn("An item came with errors.", errors);
        if (data) onItem(data);
        const cursor = extensions?.concord?.cursor;
        if (cursor === undefined) return;
        if ("device" in place) going.afterRevision = Number(cursor);
        else going.after = cursor;
      },
      error: (reason) => onEnd(reason),
      complete: () => onEnd(),
    },
  );
  return { client, stop };
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
