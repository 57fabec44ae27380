import { printable, truncate } from "../../cli/terminal/printable.ts";
import type { Screen } from "../../cli/terminal/progress.ts";

/** A line at the bottom of a terminal that is drawn over itself. Lines of the log are written above it. */
export class StatusScreen {
  readonly #screen: Screen;
  #isDrawn = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  draw(line: string): void {
    this.#screen.write(`\r${truncate(printable(line), (this.#screen.columns ?? 80) - 1)}\u001b[K`);
    this.#isDrawn = true;
  }

  clear(): void {
    if (this.#isDrawn) this.#screen.write("\r\u001b[K");
    this.#isDrawn = false;
  }
}
