import type { Seen } from "./consistency.ts";
import { type ConcordDocument, documentFieldsOf } from "./document.ts";
import { ConcordError, readAnswer, type WireAnswer, wait } from "./error.ts";

/** What `eventSource` needs, and what it calls. */
export type EventSourceOptions<Result> = {
  /** Where the API is: https://concord.example/graphql */
  readonly url: string;
  /** The bearer token. Asked for with every ticket, so it may be a fresh one. */
  readonly token: () => string | Promise<string>;
  /** Gets the consistency token of each item, so that a query after it sees at least the item. */
  readonly seen?: Seen | undefined;
  /** Gets each item once and in order. */
  readonly onItem: (item: Result) => void;
  /**
   * Is called once, when nothing more will come.
   * @param reason what the API said; absent when the subscription was completed
   */
  readonly onEnd?: ((reason?: unknown) => void) | undefined;
  /** In place of the global ones. */
  readonly fetch?: typeof fetch | undefined;
  readonly EventSource?: typeof EventSource | undefined;
};

/** Where tickets are, below the API. */
const TICKET_PATH = "/ticket";

/** Longest wait between two attempts. */
const MAX_WAIT_MS = 10_000;

/** Errors after which the same subscription may succeed. */
const PASSING: readonly string[] = [
  "UPSTREAM_UNAVAILABLE",
  "TOO_MANY_REQUESTS",
  "TOO_MANY_SOCKETS",
  "INTERNAL_SERVER_ERROR",
];

/** What an event of a stream says. */
type Said = { readonly data: string; readonly lastEventId: string };

type Item = WireAnswer<unknown> & {
  readonly extensions?: { readonly concord?: { readonly consistencyToken?: string | null } };
};

/**
 * Subscribes over server-sent events with a browser's own `EventSource`, which can send no token: each stream is opened
 * with a ticket of its own. Streams end after five minutes, with their token, or with the network; the next one goes on
 * after the last item that was handed out.
 * @returns ends the subscription; nothing is called from then on
 */
export function eventSource<Result, Variables extends object>(
  document: ConcordDocument<Result, Variables>,
  variables: Variables,
  options: EventSourceOptions<Result>,
): () => void {
  const { onItem, onEnd = () => {}, seen } = options;
  const body = JSON.stringify({ ...documentFieldsOf(document), variables });
  let stream: EventSource | undefined;
  let isOver = false;
  let lastEventId = "";
  /** Attempts since the last item. */
  let attempts = 0;
  /** Why no item came with the last event. */
  let refusal: ConcordError | undefined;

  const stop = () => {
    isOver = true;
    stream?.close();
  };
  const end = (reason?: unknown) => {
    if (isOver) return;
    stop();
    onEnd(...(reason === undefined ? [] : [reason]));
  };
  const openAgain = async (error?: unknown) => {
    stream?.close();
    stream = undefined;
    const ms = Math.min(MAX_WAIT_MS, 100 * 2 ** attempts++) * (0.5 + Math.random() / 2);
    await wait(Math.max(ms, (error instanceof ConcordError && error.retryAfterMs) || 0));
    if (!isOver) await open();
  };
  const settle = (thrown: unknown) =>
    thrown instanceof ConcordError && !PASSING.includes(thrown.code) ? end(thrown) : openAgain(thrown);

  const open = async (): Promise<void> => {
    try {
      const url = await ticketFor(body, lastEventId, options);
      if (isOver) return;
      const opened = new (options.EventSource ?? EventSource)(url);
      stream = opened;
      refusal = undefined;
      opened.addEventListener("next", (event) => take(event as Event & Said));
      opened.addEventListener("complete", () => (refusal ? void settle(refusal) : end()));
      // The browser would come back with the same ticket, which has been used.
      opened.addEventListener("error", () => void (stream === opened && openAgain()));
    } catch (thrown) {
      if (!isOver) await settle(thrown);
    }
  };
  const take = (event: Said) => {
    if (isOver) return;
    const { data, errors, extensions } = JSON.parse(event.data) as Item;
    if (!data) {
      refusal = new ConcordError(errors?.[0] ?? { message: "An empty answer." });
      return;
    }
    attempts = 0;
    if (event.lastEventId) lastEventId = event.lastEventId;
    seen?.note(extensions?.concord?.consistencyToken);
    onItem(data as Result);
  };

  void open();
  return stop;
}

/**
 * Asks for a ticket.
 * @returns the address that it opens
 * @throws ConcordError as the API refuses it; whatever `fetch` throws where there is no network
 */
async function ticketFor(
  body: string,
  lastEventId: string,
  { url, token, fetch: given }: Pick<EventSourceOptions<never>, "url" | "token" | "fetch">,
): Promise<string> {
  const headers = new Headers({ "Content-Type": "application/json", Authorization: `Bearer ${await token()}` });
  if (lastEventId) headers.set("Last-Event-ID", lastEventId);
  const response = await (given ?? fetch)(`${url}${TICKET_PATH}`, { method: "POST", headers, body });
  if (response.ok) return ((await response.json()) as { readonly url: string }).url;
  const { errors } = await readAnswer<never>(response);
  throw new ConcordError(errors?.[0] ?? { message: `The API answered ${response.status}.` });
}
