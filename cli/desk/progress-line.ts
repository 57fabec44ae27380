const WIDTH = 28;
/** Between two lines where nothing can be redrawn. */
const QUIET_MS = 5_000;

/** A bar that redraws itself on a terminal; elsewhere a line now and then. */
export class ProgressLine {
  readonly #out: NodeJS.WriteStream | undefined;
  #saidAtMs = 0;
  #isDrawn = false;

  /** @param out nothing is shown without one */
  constructor(out: NodeJS.WriteStream | undefined) {
    this.#out = out;
  }

  show(done: number, total: number, note: string): void {
    if (!this.#out) return;
    if (this.#out.isTTY) {
      const filled = total === 0 ? WIDTH : Math.round((done / total) * WIDTH);
      const line = `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${done}/${total}  ${note}`;
      this.#out.write(`\r${line.slice(0, (this.#out.columns ?? 80) - 1)}\u001b[K`);
      this.#isDrawn = true;
      return;
    }
    const nowMs = Date.now();
    if (done < total && nowMs - this.#saidAtMs < QUIET_MS) return;
    this.#saidAtMs = nowMs;
    this.#out.write(`${done}/${total}  ${note}\n`);
  }

  end(): void {
    if (this.#isDrawn) this.#out?.write("\n");
    this.#isDrawn = false;
  }
}
