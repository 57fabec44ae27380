/** A subscription that somebody opened, for as long as its object is awake: what is queued for it looks here first. */
export type Mark = { cancelled: boolean };

/** The marks of each socket's subscriptions, by their ids. */
export class Marks {
  readonly #marks = new WeakMap<WebSocket, Map<string, Mark>>();

  idsOf(socket: WebSocket): string[] {
    return [...(this.#marks.get(socket)?.keys() ?? [])];
  }

  /** That of a subscription; a new one where an object has slept, and knows it by its socket's attachment only. */
  of(socket: WebSocket, id: string): Mark {
    const marks = this.#marks.get(socket) ?? new Map<string, Mark>();
    this.#marks.set(socket, marks);
    const mark = marks.get(id) ?? { cancelled: false };
    marks.set(id, mark);
    return mark;
  }

  /** Nothing more is told of it. */
  cancel(socket: WebSocket, id: string): void {
    const mark = this.#marks.get(socket)?.get(id);
    if (mark) mark.cancelled = true;
    this.drop(socket, id);
  }

  /** It is over: what is queued for it still goes out. @param mark which it has to be, where one may follow on another */
  drop(socket: WebSocket, id: string, mark?: Mark): void {
    const marks = this.#marks.get(socket);
    if (mark === undefined || marks?.get(id) === mark) marks?.delete(id);
  }
}
