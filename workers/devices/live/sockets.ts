import { IssuerUnreachable } from "../../../src/shared/auth/issuer.ts";
import type { ReaderSettings } from "../../../src/shared/auth/reader-settings.ts";
import type { Scope } from "../../../src/shared/auth/scope.ts";
import { authenticate } from "../../../src/shared/auth/token.ts";
import type { LiveItem, LiveTarget, Pull } from "../../../src/shared/live/item.ts";
import { type Hearing, hearingIn, type ItemMessage, OBJECT_PATHS } from "../../../src/shared/live/wire.ts";
import type { Watched } from "../../../src/shared/repositories/watch.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import {
  CLOSINGS,
  type ClientMessage,
  type Closing,
  duplicateId,
  GRAPHQL_TRANSPORT_WS,
  PING,
  PONG,
  parseMessage,
} from "./protocol.ts";
import { formattedError, type Queries, type Query } from "./queries.ts";

/** What an object has to tell. */
export type LiveSource = {
  /** @returns what it stands for, if that is what the target names */
  readonly watchedOf: (target: LiveTarget) => Watched | undefined;
  /** Sees to it that everything from now on comes here. @throws an outage */
  readonly watch: (watched: Watched) => Promise<void>;
  /** What stands behind a cursor, `null` for one who begins. */
  readonly pull: (target: LiveTarget, cursor: string | null, scope: Scope) => Pull;
  /** Something has to happen later: a token runs out, a watch has to be renewed. */
  readonly schedule: () => Promise<void>;
};

export type LiveSocketsDeps = {
  readonly ctx: DurableObjectState;
  readonly settings: ReaderSettings;
  readonly queries: Queries;
  readonly source: LiveSource;
};

/** How long a socket may stay before it says who it is. graphql-ws's own default is 3 s. */
const INIT_TIMEOUT_MS = 10_000;

/** Subscriptions a socket. Ours; the room for their variables runs out earlier or later. */
const MAX_SUBSCRIPTIONS = 100;

/** Sockets an object: each is told of everything. Ours. */
const MAX_SOCKETS = 1_000;

/** What an attachment may hold, serialized: developers.cloudflare.com/durable-objects/api/state/#serializeattachment */
const MAX_ATTACHMENT_BYTES = 16_384;

type Listener = { readonly scope: Scope; readonly expiresAtMs: number };

type Subscription = {
  readonly id: string;
  readonly target: LiveTarget;
  readonly cursor: string;
  /** `null` for a Worker that executes itself. */
  readonly query: Query | null;
};

/** What is kept with a socket while its object sleeps. */
type Attachment = {
  /** `graphql`: a client that speaks graphql-transport-ws. `items`: a Worker that listens for somebody else. */
  readonly speaks: keyof typeof OBJECT_PATHS;
  readonly listener: Listener | null;
  readonly subscriptions: readonly Subscription[];
};

/**
 * The sockets of an object, which may sleep while they are open. A subscription is a cursor into what its source
 * remembers: telling it of something is to pull what stands behind the cursor, so nothing is told twice or left out,
 * and to resume is to begin elsewhere.
 */
export class LiveSockets {
  readonly #deps: LiveSocketsDeps;
  /** What each socket still has to send, in order. */
  readonly #tails = new WeakMap<WebSocket, Promise<void>>();
  readonly #patience = new WeakMap<WebSocket, () => void>();
  /** Who has been asked who he is and has not been told that we know. */
  readonly #greeting = new WeakSet<WebSocket>();
  /** Subscriptions that are being opened, which no message of the same id may cross. */
  readonly #opening = new WeakMap<WebSocket, Map<string, { cancelled: boolean }>>();
  readonly #cancelled = new WeakMap<WebSocket, Set<string>>();

