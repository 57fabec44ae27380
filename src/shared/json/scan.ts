import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
} from "./characters.ts";
import { skipSpace } from "./cut.ts";

/** The text ends before the value does. */
export const OPEN = Number.NEGATIVE_INFINITY;

/** The text breaks JSON's grammar at this index. */
const brokenAt = (index: number): number => -1 - index;

/** The index of the syntax error, from the result of {@link scanValue}. */
export const breakIn = (scanned: number): number => -1 - scanned;

/**
 * Scans one value by JSON's grammar (RFC 8259), to any depth and without building anything. In contrast to `valueEnd`,
 * which counts brackets, it stops where the text can no longer become JSON.
 * @returns the index after the value, {@link OPEN}, or a negative number that {@link breakIn} decodes
 */
export function scanValue(text: string, at: number): number {
  const closers: number[] = [];
  let i = at;
  for (;;) {
    i = startOfValue(text, i, closers);
    if (i < 0) return i;
    // After a value: everything that ends with it, then the next value.
    for (let isNext = false; !isNext; ) {
      const close = closers.at(-1);
      if (close === undefined) return i;
      i = skipSpace(text, i);
      if (i >= text.length) return OPEN;
      const unit = text.charCodeAt(i);
      if (unit === close) {
        closers.pop();
        i++;
      } else if (unit === COMMA) {
        i = skipSpace(text, i + 1);
        if (close === CLOSE_BRACE) i = afterName(text, i);
        if (i < 0) return i;
        isNext = true;
      } else return brokenAt(i);
    }
  }
}

/** The end of the scalar or the empty bracket at `at`, after all brackets that open before it. */
function startOfValue(text: string, at: number, closers: number[]): number {
  for (let i = skipSpace(text, at); ; ) {
    switch (text.charCodeAt(i)) {
      case OPEN_BRACE:
        i = skipSpace(text, i + 1);
        if (text.charCodeAt(i) === CLOSE_BRACE) return i + 1;
        closers.push(CLOSE_BRACE);
        i = afterName(text, i);
        if (i < 0) return i;
        break;
      case OPEN_BRACKET:
        i = skipSpace(text, i + 1);
        if (text.charCodeAt(i) === CLOSE_BRACKET) return i + 1;
        closers.push(CLOSE_BRACKET);
        break;
      case QUOTE:
        return endOfString(text, i);
      default:
        return endOfScalar(text, i);
    }
  }
}

/** After the name at `at` and its colon, where the member's value begins. */
function afterName(text: string, at: number): number {
  if (at >= text.length) return OPEN;
  if (text.charCodeAt(at) !== QUOTE) return brokenAt(at);
  const end = endOfString(text, at);
  if (end < 0) return end;
  const colon = skipSpace(text, end);
  if (colon >= text.length) return OPEN;
  return text.charCodeAt(colon) === COLON ? skipSpace(text, colon + 1) : brokenAt(colon);
}

function endOfString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) return i + 1;
    if (unit < SPACE) return brokenAt(i);
    if (unit !== BACKSLASH) continue;
    ESCAPE.lastIndex = i;
    if (!ESCAPE.test(text)) return text.length - i < 6 && PART_OF_ESCAPE.test(text.slice(i)) ? OPEN : brokenAt(i);
    i = ESCAPE.lastIndex - 1;
  }
  return OPEN;
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const PART_OF_ESCAPE = /^\\(?:u[0-9a-fA-F]{0,3})?$/;

function endOfScalar(text: string, at: number): number {
  SCALAR.lastIndex = at;
  if (SCALAR.test(text)) return SCALAR.lastIndex;
  return PART_OF_SCALAR.test(text.slice(at, at + 5)) && at + 5 > text.length ? OPEN : brokenAt(at);
}

const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const PART_OF_SCALAR = /^(?:-|t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?)?$/;
