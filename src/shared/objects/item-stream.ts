import { LiveDisconnected } from "./listen.ts";

/** Comments in between keep what is on the way from closing the connection. */
const PING_MS = 12_000;

/** How long an `EventSource` waits before it comes back. */
const RETRY_MS = 1_000;

export const EVENT_STREAM_HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  "Content-Encoding": "none",
};

type Options<T> = {
  /** After so long the stream ends, without a farewell. */
  readonly limitMs: number;
  readonly pingMs?: number | undefined;
  readonly textOf: (item: T) => string;
  /** What is said when nothing more will come; a stream that only has run its time says nothing. */
  readonly farewell?: string;
  /** What failed, and was not just the object going away. */
  readonly onFault: (thrown: unknown) => void;
};

/** Items as server-sent events; a client that leaves ends them. */
export function itemStream<T>(
  items: AsyncIterable<T>,
  { limitMs, pingMs = PING_MS, textOf, farewell = "", onFault }: Options<T>,
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
        iterator.return?.()?.catch(onFault);
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
        if (!(thrown instanceof LiveDisconnected)) onFault(thrown);
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
