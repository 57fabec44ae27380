import { cutTo, printable } from "./printable.ts";

const WIDTH = 28;
/** Between two lines where nothing can be redrawn. */
const QUIET_MS = 5_000;

/** Where it is drawn. */
export type Screen = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };

/** A bar that redraws itself on a terminal; elsewhere a line now and then. */
export class ProgressLine {
  readonly #out: Screen | undefined;
  readonly #now: () => number;
  #saidAtMs = 0;
  #isDrawn = false;

  /** @param out nothing is shown without one */
  constructor(out: Screen | undefined, now: () => number = Date.now) {
    this.#out = out;
    this.#now = now;
  }

  /** @param total null where nobody knows it before the end */
  show(done: number, total: number | null, note: string): void {
    if (!this.#out) return;
    const nowMs = this.#now();
    const isTTY = this.#out.isTTY === true;
    // A terminal can be redrawn for every letter, but who would see it?
    if (done !== total && nowMs - this.#saidAtMs < (isTTY ? 50 : QUIET_MS)) return;
    this.#saidAtMs = nowMs;
    const line = printable(`${barOf(done, total, isTTY)}${note}`);
    if (isTTY) this.#out.write(`\r${cutTo(line, (this.#out.columns ?? 80) - 1)}\u001b[K`);
    else this.#out.write(`${line}\n`);
    this.#isDrawn = isTTY;
  }

  end(): void {
    if (this.#isDrawn) this.#out?.write("\n");
    this.#isDrawn = false;
  }
}

/** @param isDrawn whether there is a bar before the numbers */
export function barOf(done: number, total: number | null, isDrawn: boolean): string {
  if (total === null) return `${done} `;
  const filled = total === 0 ? WIDTH : Math.floor((done / total) * WIDTH);
  return `${isDrawn ? `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ` : ""}${done}/${total}  `;
}
