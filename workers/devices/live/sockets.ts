import { IssuerUnreachable } from "../../../src/shared/auth/issuer.ts";
import type { ReaderSettings } from "../../../src/shared/auth/reader-settings.ts";
import type { Scope } from "../../../src/shared/auth/scope.ts";
import { authenticate } from "../../../src/shared/auth/token.ts";
import type { LiveTarget, Pull } from "../../../src/shared/live/item.ts";
import { type Hearing, hearingIn, OBJECT_PATHS } from "../../../src/shared/live/wire.ts";
import type { Watched } from "../../../src/shared/repositories/watch.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import { Answers } from "./answers.ts";
import { attach, attachmentOf, type Listener, type Subscription } from "./attachment.ts";
import { lose, Outbox } from "./outbox.ts";
import {
  CLOSINGS,
  type ClientMessage,
  GRAPHQL_TRANSPORT_WS,
  MAX_MESSAGE_LENGTH,
  PING,
  PONG,
  parseMessage,
} from "./protocol.ts";
import { type AdmittedQuery, formattedError, type Queries } from "./queries.ts";
import { close, type Refusal, send, sendError, sendItem } from "./say.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** What an object has to tell. */
export type LiveSource = {
  /** @returns what it stands for, if that is what the target names and the scope may see it as far as that is known */
  readonly watchedOf: (target: LiveTarget) => Watched | undefined;
  /**
   * Sees to it that everything from now on comes here. @throws an outage
   * @returns whether there may be something for that scope; `pull` has the last word
   */
  readonly watch: (watched: Watched, scope: Scope) => Promise<boolean>;
  /** What stands behind a place. */
  readonly pull: (target: LiveTarget, from: Place, scope: Scope) => Pull;
  /** Something has to happen later: a token runs out, a watch has to be renewed. */
  readonly schedule: () => Promise<void>;
};

/** How far a listener is: `null` where it begins, and whether it was listening until now. */
export type Place = { readonly cursor: string | null; readonly isOngoing: boolean };

export type LiveSocketsDeps = {
  readonly ctx: DurableObjectState;
  readonly settings: ReaderSettings;
  readonly queries: Queries;
  readonly source: LiveSource;
  /** Counts a socket that came or went. */
  readonly note: (what: "opened" | "closed") => void;
};

/** Sockets an object that have: each is told of everything. Ours. */
const MAX_SOCKETS = 1_000;

/** Subscriptions a socket. Ours; the room for their variables may run out before. */
const MAX_SUBSCRIPTIONS = 100;

/** A subscription that somebody opened, for as long as this object is awake: what is queued for it looks here first. */
type Mark = { cancelled: boolean };

/**
 * The sockets of an object, which may sleep while they are open. A subscription is a cursor into what its source
 * remembers: telling it of something is to pull what stands behind the cursor, so nothing is told twice or left out,
 * and to resume is to begin elsewhere.
 */
export class LiveSockets {
  readonly #deps: LiveSocketsDeps;
  readonly #outbox: Outbox;
  readonly #waitingRoom = new WaitingRoom((socket) => close(socket, CLOSINGS.initTimeout));
  readonly #marks = new WeakMap<WebSocket, Map<string, Mark>>();
  /** Who is being looked at. */
  readonly #greeting = new WeakSet<WebSocket>();

