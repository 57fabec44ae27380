import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  LINE_FEED,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  RECORD_SEPARATOR,
} from "./characters.ts";
import { OPEN } from "./scan.ts";

/** Computes a summary of a text that it gets in pieces: its size and its hash. */
export type Digest<Summary> = { update(text: string): void; finish(): Summary };

/** A record that is too large to be kept. Its beginning is kept, and a digest of the rest is computed as it is read. */
export class OversizedRecord<Summary> {
  readonly #headLength: number;
  readonly #digest: Digest<Summary>;
  readonly #until: "line" | "brackets";
  #head = "";
  #depth = 0;
  #inString = false;
  #isEscaped = false;

  /**
   * @param until where it ends: with its line at the latest, or with its brackets alone if it is printed over many
   * lines
   */
  constructor(headLength: number, digest: Digest<Summary>, until: "line" | "brackets") {
    this.#headLength = headLength;
    this.#digest = digest;
    this.#until = until;
  }

  /** Consumes the text from `at` on. @returns the index after the record, or {@link OPEN} if it continues */
  push(text: string, at: number): number {
    const end = this.#endIn(text, at);
    const taken = text.slice(at, end === OPEN ? text.length : end);
    this.#digest.update(taken);
    this.#head += taken.slice(0, this.#headLength - this.#head.length);
    return end;
  }

  finish(): { readonly text: string; readonly cut: Summary } {
    // Never between the two halves of a surrogate pair.
    return { text: this.#head.replace(/[\ud800-\udbff]$/, ""), cut: this.#digest.finish() };
  }

  #endIn(text: string, at: number): number {
    for (let i = at; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit === LINE_FEED || unit === RECORD_SEPARATOR) {
        // A string never extends beyond its line.
        this.#inString = false;
        if (this.#until === "line") return i;
      } else if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#inString && unit === BACKSLASH) this.#isEscaped = true;
      else if (unit === QUOTE) {
        this.#inString = !this.#inString;
        if (!this.#inString && this.#depth === 0) return i + 1;
      } else if (this.#inString) continue;
      else if (unit === OPEN_BRACE || unit === OPEN_BRACKET) this.#depth++;
      else if (unit === CLOSE_BRACE || unit === CLOSE_BRACKET) {
        if (--this.#depth <= 0) return i + 1;
      }
    }
    return OPEN;
  }
}
