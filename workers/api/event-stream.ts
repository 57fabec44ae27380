import type { ExecutionResult } from "graphql";
import { isAsyncIterable, type Plugin } from "graphql-yoga";
import { faultOf, log } from "../../src/shared/telemetry/log.ts";
import { LiveDisconnected } from "./live.ts";

/** How long one stream lives; its client comes back and goes on. Ours: a client that left unnoticed is let go by then. */
export const STREAM_LIMIT_MS = 5 * 60_000;

/** Comments in between keep what is on the way from closing the connection. */
const PING_MS = 12_000;

/** How long an `EventSource` waits before it comes back. */
const RETRY_MS = 1_000;

export const EVENT_STREAM_HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  "Content-Encoding": "none",
};

/**
 * Subscriptions as server-sent events, in the distinct-connections mode of graphql-sse. Yoga's own are not resumable:
 * here each has the item's cursor as its id, and a stream that has to end does so without `complete`, so that its
 * client comes back with `Last-Event-ID`.
 */
export const resumableEventStreams: Plugin<object, { expiresAtMs: number }> = {
  onResultProcess({ result, serverContext, acceptableMediaTypes, setResultProcessor, request }) {
    if (!isAsyncIterable(result) || !acceptsEventStream(request.headers.get("Accept"))) return;
    acceptableMediaTypes.push("text/event-stream");
    const limitMs = Math.min(STREAM_LIMIT_MS, serverContext.expiresAtMs - Date.now());
    setResultProcessor(
      (results) =>
        new Response(eventStream(results as AsyncIterable<ExecutionResult>, { limitMs }), {
          headers: EVENT_STREAM_HEADERS,
        }),
      "text/event-stream",
    );
  },
};

/** As yoga reads it: nothing asks for anything, as `*` does. */
const acceptsEventStream = (accept: string | null): boolean =>
  (accept ?? "*/*")
    .split(",")
    .some((range) => ["text/event-stream", "text/*", "*/*"].includes((range.split(";")[0] ?? "").trim().toLowerCase()));

type Options = { readonly limitMs: number; readonly pingMs?: number };

/** @param limitMs after so long the stream ends, without `complete` */
export const eventStream = (results: AsyncIterable<ExecutionResult>, options: Options): ReadableStream<Uint8Array> =>
  itemStream(results, { ...options, textOf: eventOf, farewell: "event: complete\ndata:\n\n" });

type ItemOptions<T> = Options & {
  readonly textOf: (item: T) => string;
  /** What is said when nothing more will come; a stream that only has run its time says nothing. */
  readonly farewell?: string;
};

export function itemStream<T>(
  items: AsyncIterable<T>,
  { limitMs, pingMs = PING_MS, textOf, farewell = "" }: ItemOptions<T>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator = items[Symbol.asyncIterator]();
  let isOver = false;
  let stop = () => {};
  return new ReadableStream({
    start(controller) {
      const say = (text: string) => controller.enqueue(encoder.encode(text));
      say(`retry: ${RETRY_MS}\n\n`);
      const ping = setInterval(() => say(":\n\n"), pingMs);
      const limit = setTimeout(() => end(controller), limitMs);
      stop = () => {
        clearInterval(ping);
        clearTimeout(limit);
        isOver = true;
        iterator.return?.()?.catch((thrown: unknown) => log("warn", "event_stream_fault", faultOf(thrown)));
      };
    },
    async pull(controller) {
      const say = (text: string) => controller.enqueue(encoder.encode(text));
      try {
        const { done, value } = await iterator.next();
        // What still came behind the end is for the next stream.
        if (isOver) return;
        if (!done) return say(textOf(value));
        if (farewell) say(farewell);
      } catch (thrown) {
        if (isOver) return;
        if (!(thrown instanceof LiveDisconnected)) log("error", "event_stream_fault", faultOf(thrown));
      }
      end(controller);
    },
    cancel: () => stop(),
  });

  function end(controller: ReadableStreamDefaultController): void {
    stop();
    controller.close();
  }
}

function eventOf(result: ExecutionResult): string {
  const { cursor } = (result.extensions?.concord ?? {}) as { readonly cursor?: string };
  return `${cursor === undefined ? "" : `id: ${cursor}\n`}event: next\ndata: ${JSON.stringify(result)}\n\n`;
}