  constructor(deps: LiveSocketsDeps) {
    this.#deps = deps;
    this.#outbox = new Outbox(deps.ctx);
    deps.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /** Takes a socket of a client or of a Worker of ours, as the path says. */
  accept(request: Request): Response {
    if (listening(this.#deps.ctx).length >= MAX_SOCKETS) {
      const error = { code: "TOO_MANY_SOCKETS", message: "Too many listen to this already; try again later." };
      return Response.json({ error }, { status: 503, headers: { "Retry-After": "30" } });
    }
    const [client, socket] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    this.#deps.ctx.acceptWebSocket(socket);
    this.#deps.note("opened");
    if (new URL(request.url).pathname === OBJECT_PATHS.items) {
      this.#hear(socket, hearingIn(request.headers));
      return new Response(null, { status: 101, webSocket: client });
    }
    attach(socket, { speaks: "graphql", listener: null, subscriptions: [] });
    this.#waitingRoom.enter(socket);
    const headers = { "Sec-WebSocket-Protocol": GRAPHQL_TRANSPORT_WS };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /** It has left. */
  forget(socket: WebSocket): void {
    this.#waitingRoom.leave(socket);
    this.#deps.note("closed");
  }

  #hear(socket: WebSocket, { scope, expiresAtMs, target }: Hearing): void {
    const mark: Mark = { cancelled: false };
    if (attach(socket, { speaks: "items", listener: { scope, expiresAtMs }, subscriptions: [] })) {
      this.#outbox.enqueue(
        socket,
        async () => void (await this.#begin(socket, { id: "items", target, admitted: null, mark })),
      );
    } else {
      attach(socket, { speaks: "items", listener: null, subscriptions: [] });
      sendItem(socket, { type: "error", code: "COST_LIMIT", message: NO_ROOM });
    }
  }

  /** Never throws: whatever a client sends, the others go on. */
  async receive(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    try {
      const isText = typeof text === "string" && text.length <= MAX_MESSAGE_LENGTH;
      const message = isText ? parseMessage(text) : undefined;
      if (message) await this.#take(socket, message);
      else close(socket, CLOSINGS.badMessage);
    } catch (thrown) {
      log("error", "live.message_fault", faultOf(thrown));
      close(socket, CLOSINGS.tryAgain);
    }
  }

  async #take(socket: WebSocket, message: ClientMessage): Promise<void> {
    switch (message.type) {
      case "ping":
        return send(socket, { type: "pong" });
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
      this.#waitingRoom.leave(socket);
      if (!caller.ok) return close(socket, [CLOSINGS.badToken[0], `Forbidden: ${caller.message}`]);
      const { scope, expiresAtMs } = caller;
      if (!attach(socket, { ...attachment, listener: { scope, expiresAtMs } })) {
        return close(socket, CLOSINGS.largeToken);
      }
      await source.schedule();
      send(socket, { type: "connection_ack" });
    } catch (thrown) {
      if (!(thrown instanceof IssuerUnreachable)) throw thrown;
      log("warn", "live.issuer_unreachable", faultOf(thrown));
      close(socket, CLOSINGS.tryAgain);
    }
  }

  async #subscribe(socket: WebSocket, { id, payload }: Extract<ClientMessage, { type: "subscribe" }>): Promise<void> {
    const { listener, subscriptions } = attachmentOf(socket);
    if (!listener) return close(socket, CLOSINGS.unauthorized);
    if (listener.expiresAtMs <= Date.now()) return close(socket, CLOSINGS.expired);
    const marks = this.#marks.get(socket) ?? new Map<string, Mark>();
    this.#marks.set(socket, marks);
    const ids = new Set([...marks.keys(), ...subscriptions.map((one) => one.id)]);
    if (ids.has(id)) return close(socket, CLOSINGS.duplicateId);
    if (ids.size >= MAX_SUBSCRIPTIONS) {
      const message = `A socket carries at most ${MAX_SUBSCRIPTIONS} subscriptions; open another.`;
      return sendError(socket, id, { code: "COST_LIMIT", message });
    }
    const mark: Mark = { cancelled: false };
    marks.set(id, mark);
    let hasBegun = false;
    try {
      const admitted = await this.#deps.queries.admit(payload, listener.scope);
      if (mark.cancelled) return;
      if (!admitted.ok) return send(socket, { type: "error", id, payload: admitted.errors.map(formattedError) });
      hasBegun = await this.#begin(socket, { id, target: admitted.target, admitted: admitted.query, mark });
    } finally {
      if (!hasBegun && marks.get(id) === mark) marks.delete(id);
    }
  }

