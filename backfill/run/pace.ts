/** What time it is, and a wait that a signal may end. */
export type Clock = {
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};

/** Lets so many events go a second. */
export class Pace {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #freeAtMs = 0;

  /** @param perSecond `Infinity` for as many as there are */
  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** How many may go at once: those of a quarter of a second. */
  get step(): number {
    return Number.isFinite(this.#perSecond) ? Math.max(1, Math.floor(this.#perSecond / 4)) : Number.POSITIVE_INFINITY;
  }

  /** Resolves when the next events may go, or at once if the signal is aborted. */
  async take(events: number, signal: AbortSignal): Promise<void> {
    if (!Number.isFinite(this.#perSecond)) return;
    const nowMs = this.#clock.now();
    const startMs = Math.max(nowMs, this.#freeAtMs);
    this.#freeAtMs = startMs + (events / this.#perSecond) * 1_000;
    if (startMs > nowMs) await this.#clock.sleep(startMs - nowMs, signal);
  }
}
