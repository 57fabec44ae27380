import { printable, truncate } from "./printable.ts";

const BAR_WIDTH = 28;
/** Shortest time between two drawings on a terminal; a person sees no difference below it. */
const REDRAW_MS = 50;
/** Shortest time between two lines in a file or a pipe. */
const LINE_MS = 5_000;

/** Where progress is drawn. */
export type Screen = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };

/** A bar that redraws itself on a terminal, and a line every few seconds elsewhere. */
export class Progress {
  readonly #out: Screen | undefined;
  readonly #now: () => number;
  #shownAtMs = 0;
  #isDrawn = false;

  /** @param out nothing is shown without one */
  constructor(out: Screen | undefined, now: () => number = Date.now) {
    this.#out = out;
    this.#now = now;
  }

  /** @param total null where it is not known before the end */
  show(done: number, total: number | null, note: string): void {
    if (!this.#out) return;
    const nowMs = this.#now();
    const isTTY = this.#out.isTTY === true;
    if (done !== total && nowMs - this.#shownAtMs < (isTTY ? REDRAW_MS : LINE_MS)) return;
    this.#shownAtMs = nowMs;
    const line = printable(`${progressBar(done, total, isTTY)}${note}`);
    if (isTTY) this.#out.write(`\r${truncate(line, (this.#out.columns ?? 80) - 1)}\u001b[K`);
    else this.#out.write(`${line}\n`);
    this.#isDrawn = isTTY;
  }

  end(): void {
    if (this.#isDrawn) this.#out?.write("\n");
    this.#isDrawn = false;
  }
}

/** @param withBar whether a bar precedes the numbers */
export function progressBar(done: number, total: number | null, withBar: boolean): string {
  if (total === null) return `${done} `;
  const filled = total === 0 ? BAR_WIDTH : Math.floor((done / total) * BAR_WIDTH);
  return `${withBar ? `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ` : ""}${done}/${total}  `;
}