  constructor(deps: LiveSocketsDeps) {
    this.#deps = deps;
    deps.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  get isEmpty(): boolean {
    return this.#deps.ctx.getWebSockets().length === 0;
  }

  /** Takes a socket of a client or of a Worker of ours, as the path says. */
  accept(request: Request): Response {
    const { ctx } = this.#deps;
    if (ctx.getWebSockets().length >= MAX_SOCKETS) {
      const message = "Too many listen to this already; try again later.";
      return Response.json(
        { error: { code: "TOO_MANY_SOCKETS", message } },
        { status: 503, headers: { "Retry-After": "30" } },
      );
    }
    const [client, socket] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    ctx.acceptWebSocket(socket);
    const isWorker = new URL(request.url).pathname === OBJECT_PATHS.items;
    if (isWorker) ctx.waitUntil(this.#hear(socket, hearingIn(request.headers)));
    else this.#await(socket);
    const headers = isWorker ? undefined : { "Sec-WebSocket-Protocol": GRAPHQL_TRANSPORT_WS };
    return new Response(null, { status: 101, webSocket: client, ...(headers && { headers }) });
  }

  #await(socket: WebSocket): void {
    attach(socket, { speaks: "graphql", listener: null, subscriptions: [] });
    // A timer keeps the object awake, so it goes as soon as the socket has said who it is, or left.
    const timer = setTimeout(() => close(socket, CLOSINGS.initTimeout), INIT_TIMEOUT_MS);
    this.#patience.set(socket, () => clearTimeout(timer));
  }

  /** Whoever it was, it is not waited for any more. */
  forget(socket: WebSocket): void {
    this.#patience.get(socket)?.();
  }

  async #hear(socket: WebSocket, { scope, expiresAtMs, target }: Hearing): Promise<void> {
    attach(socket, { speaks: "items", listener: { scope, expiresAtMs }, subscriptions: [] });
    await this.#begin(socket, { id: "items", target, query: null });
  }

  async receive(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    const message = typeof text === "string" ? parseMessage(text) : undefined;
    if (!message) return close(socket, CLOSINGS.badMessage);
    switch (message.type) {
      case "ping":
        return send(socket, { type: "pong", ...(message.payload && { payload: message.payload }) });
      case "pong":
        return;
      case "connection_init":
        return this.#greet(socket, message);
      case "subscribe":
        return this.#subscribe(socket, message);
      case "complete":
        return this.#cancel(socket, message.id);
    }
  }

  async #greet(socket: WebSocket, { payload }: Extract<ClientMessage, { type: "connection_init" }>): Promise<void> {
    const attachment = attachmentOf(socket);
    if (attachment.listener || this.#greeting.has(socket)) return close(socket, CLOSINGS.tooManyInits);
    this.#greeting.add(socket);
    const { settings, source } = this.#deps;
    const authorization = payload?.Authorization ?? payload?.authorization;
    try {
      const caller = await authenticate(
        typeof authorization === "string" ? authorization : null,
        settings.tokenSecret,
        settings.tokenIssuer,
      );
      if (!caller.ok) return close(socket, [CLOSINGS.badToken[0], `Forbidden: ${caller.message}`]);
      this.forget(socket);
      attach(socket, { ...attachment, listener: { scope: caller.scope, expiresAtMs: caller.expiresAtMs } });
      await source.schedule();
      send(socket, { type: "connection_ack" });
    } catch (thrown) {
      log("error", "live.not_greeted", faultOf(thrown));
      if (thrown instanceof IssuerUnreachable) return close(socket, CLOSINGS.tryAgain);
      throw thrown;
    }
  }

