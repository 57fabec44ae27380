import { type Client, createClient } from "graphql-ws";
import type { Seen } from "./consistency.ts";
import { type ConcordDocument, type DocumentFields, documentFieldsOf } from "./document.ts";
import { type WireAnswer, type WireError, wait } from "./error.ts";

/** A single object: that of a device (`{source}:{deviceId}`) or of a dealer (its id). */
export type Place = { readonly device: string } | { readonly dealer: string };

/** What a client of subscriptions is made with. */
export type LiveOptions = {
  /** Where sockets are opened: wss://concord.example/live */
  readonly url: string;
  /** The bearer token. Asked for with every connection, so it may be a fresh one. */
  readonly token: () => string | Promise<string>;
  /** Gets the consistency token of each item, so that a query after it sees at least the item. */
  readonly seen?: Seen | undefined;
  /**
   * The object that a subscription with these variables goes to over a socket of its own, without a hub in between.
   * `undefined`, or no such function: it shares the one socket. Only `deviceChanged` has an object, its device, and
   * `dealerFeed` and `alertRaised` have their dealer.
   */
  readonly place?: ((variables: Readonly<Record<string, unknown>>) => Place | undefined) | undefined;
  /** Is called when a socket is ready for subscriptions, and when it is gone, for whatever reason. */
  readonly onConnection?: ((isOpen: boolean) => void) | undefined;
};

/** What a watcher calls. */
export type Watcher<Result> = {
  /** Gets each item once and in order. */
  readonly onItem: (item: Result) => void;
  /**
   * Is called once, when nothing more will come.
   * @param reason what the server said; absent when the subscription was completed
   */
  readonly onEnd?: (reason?: unknown) => void;
};

/** A subscription as a request has it. */
export type LiveRequest = (DocumentFields | { readonly extensions: Record<string, unknown> }) & {
  readonly operationName?: string | undefined;
  readonly variables: object;
};

/** Gets the answers of a subscription, and its end. */
export type LiveSink<Data> = {
  /** Gets each item once and in order. */
  readonly next: (answer: WireAnswer<Data>) => void;
  /** Nothing more will come, because of the errors that the server sent, or of how its socket closed. */
  readonly error: (reason: unknown) => void;
  /** Nothing more will come, because there is no more. */
  readonly complete: () => void;
};

/** `extensions.concord` of an item: its place in the stream, and what a later query has to have seen. */
type ItemExtensions = { readonly concord?: { readonly cursor?: string; readonly consistencyToken?: string | null } };

/** Longest wait between two attempts. */
const MAX_WAIT_MS = 10_000;

/** How long a socket without subscriptions stays open: the next page may subscribe again. */
const IDLE_MS = 5_000;

/** Devices and dealers that a socket follows. The server takes 500 for tokens of a usual size. */
const MAX_OBJECTS = 400;

/** Subscriptions of a socket to one object, as the server limits them. */
const MAX_SUBSCRIPTIONS = 100;

/**
 * The subscriptions of an app, all over one socket, which is opened with the first and closed after the last. Whenever it
 * drops, each goes on after its last item, if its document declares `$afterRevision` (of `deviceChanged`) or `$after`
 * (of all others).
 */
export class LiveClient {
  readonly #options: LiveOptions;
  readonly #connections = new Set<Connection>();

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /**
   * Watches what a document subscribes to, and hands each item out once, over as many connections as it takes.
   * @returns ends it
   */
  watch<Result, Variables extends object>(
    document: ConcordDocument<Result, Variables>,
    variables: Variables,
    { onItem, onEnd = () => {} }: Watcher<Result>,
  ): () => void {
    return this.follow<Result>(
      { ...documentFieldsOf(document), variables },
      {
        next: ({ data, errors }) => {
          if (errors) console.warn("An item came with errors.", errors);
          if (data) onItem(data);
        },
        error: (reason) => onEnd(reason),
        complete: () => onEnd(),
      },
    );
  }

