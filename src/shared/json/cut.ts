import {
  BACKSLASH,
  CARRIAGE_RETURN,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  isSpace,
  LINE_FEED,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
  TAB,
} from "./characters.ts";

/**
 * Cuts JSON text into the texts of its parts without changing a byte. A dead letter keeps the exact payload, and
 * `JSON.parse` followed by `JSON.stringify` is not exact: it rounds 64-bit numbers and rewrites escapes.
 *
 * Every function here takes text that `JSON.parse` accepted; on any other text the result means nothing.
 */
export type Span = { readonly start: number; readonly end: number };

/** The last member of that name, as `JSON.parse` keeps it, of the object that starts at `at`. */
export function memberAt(text: string, at: number, name: string): Span | undefined {
  let found: Span | undefined;
  for (let i = skipSpace(text, at + 1); text[i] !== "}"; ) {
    const nameEnd = endOfString(text, i);
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = endOfValue(text, start);
    if (nameEnd - i >= name.length + 2 && JSON.parse(text.slice(i, nameEnd)) === name) found = { start, end };
    i = nextItem(text, end);
  }
  return found;
}

/** The elements of the array that starts at `at`. */
export function elementsAt(text: string, at: number): Span[] {
  const spans: Span[] = [];
  for (let i = skipSpace(text, at + 1); text[i] !== "]"; ) {
    const end = endOfValue(text, i);
    spans.push({ start: i, end });
    i = nextItem(text, end);
  }
  return spans;
}

/** The index behind the value that starts at `at`. */
export function endOfValue(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(text, i) - 1;
        if (depth === 0) return i + 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth === 0) return i;
        if (--depth === 0) return i + 1;
        break;
      case COMMA:
      case SPACE:
      case TAB:
      case LINE_FEED:
      case CARRIAGE_RETURN:
        if (depth === 0) return i;
    }
  }
  return text.length;
}

/** Whether any text, JSON or not, opens more brackets than `limit` inside each other. */
export function nestsDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(text, i) - 1;
        if (i < 0) return false;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++depth > limit) return true;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth--;
    }
  }
  return false;
}

export function skipSpace(text: string, at: number): number {
  let i = at;
  while (isSpace(text.charCodeAt(i))) i++;
  return i;
}

function nextItem(text: string, end: number): number {
  const i = skipSpace(text, end);
  return text.charCodeAt(i) === COMMA ? skipSpace(text, i + 1) : i;
}

function endOfString(text: string, at: number): number {
  let end = text.indexOf('"', at + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

/** A quote is escaped when an odd number of backslashes stands before it. */
function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}
