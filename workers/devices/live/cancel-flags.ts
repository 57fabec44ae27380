/** Whether a client has canceled a subscription. Items check it before they are sent. It lives until the object hibernates. */
export type CancelFlag = { cancelled: boolean };

/** The flags of each socket's subscriptions, by id. */
export class CancelFlags {
  readonly #bySocket = new WeakMap<WebSocket, Map<string, CancelFlag>>();

  idsOf(socket: WebSocket): string[] {
    return [...(this.#bySocket.get(socket)?.keys() ?? [])];
  }

  /** The flag of a subscription. After hibernation it is a new one: the subscription itself is in the socket's attachment. */
  get(socket: WebSocket, id: string): CancelFlag {
    const cancelFlags = this.#bySocket.get(socket) ?? new Map<string, CancelFlag>();
    this.#bySocket.set(socket, cancelFlags);
    const cancelFlag = cancelFlags.get(id) ?? { cancelled: false };
    cancelFlags.set(id, cancelFlag);
    return cancelFlag;
  }

  /** Drops a subscription and the items that are queued for it. */
  cancel(socket: WebSocket, id: string): void {
    const cancelFlag = this.#bySocket.get(socket)?.get(id);
    if (cancelFlag) cancelFlag.cancelled = true;
    this.drop(socket, id);
  }

  /**
   * Drops a subscription that is over; items that are queued for it are still sent.
   * @param cancelFlag drop it only if this is its flag: the client may have opened another with the same id
   */
  drop(socket: WebSocket, id: string, cancelFlag?: CancelFlag): void {
    const cancelFlags = this.#bySocket.get(socket);
    if (cancelFlag === undefined || cancelFlags?.get(id) === cancelFlag) cancelFlags?.delete(id);
  }
}
