import { type Client, createClient } from "graphql-ws";
import type { Seen } from "./consistency.ts";
import { type ConcordDocument, type DocumentFields, documentFieldsOf } from "./document.ts";
import { type WireAnswer, wait } from "./error.ts";

/** What one socket watches: it ends at the object of that device (`{source}:{deviceId}`) or of that dealer (its id). */
export type Place = { readonly device: string } | { readonly dealer: string };

/** What every subscription needs. */
export type LiveOptions = {
  /** Where sockets are opened: wss://concord.example/live */
  readonly url: string;
  /** The bearer token. Asked for with every connection, so it may be a fresh one. */
  readonly token: () => string | Promise<string>;
  /** Gets the consistency token of each item, so that a query after it sees at least the item. */
  readonly seen?: Seen | undefined;
};

/** What `watch` needs, and what it calls. */
export type WatchOptions<Result> = LiveOptions & {
  /** Gets each item once and in order. */
  readonly onItem: (item: Result) => void;
  /**
   * Is called once, when nothing more will come.
   * @param reason what the server, or the last attempt to reach it, said; absent when the subscription was completed
   */
  readonly onEnd?: (reason?: unknown) => void;
};

/** A subscription that runs. */
export type Watching = {
  /** The client of graphql-ws that holds the connection. */
  readonly client: Client;
  /** Ends the subscription, and closes its socket when nothing else is on it. */
  readonly stop: () => void;
};

type Cursor = { afterRevision?: number; after?: string };

/** `extensions.concord` of an item: its place in the stream, and what a later query has to have seen. */
type ItemExtensions = { readonly concord?: { readonly cursor?: string; readonly consistencyToken?: string | null } };

/** A day of attempts: graphql-ws waits longer and longer between them. */
const RETRIES = 1_000;

/** Longest wait between two attempts. */
const MAX_WAIT_MS = 10_000;

/** A subscription as a request has it. */
export type LiveRequest = (DocumentFields | { readonly extensions: Record<string, unknown> }) & {
  readonly operationName?: string | undefined;
  readonly variables: object;
};

/** Gets the answers of a subscription, and its end. */
export type LiveSink<Data> = {
  readonly next: (answer: WireAnswer<Data>) => void;
  readonly error: (reason: unknown) => void;
  readonly complete: () => void;
};

/**
 * Where a subscription's socket ends, by its variables: `$key` or `$dealerId`, as documents of `deviceChanged` and
 * `dealerFeed` declare them.
 * @throws TypeError if they have neither
 */
export function placeOf(variables: { readonly key?: unknown; readonly dealerId?: unknown }): Place {
  if (typeof variables.key === "string") return { device: variables.key };
  if (typeof variables.dealerId === "string") return { dealer: variables.dealerId };
  throw new TypeError(
    "Nothing was subscribed to: declare $key or $dealerId in the subscription, which say at which object its socket ends.",
  );
}

/**
 * Follows a subscription over as many connections as it takes: whenever one drops, the next goes on behind the last
 * answer that was handed out, if the document declares `$afterRevision` or `$after`.
 */
export function follow<Data>(
  place: Place,
  { variables, ...request }: LiveRequest,
  { url, token, seen }: LiveOptions,
  { next, error, complete }: LiveSink<Data>,
): Watching {
  const client = createClient({
    url: `${url}?${new URLSearchParams(place)}`,
    connectionParams: async () => ({ Authorization: `Bearer ${await token()}` }),
    retryAttempts: RETRIES,
    shouldRetry: () => true,
    retryWait: (retries) => wait(Math.min(MAX_WAIT_MS, 100 * 2 ** retries) * (0.5 + Math.random() / 2)),
  });
  // The client sends this object anew with every connection, so what is noted here is where it goes on.
  const going: Cursor & Record<string, unknown> = { ...variables };
  // graphql-ws' type wants a text; the API takes an id beside an empty one.
  const payload = { query: "", ...request, variables: going };
  const stop = client.subscribe<Data, ItemExtensions>(payload, {
    next: (answer) => {
      const { cursor, consistencyToken } = answer.extensions?.concord ?? {};
      seen?.note(consistencyToken);
      next(answer as WireAnswer<Data>);
      if (cursor === undefined) return;
      if ("device" in place) going.afterRevision = Number(cursor);
      else going.after = cursor;
    },
    error,
    complete,
  });
  return { client, stop };
}

/**
 * Watches a device or a dealer over as many connections as it takes, and hands each item out once: whenever a connection
 * drops, the next one goes on behind the last item that was handed out. Items come from the object of the device or the
 * dealer.
 * @param document a subscription to `deviceChanged` or `dealerFeed` that declares `$afterRevision` or `$after`
 */
export function watch<Result, Variables extends object>(
  place: Place,
  document: ConcordDocument<Result, Variables>,
  variables: Variables,
  { onItem, onEnd = () => {}, ...options }: WatchOptions<Result>,
): Watching {
  return follow<Result>(place, { ...documentFieldsOf(document), variables }, options, {
    next: ({ data, errors }) => {
      if (errors) console.warn("An item came with errors.", errors);
      if (data) onItem(data);
    },
    error: (reason) => onEnd(reason),
    complete: () => onEnd(),
  });
}