  async #subscribe(socket: WebSocket, { id, payload }: Extract<ClientMessage, { type: "subscribe" }>): Promise<void> {
    const { listener, subscriptions } = attachmentOf(socket);
    if (!listener) return close(socket, CLOSINGS.unauthorized);
    if (listener.expiresAtMs <= Date.now()) return close(socket, CLOSINGS.expired);
    const opening = this.#opening.get(socket) ?? new Map<string, { cancelled: boolean }>();
    this.#opening.set(socket, opening);
    if (opening.has(id) || subscriptions.some((other) => other.id === id)) return close(socket, duplicateId(id));
    const mark = { cancelled: false };
    opening.set(id, mark);
    try {
      if (subscriptions.length + opening.size > MAX_SUBSCRIPTIONS) {
        return sendError(
          socket,
          id,
          `A socket carries at most ${MAX_SUBSCRIPTIONS} subscriptions; open another.`,
          "COST_LIMIT",
        );
      }
      const admitted = await this.#deps.queries.admit(payload, listener.scope);
      if (!admitted.ok) return send(socket, { type: "error", id, payload: admitted.errors.map(formattedError) });
      await this.#begin(socket, { id, ...admitted }, mark);
    } finally {
      opening.delete(id);
    }
  }

  async #begin(
    socket: WebSocket,
    { id, target, query }: Omit<Subscription, "cursor">,
    mark = { cancelled: false },
  ): Promise<void> {
    const { source } = this.#deps;
    const watched = source.watchedOf(target);
    if (!watched) return sendError(socket, id, ELSEWHERE, "BAD_USER_INPUT");
    try {
      await source.watch(watched);
    } catch (thrown) {
      log("warn", "live.not_watched", faultOf(thrown));
      return close(socket, CLOSINGS.tryAgain);
    }
    if (mark.cancelled || socket.readyState !== WebSocket.OPEN) return;
    const attachment = attachmentOf(socket);
    const { listener } = attachment;
    if (!listener) return;
    const pull = source.pull(target, target.after, listener.scope);
    if (pull.kind === "notFound" || (pull.isOver && pull.items.length === 0)) {
      return sendError(socket, id, NOT_FOUND, "NOT_FOUND");
    }
    const subscription: Subscription = { id, target, query, cursor: pull.cursor };
    const subscriptions = pull.isOver ? attachment.subscriptions : [...attachment.subscriptions, subscription];
    if (!hasRoom({ ...attachment, subscriptions })) return sendError(socket, id, NO_ROOM, "COST_LIMIT");
    attach(socket, { ...attachment, subscriptions });
    this.#cancelled.get(socket)?.delete(id);
    if (query === null) sendItem(socket, { type: "opened" });
    this.#tell(socket, { listener, subscription, pull, answers: new Answers(this.#deps.queries) });
    await source.schedule();
  }

  #cancel(socket: WebSocket, id: string): void {
    const mark = this.#opening.get(socket)?.get(id);
    if (mark) mark.cancelled = true;
    const attachment = attachmentOf(socket);
    attach(socket, { ...attachment, subscriptions: attachment.subscriptions.filter((other) => other.id !== id) });
    const cancelled = this.#cancelled.get(socket) ?? new Set();
    this.#cancelled.set(socket, cancelled.add(id));
  }

  /** Tells every subscription what stands behind its cursor. */
  pump(nowMs = Date.now()): void {
    const answers = new Answers(this.#deps.queries);
    for (const socket of this.#deps.ctx.getWebSockets()) {
      const attachment = attachmentOf(socket);
      const { listener, subscriptions } = attachment;
      if (!listener || subscriptions.length === 0) continue;
      if (listener.expiresAtMs <= nowMs) close(socket, CLOSINGS.expired);
      else this.#pumpSocket(socket, attachment, { listener, answers });
    }
  }

  #pumpSocket(
    socket: WebSocket,
    attachment: Attachment,
    { listener, answers }: { readonly listener: Listener; readonly answers: Answers },
  ): void {
    const going: Subscription[] = [];
    for (const subscription of attachment.subscriptions) {
      const { target, cursor } = subscription;
      const pull = this.#deps.source.pull(target, cursor, listener.scope);
      this.#tell(socket, { listener, subscription, pull, answers });
      if (pull.kind === "items" && !pull.isOver) going.push({ ...subscription, cursor: pull.cursor });
    }
    attach(socket, { ...attachment, subscriptions: going });
  }

  /** Queues what a pull brought behind what the socket still has to send. */
  #tell(socket: WebSocket, { listener, subscription, pull, answers }: Telling): void {
    const { id, query } = subscription;
    const isCancelled = () => this.#cancelled.get(socket)?.has(id) === true;
    for (const item of pull.kind === "items" ? pull.items : []) {
      this.#enqueue(socket, async () => {
        if (isCancelled()) return;
        if (query === null) return sendItem(socket, { type: "item", item });
        const payload = await answers.of(query, listener.scope, item);
        if (!isCancelled() && socket.readyState === WebSocket.OPEN) {
          socket.send(`{"type":"next","id":${JSON.stringify(id)},"payload":${payload}}`);
        }
      });
    }
    if (pull.kind === "items" && !pull.isOver) return;
    this.#enqueue(socket, async () => {
      if (query === null) return sendItem(socket, { type: "complete" });
      if (!isCancelled()) send(socket, { type: "complete", id });
    });
  }

  #enqueue(socket: WebSocket, work: () => Promise<void>): void {
    const tail = (this.#tails.get(socket) ?? Promise.resolve()).then(work).catch((thrown: unknown) => {
      log("error", "live.not_told", faultOf(thrown));
      // What comes next would stand behind a hole: the client comes back and goes on from what it has seen.
      close(socket, CLOSINGS.tryAgain);
    });
    this.#tails.set(socket, tail);
    this.#deps.ctx.waitUntil(tail);
  }

  /** Closes what has run out. @returns when the next one does, or `null` */
  expire(nowMs: number): number | null {
    let next: number | null = null;
    for (const socket of this.#deps.ctx.getWebSockets()) {
      const { listener } = attachmentOf(socket);
      if (!listener) continue;
      if (listener.expiresAtMs <= nowMs) close(socket, CLOSINGS.expired);
      else next = Math.min(next ?? Number.POSITIVE_INFINITY, listener.expiresAtMs);
    }
    return next;
  }
}

