/** How a handler ended. */
export type End = "returned" | "threw" | "died";

/**
 * One run of a handler. From its death on nothing of it happens: what it asks for is not done, what it waits for never
 * comes, and what it would say then is not heard.
 */
export class Run {
  readonly #death = Promise.withResolvers<"died">();
  #isDead = false;
  /** It put something into a queue, which will be there twice when its messages come back. */
  hasSent = false;

  /** Lets a handler run to its end, or to its death, behind which the world does not wait for it. */
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

  /** @returns what the dead hear: nothing, ever */
  die(): Promise<never> {
    this.#isDead = true;
    this.#death.resolve("died");
    return NEVER;
  }

  /** What the handler hears of an effect that it began. */
  hears<T>(effect: Promise<T>): Promise<T> {
    return effect.finally(() => (this.#isDead ? NEVER : undefined));
  }
}

const NEVER = new Promise<never>(() => {});
