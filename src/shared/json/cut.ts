import {
  BACKSLASH,
  CARRIAGE_RETURN,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  isSpace,
  LINE_FEED,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
  TAB,
} from "./characters.ts";
import { parseJson } from "./parse-json.ts";

/**
 * Cuts JSON text into the texts of its parts, byte for byte and without parsing them: a dead letter keeps the exact payload,
 * which `JSON.parse` and `JSON.stringify` would change, and limits apply before memory is allocated.
 *
 * The text between parts is checked against JSON's grammar. A part itself is only delimited by balanced brackets or quotes;
 * `JSON.parse` has to validate it.
 */
export type Span = { readonly start: number; readonly end: number };
/** `written` is the span of its name, with quotes and escapes. */
export type Member = Span & { readonly name: string; readonly written: Span };

/** The text between the parts is not JSON. */
export class NotJson extends Error {
  override name = "NotJson";
}

/**
 * The members of the object that starts at `at`, one by one, so that a caller with a limit can stop early.
 * @throws NotJson
 */
export function* membersOf(text: string, at: number): Generator<Member, number> {
  for (let i = firstItem(text, at, CLOSE_BRACE); i < text.length; ) {
    if (text.charCodeAt(i) === CLOSE_BRACE) return i + 1;
    const nameEnd = text.charCodeAt(i) === QUOTE ? stringEnd(text, i) : 0;
    const colon = skipSpace(text, nameEnd);
    if (nameEnd === 0 || text.charCodeAt(colon) !== COLON) throw new NotJson();
    const value = spanAt(text, skipSpace(text, colon + 1));
    yield { ...value, name: memberName(text, i, nameEnd), written: { start: i, end: nameEnd } };
    i = nextItem(text, value.end, CLOSE_BRACE);
  }
  throw new NotJson();
}

/** The elements of the array that starts at `at`, one by one. @throws NotJson */
export function* elementsOf(text: string, at: number): Generator<Span, number> {
  for (let i = firstItem(text, at, CLOSE_BRACKET); i < text.length; ) {
    if (text.charCodeAt(i) === CLOSE_BRACKET) return i + 1;
    const element = spanAt(text, i);
    yield element;
    i = nextItem(text, element.end, CLOSE_BRACKET);
  }
  throw new NotJson();
}

/** The value that starts at `at`. @throws NotJson if there is none, or it does not end */
export function spanAt(text: string, at: number): Span {
  const end = valueEnd(text, at);
  if (end <= at) throw new NotJson();
  return { start: at, end };
}

/** The only value of a text. @throws NotJson if there is none, or text after it */
export function soleValue(text: string): Span {
  const span = spanAt(text, skipSpace(text, 0));
  if (skipSpace(text, span.end) < text.length) throw new NotJson();
  return span;
}

/** The last member with that name in the object that starts at `at`: `JSON.parse` keeps the last one too. @throws NotJson */
export function memberAt(text: string, at: number, name: string): Span | undefined {
  let found: Span | undefined;
  for (const member of membersOf(text, at)) if (member.name === name) found = member;
  return found && { start: found.start, end: found.end };
}

const memberName = (text: string, start: number, end: number): string => {
  const inner = text.slice(start + 1, end - 1);
  if (!inner.includes("\\")) return inner;
  const name = parseJson(text.slice(start, end));
  if (typeof name !== "string") throw new NotJson();
  return name;
};

/** The index after the value that starts at `at`; 0 if it does not end. */
export function valueEnd(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        if (depth === 0 && i > at) return i;
        i = stringEnd(text, i) - 1;
        if (i < 0) return 0;
        if (depth === 0) return i + 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (depth === 0 && i > at) return i;
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
  return depth === 0 ? text.length : 0;
}

/** Whether a text, JSON or not, nests brackets deeper than `limit`. */
export function isNestedDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  return someOutsideStrings(text, (unit) => {
    if (unit === OPEN_BRACE || unit === OPEN_BRACKET) return ++depth > limit;
    if (unit === CLOSE_BRACE || unit === CLOSE_BRACKET) depth--;
    return false;
  });
}

/** Whether a text, JSON or not, has more than `limit` values, each of which may cost JSON.parse an object. */
export function hasMoreValuesThan(text: string, limit: number): boolean {
  let values = 1;
  return someOutsideStrings(
    text,
    (unit) => (unit === OPEN_BRACE || unit === OPEN_BRACKET || unit === COMMA) && ++values > limit,
  );
}

/** Whether a character outside of strings matches. The text after the start of an unterminated string is not searched. */
function someOutsideStrings(text: string, isIt: (unit: number) => boolean): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) {
      i = stringEnd(text, i) - 1;
      if (i < 0) return false;
    } else if (isIt(unit)) return true;
  }
  return false;
}

export function skipSpace(text: string, at: number): number {
  let i = at;
  while (isSpace(text.charCodeAt(i))) i++;
  return i;
}

/** The index of the first item after the bracket at `at`, or of the closing bracket. */
function firstItem(text: string, at: number, close: number): number {
  if (text.charCodeAt(at) !== (close === CLOSE_BRACE ? OPEN_BRACE : OPEN_BRACKET)) throw new NotJson();
  return skipSpace(text, at + 1);
}

/** The index of the next item, or of the closing bracket. */
function nextItem(text: string, end: number, close: number): number {
  const i = skipSpace(text, end);
  const unit = text.charCodeAt(i);
  if (unit === close) return i;
  if (unit !== COMMA) throw new NotJson();
  const next = skipSpace(text, i + 1);
  if (text.charCodeAt(next) === close) throw new NotJson();
  return next;
}

/** The index after the string that starts at `at`; 0 if it does not end. */
function stringEnd(text: string, at: number): number {
  let end = text.indexOf('"', at + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

/** A quote is escaped if an odd number of backslashes precedes it. */
function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}