type Telling = {
  readonly listener: Listener;
  readonly subscription: Subscription;
  readonly pull: Pull;
  readonly answers: Answers;
};

/** The answers to what was pulled at one moment, as JSON: whoever asks the same is told the same, for one execution. */
class Answers {
  readonly #queries: Queries;
  readonly #known = new Map<string, Promise<string>>();

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  of(query: Query, scope: Scope, item: LiveItem): Promise<string> {
    const name = JSON.stringify([query, scope, item]);
    const known =
      this.#known.get(name) ?? this.#queries.answer(query, scope, item).then((answer) => JSON.stringify(answer));
    this.#known.set(name, known);
    return known;
  }
}

const ELSEWHERE = "Another object has that: open a socket for what you subscribe to, /live?device=… or /live?dealer=….";
const NOT_FOUND = "There is no such thing, or none that the token may see.";
const NO_ROOM = "This socket's subscriptions and their variables take too much room; open another.";

const attachmentOf = (socket: WebSocket): Attachment => socket.deserializeAttachment() as Attachment;

const attach = (socket: WebSocket, attachment: Attachment): void => socket.serializeAttachment(attachment);

/** By half of it, because cursors grow, and some text takes two bytes a character. */
const hasRoom = (attachment: Attachment): boolean => JSON.stringify(attachment).length <= MAX_ATTACHMENT_BYTES / 2;

function send(socket: WebSocket, message: { readonly type: string } & Readonly<Record<string, unknown>>): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

const sendItem = (socket: WebSocket, message: ItemMessage): void => send(socket, message);

/** To a client as GraphQL has errors, and to a Worker in a word. */
function sendError(socket: WebSocket, id: string, message: string, code: string): void {
  if (attachmentOf(socket).speaks === "items") sendItem(socket, { type: "error", code, message });
  else send(socket, { type: "error", id, payload: [{ message, extensions: { code } }] });
}

function close(socket: WebSocket, [code, reason]: Closing): void {
  if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
}
