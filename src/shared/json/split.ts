import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, isSpace, OPEN_BRACE, OPEN_BRACKET, QUOTE } from "./characters.ts";

export type Split = {
  /** The objects that this chunk has completed, each with its exact text. */
  readonly objects: readonly string[];
  /** Why no more objects can be read: other text follows, or an object is too large. */
  readonly broken?: "not_an_object" | "too_large";
};

/**
 * Splits a stream of concatenated JSON objects, with or without white space between them, whose chunks may be cut
 * anywhere. It only counts brackets and quotes; `JSON.parse` has to validate the objects.
 */
export class ObjectSplitter {
  readonly #maxLength: number;
  /** The start of an incomplete object. */
  #pending = "";
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** @param maxLength of one object, in UTF-16 units */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  /** Adds the next chunk. Must not be called again after a result that is `broken`. */
  push(chunk: string): Split {
    const objects: string[] = [];
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const unit = chunk.charCodeAt(i);
      if (this.#depth === 0) {
        if (isSpace(unit)) continue;
        if (unit !== OPEN_BRACE) return { objects, broken: "not_an_object" };
        start = i;
        this.#depth = 1;
      } else if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (unit === BACKSLASH) this.#escaped = true;
        else if (unit === QUOTE) this.#inString = false;
      } else if (unit === QUOTE) {
        this.#inString = true;
      } else if (unit === OPEN_BRACE || unit === OPEN_BRACKET) {
        this.#depth++;
      } else if ((unit === CLOSE_BRACE || unit === CLOSE_BRACKET) && --this.#depth === 0) {
        const object = this.#pending + chunk.slice(start, i + 1);
        this.#pending = "";
        if (object.length > this.#maxLength) return { objects, broken: "too_large" };
        objects.push(object);
        start = i + 1;
      }
    }
    if (this.#depth > 0) this.#pending += chunk.slice(start);
    if (this.#pending.length > this.#maxLength) return { objects, broken: "too_large" };
    return { objects };
  }

  /** Whether the last object is incomplete. */
  get isInside(): boolean {
    return this.#depth > 0;
  }
}
