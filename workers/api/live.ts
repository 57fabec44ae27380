import { GraphQLError } from "graphql";
import type { Scope } from "../../src/shared/auth/scope.ts";
import { isDeviceKey } from "../../src/shared/domain/event.ts";
import { RETRY_AFTER_MS } from "../../src/shared/graphql/errors.ts";
import type { LiveItem, LiveTarget, OpenLive } from "../../src/shared/live/item.ts";
import { headersOf, type ItemMessage, OBJECT_PATHS, objectUrl } from "../../src/shared/live/wire.ts";
import type { Env } from "./env.ts";

export type Listener = {
  readonly scope: Scope;
  readonly expiresAtMs: number;
  /** By whom and by where its subscriptions are counted. */
  readonly caller: string;
  readonly address: string;
  /** The client is gone when it aborts. */
  readonly signal: AbortSignal;
  /** Goes on behind it, whatever the operation says. */
  readonly lastEventId: string | null;
};

/** Listens to an object for a client who is not connected to it, over a socket of the client's own request. */
export const liveOver =
  (env: Pick<Env, "DEVICES" | "DEALER_FEEDS">, { signal, lastEventId, ...who }: Listener): OpenLive =>
  async (asked) => {
    const target = { ...asked, after: lastEventId ?? asked.after };
    const response = await objectOf(env, target).fetch(objectUrl(OBJECT_PATHS.items), {
      headers: headersOf({ ...who, target }),
    });
    const { webSocket: socket } = response;
    if (!socket) throw liveError("UPSTREAM_UNAVAILABLE", "Too many listen to this already; try again later.");
    const items = new ItemStream(socket);
    signal.addEventListener("abort", () => void items.return());
    if (signal.aborted) void items.return();
    await items.opened;
    return items;
  };

function objectOf({ DEVICES, DEALER_FEEDS }: Pick<Env, "DEVICES" | "DEALER_FEEDS">, target: LiveTarget) {
  if (target.kind === "dealer") return DEALER_FEEDS.getByName(target.dealerId);
  if (!isDeviceKey(target.deviceKey)) throw liveError("NOT_FOUND", "A device's key is `{source}:{deviceId}`.");
  return DEVICES.getByName(target.deviceKey);
}

/** The object, or the way to it, is gone; nothing is known of what happened since. Come back and go on. */
export class LiveDisconnected extends Error {
  override name = "LiveDisconnected";
}

const liveError = (code: string, message: string): GraphQLError =>
  new GraphQLError(message, {
    extensions: { code, ...(code === "UPSTREAM_UNAVAILABLE" && { retryAfterMs: RETRY_AFTER_MS }) },
  });

type Step = IteratorResult<LiveItem, undefined>;
const DONE: Step = { done: true, value: undefined };

/** What may wait for a slow reader. Ours; behind it he comes back and goes on. */
const MAX_WAITING_ITEMS = 1_000;

/** By hand and no generator: a generator's `return` waits for the item that may never come. */
class ItemStream implements AsyncIterableIterator<LiveItem, undefined> {
  readonly opened: Promise<void>;
  readonly #socket: WebSocket;
  readonly #items: LiveItem[] = [];
  readonly #waiting: { resolve: (step: Step) => void; reject: (thrown: unknown) => void }[] = [];
  /** How it ended: with nothing more to come, or for a reason. */
  #end: { readonly thrown?: unknown } | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    const opening = Promise.withResolvers<void>();
    this.opened = opening.promise;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as ItemMessage;
      switch (message.type) {
        case "opened":
          return opening.resolve();
        case "item":
          return this.#take(message.item);
        case "complete":
          return this.#finish({});
        case "error":
          opening.reject(liveError(message.code, message.message));
          return this.#finish({});
      }
    });
    socket.addEventListener("close", () => {
      const thrown = liveError("UPSTREAM_UNAVAILABLE", "What is live is out of reach just now; come back.");
      opening.reject(thrown);
      this.#finish({ thrown: new LiveDisconnected("the object's socket closed") });
    });
    socket.accept();
  }

  next(): Promise<Step> {
    const item = this.#items.shift();
    if (item) return Promise.resolve({ done: false, value: item });
    if (this.#end) return "thrown" in this.#end ? Promise.reject(this.#end.thrown) : Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<Step> {
    this.#finish({});
    this.#items.length = 0;
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(item: LiveItem): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve({ done: false, value: item });
    else if (this.#items.length < MAX_WAITING_ITEMS) this.#items.push(item);
    else this.#finish({ thrown: new LiveDisconnected("the client reads too slowly") });
  }

  #finish(end: { readonly thrown?: unknown }): void {
    if (this.#end) return;
    this.#end = end;
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if ("thrown" in end) reject(end.thrown);
      else resolve(DONE);
    }
    this.#socket.close(1000, "done");
  }
}
