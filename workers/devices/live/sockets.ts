import { IssuerUnreachable } from "../../../src/shared/auth/issuer.ts";
import type { ReaderSettings } from "../../../src/shared/auth/reader-settings.ts";
import type { Scope } from "../../../src/shared/auth/scope.ts";
import { authenticate } from "../../../src/shared/auth/token.ts";
import type { LiveTarget, Pull } from "../../../src/shared/live/item.ts";
import { type Hearing, hearingIn, OBJECT_PATHS } from "../../../src/shared/live/wire.ts";
import type { Watched } from "../../../src/shared/repositories/watch.ts";
import { addressOf } from "../../../src/shared/rate-limit.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";
import { Answers } from "./answers.ts";
import { type Attachment, attach, attachmentOf, type Listener, type Subscription } from "./attachment.ts";
import { lose, Outbox } from "./outbox.ts";
import {
  CLOSINGS,
  type ClientMessage,
  type Closing,
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
  /** Whether a scope may see anything of this object, as far as its name tells. */
  readonly mayWatch: (scope: Scope) => boolean;
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

/**
 * Subscribed sockets an object: each is told of everything. And of those, how many one caller and one address may have, so
 * that nobody uses up what is there for others: an office of two hundred screens behind one address has room. Ours.
 */
const MAX_SOCKETS = 1_000;
export const MAX_SOCKETS_BY_CALLER = 250;
const MAX_SOCKETS_BY_ADDRESS = 250;

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
  readonly #waitingRoom = new WaitingRoom((socket, awaited) =>
    close(socket, awaited === "init" ? CLOSINGS.initTimeout : CLOSINGS.idle),
  );
  readonly #marks = new WeakMap<WebSocket, Map<string, Mark>>();
  /** Who is being looked at. */
  readonly #greeting = new WeakSet<WebSocket>();

  constructor(deps: LiveSocketsDeps) {
    this.#deps = deps;
    this.#outbox = new Outbox(deps.ctx);
    deps.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /**
   * Takes a socket of a client or of a Worker of ours, as the path says. It counts once it is subscribed to something
   * that its token may see: what nobody has looked at yet must not keep out those who may.
   */
  accept(request: Request): Response {
    const [client, socket] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    this.#deps.ctx.acceptWebSocket(socket);
    this.#deps.note("opened");
    if (new URL(request.url).pathname === OBJECT_PATHS.items) {
      this.#hear(socket, hearingIn(request.headers));
      return new Response(null, { status: 101, webSocket: client });
    }
    const address = addressOf(request.headers);
    attach(socket, { speaks: "graphql", address, listener: null, subscriptions: [] });
    this.#waitingRoom.enter(socket, address, "init");
    const headers = { "Sec-WebSocket-Protocol": GRAPHQL_TRANSPORT_WS };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  /** It has left. */
  forget(socket: WebSocket): void {
    this.#waitingRoom.leave(socket);
    this.#deps.note("closed");
  }

  #hear(socket: WebSocket, { address, target, ...listener }: Hearing): void {
    const mark: Mark = { cancelled: false };
    if (attach(socket, { speaks: "items", address, listener, subscriptions: [] })) {
      this.#outbox.enqueue(
        socket,
        async () => void (await this.#begin(socket, { id: "items", target, admitted: null, mark })),
      );
    } else {
      attach(socket, { speaks: "items", address, listener: null, subscriptions: [] });
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
      if (!caller.ok) return this.#turnAway(socket, [CLOSINGS.badToken[0], `Forbidden: ${caller.message}`]);
      const { scope, expiresAtMs, caller: name } = caller;
      if (!attach(socket, { ...attachment, listener: { scope, expiresAtMs, caller: name } })) {
        return this.#turnAway(socket, CLOSINGS.largeToken);
      }
      if (socket.readyState !== WebSocket.OPEN) return;
      this.#waitingRoom.enter(socket, attachment.address, "subscription");
      await source.schedule();
      send(socket, { type: "connection_ack" });
    } catch (thrown) {
      if (!(thrown instanceof IssuerUnreachable)) throw thrown;
      log("warn", "live.issuer_unreachable", faultOf(thrown));
      this.#turnAway(socket, CLOSINGS.tryAgain);
    }
  }

  #turnAway(socket: WebSocket, why: Closing): void {
    this.#waitingRoom.leave(socket);
    close(socket, why);
  }

  /** Whether one more may be told of everything: of this caller, from this address, in all. */
  #hasRoomFor(socket: WebSocket): boolean {
    const own = attachmentOf(socket);
    if (own.subscriptions.length > 0) return true;
    const others = listening(this.#deps.ctx).map(attachmentOf);
    const count = (isCounted: (other: Attachment) => boolean) => others.filter(isCounted).length;
    return (
      others.length < MAX_SOCKETS &&
      count(({ listener }) => listener?.caller === own.listener?.caller) < MAX_SOCKETS_BY_CALLER &&
      count(({ address }) => address === own.address) < MAX_SOCKETS_BY_ADDRESS
    );
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
    if (!source.mayWatch(listener.scope)) return refuse(NOT_FOUND);
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
    if (!this.#hasRoomFor(socket)) return refuse(TOO_MANY_SOCKETS);
    const query = admitted && queries.keep(admitted);
    if (query === undefined) return refuse({ code: "COST_LIMIT", message: TOO_MANY_DOCUMENTS });
    const subscription: Subscription = { id, target: { ...target, after: null }, query, cursor: pull.cursor };
    const attachment = attachmentOf(socket);
    const subscriptions = [...attachment.subscriptions, ...(pull.isOver ? [] : [subscription])];
    if (!attach(socket, { ...attachment, subscriptions })) return refuse({ code: "COST_LIMIT", message: NO_ROOM });
    if (subscriptions.length > 0) this.#waitingRoom.leave(socket);
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
    const subscriptions = attachment.subscriptions.filter((other) => other.id !== id);
    attach(socket, { ...attachment, subscriptions });
    if (subscriptions.length === 0 && attachment.subscriptions.length > 0) {
      this.#waitingRoom.enter(socket, attachment.address, "subscription");
    }
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
    if (subscriptions.length === 0 && pulls.length > 0 && attachment.speaks === "graphql") {
      this.#waitingRoom.enter(socket, attachment.address, "subscription");
    }
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

/** Whether somebody is here who may be told something still, be it the last of a subscription. */
export const isOccupied = (ctx: DurableObjectState): boolean =>
  ctx.getWebSockets().some((socket) => socket.readyState === WebSocket.OPEN && attachmentOf(socket).listener !== null);

/** The open sockets that are subscribed to something. One that we closed may linger until its client answers. */
export const listening = (ctx: DurableObjectState): WebSocket[] =>
  ctx
    .getWebSockets()
    .filter((socket) => socket.readyState === WebSocket.OPEN && attachmentOf(socket).subscriptions.length > 0);

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

const NOT_FOUND: Refusal = { code: "NOT_FOUND", message: "There is no such thing, or none that the token may see." };
const TOO_MANY_SOCKETS: Refusal = {
  code: "TOO_MANY_SOCKETS",
  message: "Too many listen to this already, or too many of yours, or from your address; try again later.",
};
const ELSEWHERE = "Another object has that: open a socket for what you subscribe to, /live?device=… or /live?dealer=….";
const NO_ROOM = "This socket's token and its subscriptions' variables take too much room; open another.";
const TOO_MANY_DOCUMENTS = "Too many different documents listen to this; use one that others use.";
