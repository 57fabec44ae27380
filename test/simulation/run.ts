/** How a handler ended. */
export type End = "returned" | "threw" | "died";

/**
 * One run of a handler. After its death its calls have no effect, what it awaits never settles, and its dispositions
 * are lost.
 */
export class Run {
  readonly #death = Promise.withResolvers<"died">();
  #isDead = false;
  /** It sent something to a queue, which will be there twice when its messages are retried. */
  hasSent = false;
  /** The receipts of the records of which R2 has told this handler that it has them. */
  readonly archived = new Set<string>();
  /** Those of the records that are more than once in its batch. */
  copied: ReadonlySet<string> = new Set();

  /** Runs a handler to its end or its death. After its death the simulation does not wait for it. */
  async live(handler: () => Promise<void>): Promise<End> {
    const end = handler().then(
      () => "returned" as const,
      () => "threw" as const,
    );
    return Promise.race([end, this.#death.promise]);
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** @returns a promise that never settles, for a dead handler */
  die(): Promise<never> {
    this.#isDead = true;
    this.#death.resolve("died");
    return NEVER;
  }

  /** The result that the handler gets of an effect. */
  hears<T>(effect: Promise<T>): Promise<T> {
    return effect.finally(() => (this.#isDead ? NEVER : undefined));
  }
}

const NEVER = new Promise<never>(() => {});
