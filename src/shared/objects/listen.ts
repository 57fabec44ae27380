import type { Scope } from "#auth/scope.ts";
import type { TokenIdentity } from "#auth/verify.ts";
import type { LiveItem, LiveTarget } from "./item.ts";
import { BAD_POSITION, parsePosition } from "./position.ts";
import { type ItemMessage, liveRequestHeaders, OBJECT_PATHS, objectUrl } from "./wire.ts";

export type Listener = {
  readonly scope: Scope;
  readonly expiresAtMs: number;
  /** What its token may be revoked by; `null` for one that cannot. */
  readonly token: TokenIdentity | null;
  /** By whom and by where its subscriptions are counted. */
  readonly caller: string;
  readonly address: string;
  /** The client is gone when it aborts. */
  readonly signal: AbortSignal;
  /** The cursor of the item after which it begins, whatever the operation says. */
  readonly lastEventId: string | null;
};

/**
 * Listens to an object for a client who is not connected to it, over a socket of the client's own request.
 * @throws LiveRefused
 */
export async function listenTo(
  object: { fetch: Fetcher["fetch"] },
  asked: LiveTarget,
  { signal, lastEventId, ...who }: Listener,
): Promise<AsyncIterable<LiveItem>> {
  const target = { ...asked, after: lastEventId ?? asked.after };
  if (!isPlaced(target)) throw new LiveRefused("BAD_USER_INPUT", BAD_POSITION);
  const response = await object.fetch(objectUrl(OBJECT_PATHS.items), {
    headers: liveRequestHeaders({ ...who, target }),
  });
  const { webSocket: socket } = response;
  if (!socket) throw new LiveRefused("UPSTREAM_UNAVAILABLE", "Too many listen to this already; try again later.");
  const items = new ItemStream(socket);
  signal.addEventListener("abort", () => void items.return());
  if (signal.aborted) void items.return();
  await items.opened;
  return items;
}

/** Whether the cursor is of these very objects. A single object answers a cursor that is not its own with a gap. */
function isPlaced(target: LiveTarget): boolean {
  if (target.after === null) return true;
  if (target.kind === "devices") return parsePosition(target.after, target.deviceKeys) !== undefined;
  return target.kind !== "dealers" || parsePosition(target.after, target.dealerIds) !== undefined;
}

/** Nothing is told of this, and why: `NOT_FOUND`, `UPSTREAM_UNAVAILABLE`, or what else the object says. */
export class LiveRefused extends Error {
  override readonly name = "LiveRefused";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The object, or the way to it, is gone; nothing is known of what happened since. Come back and go on. */
export class LiveDisconnected extends Error {
  override readonly name = "LiveDisconnected";
}

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
          opening.reject(new LiveRefused(message.code, message.message));
          return this.#finish({});
      }
    });
    socket.addEventListener("close", () => {
      const thrown = new LiveRefused("UPSTREAM_UNAVAILABLE", "What is live is out of reach just now; come back.");
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
