import { fitsAttachment, readStored, type SocketAttachment, saveAttachment } from "../live/attachment.ts";

/** Where a subscription is in one of its objects: a cursor, or one of these. */
export const STARTING = "";
export const OVER = "x";

/** Room for each cursor while a subscription begins: no object of ours gets that far. */
const LONGEST = "9".repeat(12);

/** What is stored with a socket of a hub. */
export type HubAttachment = SocketAttachment & {
  /** The number of its next subscription. */
  readonly next: number;
  /** Where each subscription is in each of its objects, by its number. It is kept short: `12,7,,x`. */
  readonly places: Readonly<Record<number, string>>;
};

/** Which subscription of a socket, by the socket's name. */
type Which = { readonly socket: string; readonly number: number };

/** The sockets of a hub by name, and where their subscriptions are: stored in attachments, because these are not billed. */
export class Places {
  readonly #ctx: Pick<DurableObjectState, "getWebSockets" | "getTags">;
  /** What attachments hold, until the hub hibernates. */
  readonly #known = new WeakMap<WebSocket, HubAttachment>();

  constructor(ctx: Pick<DurableObjectState, "getWebSockets" | "getTags">) {
    this.#ctx = ctx;
  }

  nameOf(socket: WebSocket): string {
    return this.#ctx.getTags(socket)[0] ?? "";
  }

  /** @returns the socket while it is open */
  socketOf(name: string): WebSocket | undefined {
    return this.#ctx.getWebSockets(name).find(({ readyState }) => readyState === WebSocket.OPEN);
  }

  read(socket: WebSocket): HubAttachment {
    const known = this.#known.get(socket) ?? readStored<HubAttachment>(socket);
    this.#known.set(socket, known);
    return known;
  }

  /** @returns `false` if it is too large; the socket then keeps its former attachment */
  save(socket: WebSocket, attachment: HubAttachment): boolean {
    const isSaved = saveAttachment(socket, attachment);
    if (isSaved) this.#known.set(socket, attachment);
    return isSaved;
  }

  /** Forgets what is known of an attachment that somebody else has changed. */
  refresh(socket: WebSocket): void {
    this.#known.delete(socket);
  }

  /** Objects that all subscriptions of a socket follow. */
  count(socket: WebSocket): number {
    return Object.values(this.read(socket).places).reduce((sum, places) => sum + places.split(",").length, 0);
  }

  /** @returns a new subscription's number, or `undefined` if the attachment will have no room for its places */
  add(socket: WebSocket, count: number): number | undefined {
    const attachment = this.read(socket);
    const { next } = attachment;
    const places = { ...attachment.places, [next]: Array<string>(count).fill(STARTING).join(",") };
    const grown = Object.entries(places).map(([key, text]) => [key, text.split(",").fill(LONGEST).join(",")]);
    if (!fitsAttachment({ ...attachment, places: Object.fromEntries(grown) })) return undefined;
    return this.save(socket, { ...attachment, next: next + 1, places }) ? next : undefined;
  }

  remove({ socket: name, number }: Which): void {
    const socket = this.socketOf(name);
    if (!socket) return;
    const attachment = this.read(socket);
    const { [number]: _, ...places } = attachment.places;
    this.save(socket, { ...attachment, places });
  }

  /** The places of a subscription; `undefined` if it, or its socket, is gone. */
  of({ socket: name, number }: Which): readonly string[] | undefined {
    const socket = this.socketOf(name);
    return socket && this.read(socket).places[number]?.split(",");
  }

  /** @throws if they no longer fit the attachment */
  move(socket: WebSocket, number: number, places: readonly string[]): void {
    const attachment = this.read(socket);
    if (!this.save(socket, { ...attachment, places: { ...attachment.places, [number]: places.join(",") } }))
      throw new Error("the cursors no longer fit the socket's attachment");
  }
}
