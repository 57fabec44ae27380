import type { ExecutionResult } from "graphql";
import { isAsyncIterable, type Plugin } from "graphql-yoga";
import { requestError } from "#graphql/errors.ts";
import { EVENT_STREAM_HEADERS, itemStream } from "#objects/item-stream.ts";
import { describeFault, log } from "#telemetry/log.ts";
import { EVENT_STREAM } from "./media-types.ts";

/**
 * Longest life of one stream; its client reconnects and resumes. Ours: a connection that broke unnoticed ends by then.
 */
export const STREAM_LIMIT_MS = 5 * 60_000;

/**
 * Subscriptions as server-sent events, in the distinct-connections mode of graphql-sse. Yoga's own streams cannot be
 * resumed. Here each event has its item's cursor as its id, and a stream that reaches its limit ends without
 * `complete`, so that its client reconnects with `Last-Event-ID`.
 */
export const resumableEventStreams: Plugin<{ isForTicket: boolean }, { expiresAtMs: number }> = {
  onSubscribe({ args: { contextValue } }) {
    if (!acceptsEventStream(contextValue.request)) throw requestError(406, "EVENT_STREAM_REQUIRED", NO_STREAM);
  },
  onExecute({ args: { contextValue } }) {
    if (contextValue.isForTicket) throw requestError(400, "BAD_USER_INPUT", NO_SUBSCRIPTION);
  },
  onResultProcess({ result, serverContext, acceptableMediaTypes, setResultProcessor, request }) {
    if (!isAsyncIterable(result) || !acceptsEventStream(request)) return;
    acceptableMediaTypes.push(EVENT_STREAM);
    const limitMs = Math.min(STREAM_LIMIT_MS, serverContext.expiresAtMs - Date.now());
    setResultProcessor(
      (results) =>
        new Response(eventStream(results as AsyncIterable<ExecutionResult>, { limitMs }), {
          headers: EVENT_STREAM_HEADERS,
        }),
      EVENT_STREAM,
    );
  },
};

const NO_SUBSCRIPTION =
  "A ticket opens a subscription, and this is a query or a mutation. Nothing was done: POST it to /graphql.";

const NO_STREAM =
  "A subscription is answered by a stream, so it was not started. Send it with `Accept: text/event-stream`, or over a WebSocket in the protocol graphql-transport-ws.";

/** A client that names no stream waits for an answer that ends, as `fetch` and curl do with their own Accept. */
const acceptsEventStream = ({ headers }: Request): boolean => headers.get("Accept")?.includes(EVENT_STREAM) ?? false;

type Options = { readonly limitMs: number; readonly pingMs?: number };

/**
 * A stream of results as server-sent events.
 * @param options `limitMs`: when the stream ends, without `complete`; `pingMs`: how often an idle one sends a comment
 */
export const eventStream = (results: AsyncIterable<ExecutionResult>, options: Options): ReadableStream<Uint8Array> =>
  itemStream(results, {
    ...options,
    textOf: formatEvent,
    farewell: "event: complete\ndata:\n\n",
    onFault: (thrown) => log("error", "event_stream_fault", describeFault(thrown)),
  });

function formatEvent(result: ExecutionResult): string {
  const { cursor } = (result.extensions?.concord ?? {}) as { readonly cursor?: string };
  return `${cursor === undefined ? "" : `id: ${cursor}\n`}event: next\ndata: ${JSON.stringify(result)}\n\n`;
}
