import type { Delivery } from "./delivery/delivery.ts";
import type { Listener } from "./events.ts";
import type { Session } from "./source.ts";

/** Commits what is delivered, one commit at a time. One that fails is tried again with the next, and holds up nothing. */
export class Commits {
  readonly #session: Session;
  readonly #delivery: Delivery;
  readonly #emit: Listener;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(session: Session, delivery: Delivery, emit: Listener) {
    this.#session = session;
    this.#delivery = delivery;
    this.#emit = emit;
  }

  /**
   * Resolves once everything that is delivered by now is committed, or a commit has failed. Never rejects. Whoever asks
   * while a commit is running shares the next one, so that a slow one has no queue behind it.
   */
  commit(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      this.#running = this.#commit();
      return this.#running;
    });
    return this.#next;
  }

  async #commit(): Promise<void> {
    const positions = this.#delivery.uncommitted();
    if (positions.length === 0) return;
    try {
      await this.#session.commit(positions);
    } catch (error) {
      this.#emit({ kind: "commit.failed", message: error instanceof Error ? error.message : String(error) });
      return;
    }
    this.#delivery.committed(positions);
    this.#emit({ kind: "committed", positions });
  }
}