  /**
   * The same for adapters, which hand whole answers to their libraries.
   * @returns ends it; nothing is called from then on
   */
  follow<Data>({ variables, ...request }: LiveRequest, { next, error, complete }: LiveSink<Data>): () => void {
    const size = sizeOf(Object.values(variables));
    const connection = this.#connectionFor({ ...variables }, size);
    // graphql-ws sends this object anew with every connection, so what is noted here is where it goes on.
    const going: Record<string, unknown> = { ...variables };
    // Its type wants a text; the API takes an id beside an empty one.
    const payload = { query: "", ...request, variables: going };
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stop = () => {};
    const end = (report: () => void): void => {
      if (isOver) return;
      isOver = true;
      this.#leave(connection, size);
      report();
    };
    const begin = (): void => {
      stop = connection.client.subscribe<Data, ItemExtensions>(payload, {
        next: (answer) => {
          const { cursor, consistencyToken } = answer.extensions?.concord ?? {};
          this.#options.seen?.note(consistencyToken);
          apart(() => next(answer as WireAnswer<Data>));
          if (cursor !== undefined) Object.assign(going, positionAt(cursor));
        },
        error: (reason) => {
          // graphql-ws counts it until then, and keeps the socket for it.
          stop();
          const pauseMs = pauseAfter(reason);
          if (pauseMs === null) end(() => error(reason));
          else if (!isOver) timer = setTimeout(begin, pauseMs);
        },
        complete: () => end(complete),
      });
    };
    begin();
    return () =>
      end(() => {
        if (timer !== undefined) clearTimeout(timer);
        stop();
      });
  }

  /** Opens new sockets in place of the present ones: with a fresh token, say. Each subscription goes on where it was. */
  reconnect(): void {
    for (const { client } of this.#connections) client.terminate();
  }

  /** The socket that a subscription goes over: one with room, to the same address. */
  #connectionFor(variables: Readonly<Record<string, unknown>>, size: number): Connection {
    const place = this.#options.place?.(variables);
    const url = place ? `${this.#options.url}?${new URLSearchParams(place)}` : this.#options.url;
    const most = (place ? MAX_SUBSCRIPTIONS : MAX_OBJECTS) - size;
    const known = [...this.#connections].find((each) => each.url === url && each.size <= most);
    const connection = known ?? { url, client: this.#connect(url), size: 0 };
    connection.size += size;
    this.#connections.add(connection);
    return connection;
  }

  /** A socket that nobody needs is closed a while later; one to a single object is not looked up again. */
  #leave(connection: Connection, size: number): void {
    connection.size -= size;
    if (connection.size === 0 && connection.url !== this.#options.url) this.#connections.delete(connection);
  }

  #connect(url: string): Client {
    const { token, onConnection } = this.#options;
    return createClient({
      url,
      connectionParams: async () => ({ Authorization: `Bearer ${await token()}` }),
      lazyCloseTimeout: IDLE_MS,
      // A screen comes back after a night without a network; `onConnection` says how it is meanwhile.
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      retryWait: (retries) => wait(Math.min(MAX_WAIT_MS, 100 * 2 ** retries) * (0.5 + Math.random() / 2)),
      ...(onConnection && { on: { connected: () => onConnection(true), closed: () => onConnection(false) } }),
    });
  }
}

/** `size`: the devices and dealers of its subscriptions. */
type Connection = { readonly url: string; readonly client: Client; size: number };

/** How many devices or dealers a subscription may follow: a document of an id does not say which list names them. */
const sizeOf = (variables: readonly unknown[]): number =>
  Math.max(1, ...variables.map((value) => (Array.isArray(value) ? value.length : 1)));

/** The variables that make a subscription go on after an item. The API ignores the one that is not declared. */
const positionAt = (cursor: string): Record<string, unknown> => ({
  after: cursor,
  ...(/^\d+$/.test(cursor) && { afterRevision: Number(cursor) }),
});

/** What a subscriber throws is its own: it must not close the socket of the others. */
function apart(call: () => void): void {
  try {
    call();
  } catch (thrown) {
    setTimeout(() => {
      throw thrown;
    });
  }
}

/** How long to wait where the API does not say. */
const DEFAULT_PAUSE_MS = 1_000;

/**
 * How long a subscription that failed waits before it goes on, in milliseconds; `null` if no repetition helps. graphql-ws
 * gives up after these closings and after every error of an operation, and repeats the rest itself.
 */
function pauseAfter(reason: unknown): number | null {
  if (Array.isArray(reason)) {
    const outage = (reason as WireError[]).find(({ extensions }) => extensions?.code === "UPSTREAM_UNAVAILABLE");
    if (!outage) return null;
    const { retryAfterMs } = outage.extensions ?? {};
    return typeof retryAfterMs === "number" ? retryAfterMs : DEFAULT_PAUSE_MS;
  }
  const { code, reason: text = "" } = (reason ?? {}) as { readonly code?: number; readonly reason?: string };
  // An object that threw.
  if (code === 1011) return DEFAULT_PAUSE_MS;
  if (code !== 4429) return null;
  const [, seconds] = /(\d+) s\b/.exec(text) ?? [];
  // Not all at the same moment.
  return seconds === undefined ? MAX_WAIT_MS : Number(seconds) * 1_000 * (1 + Math.random() / 10);
}