  /** @returns whether it goes on from here */
  async #begin(socket: WebSocket, { id, target, admitted, mark }: Opening): Promise<boolean> {
    const { source, queries } = this.#deps;
    const refuse = (error: Refusal): false => {
      if (!mark.cancelled) sendError(socket, id, error);
      return false;
    };
    const { listener } = attachmentOf(socket);
    if (!listener) return false;
    const watched = source.watchedOf(target);
    if (!watched) return refuse({ code: "BAD_USER_INPUT", message: ELSEWHERE });
    if (!mayWatch(listener.scope, watched)) return refuse(NOT_FOUND);
    try {
      if (!(await source.watch(watched, listener.scope))) return refuse(NOT_FOUND);
    } catch (thrown) {
      log("warn", "live.not_watched", faultOf(thrown));
      close(socket, CLOSINGS.tryAgain);
      return false;
    }
    if (mark.cancelled || socket.readyState !== WebSocket.OPEN) return false;
    const pull = source.pull(target, { cursor: target.after, isOngoing: false }, listener.scope);
    if (pull.kind === "notFound" || (pull.isOver && pull.items.length === 0)) return refuse(NOT_FOUND);
    const query = admitted && queries.keep(admitted);
    if (query === undefined) return refuse({ code: "COST_LIMIT", message: TOO_MANY_DOCUMENTS });
    const subscription: Subscription = { id, target: { ...target, after: null }, query, cursor: pull.cursor };
    const attachment = attachmentOf(socket);
    const subscriptions = [...attachment.subscriptions, ...(pull.isOver ? [] : [subscription])];
    if (!attach(socket, { ...attachment, subscriptions })) return refuse({ code: "COST_LIMIT", message: NO_ROOM });
    if (query === null) sendItem(socket, { type: "opened" });
    this.#tell(socket, { listener, subscription, pull, answers: new Answers(queries) });
    await source.schedule();
    return !pull.isOver;
  }

  #cancel(socket: WebSocket, id: string): void {
    const attachment = attachmentOf(socket);
    if (!attachment.listener) {
      close(socket, CLOSINGS.unauthorized);
      return;
    }
    const marks = this.#marks.get(socket);
    const mark = marks?.get(id);
    if (mark) mark.cancelled = true;
    marks?.delete(id);
    attach(socket, { ...attachment, subscriptions: attachment.subscriptions.filter((other) => other.id !== id) });
  }

  /** Tells every subscription what stands behind its cursor. */
  pump(nowMs = Date.now()): void {
    const answers = new Answers(this.#deps.queries);
    for (const socket of listening(this.#deps.ctx)) {
      try {
        this.#pumpSocket(socket, answers, nowMs);
      } catch (thrown) {
        lose(socket, thrown);
      }
    }
  }

  #pumpSocket(socket: WebSocket, answers: Answers, nowMs: number): void {
    const attachment = attachmentOf(socket);
    const { listener } = attachment;
    if (!listener) return;
    if (listener.expiresAtMs <= nowMs) {
      close(socket, CLOSINGS.expired);
      return;
    }
    const pulls = attachment.subscriptions.map((subscription) => {
      const { target, cursor } = subscription;
      const pull = this.#deps.source.pull(target, { cursor, isOngoing: true }, listener.scope);
      return { subscription, pull };
    });
    const subscriptions = pulls.flatMap(({ subscription, pull }) =>
      pull.kind === "items" && !pull.isOver ? [{ ...subscription, cursor: pull.cursor }] : [],
    );
    // Before anything is told: what is told and not noted would be told again.
    if (!attach(socket, { ...attachment, subscriptions })) throw new Error("a cursor has outgrown its attachment");
    for (const { subscription, pull } of pulls) this.#tell(socket, { listener, subscription, pull, answers });
  }

  /** Queues what a pull brought behind what the socket still has to send. */
  #tell(socket: WebSocket, { listener, subscription, pull, answers }: Telling): void {
    const { id, query } = subscription;
    const mark = this.#markOf(socket, id);
    for (const item of pull.kind === "items" ? pull.items : []) {
      this.#outbox.enqueue(socket, async () => {
        if (mark.cancelled) return;
        if (query === null) return sendItem(socket, { type: "item", item });
        const payload = await answers.of(query, listener.scope, item);
        if (mark.cancelled || socket.readyState !== WebSocket.OPEN) return;
        socket.send(`{"type":"next","id":${JSON.stringify(id)},"payload":${payload}}`);
      });
    }
    if (pull.kind === "items" && !pull.isOver) return;
    this.#marks.get(socket)?.delete(id);
    this.#outbox.enqueue(socket, async () => {
      if (query === null) sendItem(socket, { type: "complete" });
      else if (!mark.cancelled) send(socket, { type: "complete", id });
    });
  }

  /** An object that has slept knows its subscriptions by their attachments only. */
  #markOf(socket: WebSocket, id: string): Mark {
    const marks = this.#marks.get(socket) ?? new Map<string, Mark>();
    this.#marks.set(socket, marks);
    const mark = marks.get(id) ?? { cancelled: false };
    marks.set(id, mark);
    return mark;
  }

  /** Closes what has run out. @returns when the next one does, or `null` */
  expire(nowMs: number): number | null {
    let next: number | null = null;
    for (const socket of listening(this.#deps.ctx)) {
      const { listener } = attachmentOf(socket);
      if (!listener) continue;
      if (listener.expiresAtMs <= nowMs) close(socket, CLOSINGS.expired);
      else next = Math.min(next ?? Number.POSITIVE_INFINITY, listener.expiresAtMs);
    }
    return next;
  }
}

/** The open sockets of those who have said who they are. One that we closed may linger until its client answers. */
export const listening = (ctx: DurableObjectState): WebSocket[] =>
  ctx
    .getWebSockets()
    .filter((socket) => socket.readyState === WebSocket.OPEN && attachmentOf(socket).listener !== null);

type Opening = {
  readonly id: string;
  readonly target: LiveTarget;
  /** `null` for a Worker that executes itself. */
  readonly admitted: AdmittedQuery | null;
  readonly mark: Mark;
};

type Telling = {
  readonly listener: Listener;
  readonly subscription: Subscription;
  readonly pull: Pull;
  readonly answers: Answers;
};

/** Of a device only D1 knows whose it is, and registers for nobody else. */
const mayWatch = (scope: Scope, watched: Watched): boolean =>
  scope.role !== "dealer" || watched.kind !== "dealer" || scope.dealerIds.includes(watched.dealerId);

const NOT_FOUND: Refusal = { code: "NOT_FOUND", message: "There is no such thing, or none that the token may see." };
const ELSEWHERE = "Another object has that: open a socket for what you subscribe to, /live?device=… or /live?dealer=….";
const NO_ROOM = "This socket's token and its subscriptions' variables take too much room; open another.";
const TOO_MANY_DOCUMENTS = "Too many different documents listen to this; use one that others use.";
