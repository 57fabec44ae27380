import { env } from "cloudflare:workers";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { OBJECT_PATHS, objectUrl } from "#objects/wire.ts";

const { HUBS } = env as unknown as { HUBS: DurableObjectNamespace };

/** What a client wants to hear: of which devices or dealers, in one subscription. */
export type Wish = { readonly of: "devices" | "dealers"; readonly names: readonly string[] };

/** An item as it arrived. */
export type Heard = {
  /** Its device or dealer. */
  readonly name: string;
  readonly kind: string;
  /** A device's revision, or a feed's sequence number. */
  readonly at: number;
  readonly topic: string | null;
  /** Whether it is the first of this device or dealer on its socket. */
  readonly isFirst: boolean;
  /** Whether the subscription had a place of this device or dealer to resume from, when it began on its socket. */
  readonly isResumed: boolean;
};

/** A subscription, over all sockets that it has had. */
export type Hearing = {
  readonly wish: Wish;
  readonly heard: Heard[];
  /** Cursor of the last item, to resume after. */
  after: string | null;
  /** The subscription is not there at the moment: the server has completed or refused it. */
  isOver: boolean;
  /** On the present socket: where it resumed, and how many items it had then. */
  resumedFrom: string | null;
  resumedAt: number;
};

const DOCUMENTS = {
  devices: `subscription ($names: [String!]!, $after: String) {
    news: devicesChanged(keys: $names, after: $after) { kind name: deviceKey at: revision cursor event { topic } } }`,
  dealers: `subscription ($names: [String!]!, $after: String) {
    news: dealersFeed(dealerIds: $names, after: $after) { kind name: dealerId cursor topic } }`,
};

type News = {
  kind: string;
  name: string;
  at?: number;
  cursor: string;
  topic?: string | null;
  event?: { topic: string } | null;
};

/**
 * A client with one socket to a hub and several subscriptions on it, written by the protocol and without our client. When
 * its connection is lost, it opens another and resumes each subscription after the last item that it has.
 */
export class HubClient {
  readonly hub: string;
  readonly hearings: readonly Hearing[];
  readonly scope: Scope;
  #socket: WebSocket | undefined;
  /** The server or the network has closed the socket. */
  isLost = false;

  constructor(hub: string, scope: Scope, wishes: readonly Wish[]) {
    this.hub = hub;
    this.scope = scope;
    this.hearings = wishes.map((wish) => ({
      wish,
      heard: [],
      after: null,
      isOver: false,
      resumedFrom: null,
      resumedAt: 0,
    }));
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  /** Opens a socket in place of the present one, and sends its subscriptions without waiting for what they bring. */
  async connect(): Promise<void> {
    this.drop();
    const headers = { Upgrade: "websocket", "Sec-WebSocket-Protocol": "graphql-transport-ws" };
    const { webSocket, status } = await HUBS.getByName(this.hub).fetch(objectUrl(OBJECT_PATHS.graphql), { headers });
    if (!webSocket) throw new Error(`the hub accepted no socket: ${status}`);
    this.isLost = false;
    this.#socket = webSocket;
    const token = await signToken(this.scope, LOCAL_TOKEN_SECRET, "2h");
    webSocket.addEventListener("message", ({ data }) => {
      // What is in flight on a connection that was dropped is lost.
      if (this.#socket === webSocket) this.#read(webSocket, JSON.parse(String(data)));
    });
    webSocket.addEventListener("close", () => {
      if (this.#socket !== webSocket) return;
      this.#socket = undefined;
      this.isLost = true;
    });
    webSocket.accept();
    webSocket.send(JSON.stringify({ type: "connection_init", payload: { Authorization: `Bearer ${token}` } }));
  }

  /** The connection is gone, without a word to the client's own code. */
  drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000, "dropped");
  }

  #read(socket: WebSocket, message: { type: string; id?: string; payload?: { data?: { news?: News } } }): void {
    if (message.type === "connection_ack") this.#subscribe(socket);
    const hearing = this.hearings[Number(message.id)];
    if (!hearing) return;
    if (message.type === "complete" || message.type === "error") hearing.isOver = true;
    if (message.type !== "next") return;
    const news = message.payload?.data?.news;
    if (!news) throw new Error(`a subscription was answered without data: ${JSON.stringify(message)}`);
    hearing.after = news.cursor;
    hearing.heard.push(heardOf(hearing, news));
  }

  #subscribe(socket: WebSocket): void {
    for (const [id, hearing] of this.hearings.entries()) {
      hearing.isOver = false;
      hearing.resumedFrom = hearing.after;
      hearing.resumedAt = hearing.heard.length;
      const payload = {
        query: DOCUMENTS[hearing.wish.of],
        variables: { names: hearing.wish.names, after: hearing.after },
      };
      socket.send(JSON.stringify({ type: "subscribe", id: String(id), payload }));
    }
  }
}

function heardOf(
  { wish, heard, resumedFrom, resumedAt }: Hearing,
  { kind, name, at, cursor, topic, event }: News,
): Heard {
  const place = placeIn(cursor, wish, name);
  return {
    ...{ name, kind, at: at ?? Number(place), topic: topic ?? event?.topic ?? null },
    isFirst: !heard.slice(resumedAt).some((one) => one.name === name),
    isResumed: resumedFrom !== null && placeIn(resumedFrom, wish, name) !== "",
  };
}

/** A cursor has the places of a list's objects after its check, and for one object is its place. */
function placeIn(cursor: string, { names }: Wish, name: string): string {
  const places = cursor.split(".");
  return (places.length === 1 ? places[0] : places[names.indexOf(name) + 1]) ?? "";
}
