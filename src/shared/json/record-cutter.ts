import {
  BYTE_ORDER_MARK,
  CLOSE_BRACKET,
  COMMA,
  isSpace,
  LINE_FEED,
  OPEN_BRACE,
  OPEN_BRACKET,
  RECORD_SEPARATOR,
} from "./characters.ts";
import { skipSpace, valueEnd } from "./cut.ts";
import { type Digest, OversizedRecord } from "./oversized-record.ts";
import { breakIn, OPEN, scanValue } from "./scan.ts";

/** A record's exact text. If it is too large, its beginning, with the digest of the whole. */
export type CutRecord<Summary> = { readonly text: string; readonly cut?: Summary };

export type CutOptions<Summary> = {
  /**
   * The longest record that is kept whole, in UTF-16 units. A longer one that ends within its chunk may be kept whole
   * too.
   */
  readonly maxLength: number;
  /** How much of a longer record is kept. */
  readonly headLength: number;
  /** Computes the digest of a longer record. */
  readonly digest: () => Digest<Summary>;
  /** Whether an array at the start of the text is a list of records instead of one record. */
  readonly mayBeArray: boolean;
};

/**
 * Cuts text that arrives in chunks into the records that a sink wrote one after another, with any separators: nothing,
 * spaces, commas, line ends, a byte order mark, the separator of RFC 7464, or the brackets of an array around them. The
 * records do not depend on where the chunks end.
 *
 * A record is a JSON value. Text that is not JSON is a record too, so that nothing is dropped: it extends as far as its
 * brackets balance on its line, else to the end of that line. An empty line is an empty record. A number, a string or a
 * word is a record of its own if it is alone on its line or is an element of an array.
 */
export class RecordCutter<Summary> {
  readonly #options: CutOptions<Summary>;
  /** Text that was read and belongs to no complete record yet. */
  #rest = "";
  #oversized: OversizedRecord<Summary> | undefined;
  /** An array lasts to its bracket, or to the end of its line if it has none. */
  #array: "none" | "whole" | "line" = "none";
  #mayBeArray: boolean;
  #sawArray = false;
  /** The bracket of an array that ended with its line may still follow. */
  #bracketIsOwed = false;
  #lineHasRecord = false;
  #read = 0;
  #readInVain = 0;
  /** A range of the current text that contains no line end. */
  #line = NO_LINE;

  constructor(options: CutOptions<Summary>) {
    this.#options = options;
    this.#mayBeArray = options.mayBeArray;
  }

  /** Whether there was an array, which may be empty. */
  get sawArray(): boolean {
    return this.#sawArray;
  }

  /** The records that a chunk completed. */
  push(chunk: string): CutRecord<Summary>[] {
    return this.#cut(chunk, false);
  }

  /** The records that end with the text. */
  end(): CutRecord<Summary>[] {
    return this.#cut("", true);
  }

  #cut(chunk: string, isLast: boolean): CutRecord<Summary>[] {
    this.#read += chunk.length;
    this.#line = NO_LINE;
    const records: CutRecord<Summary>[] = [];
    const text = this.#rest + chunk;
    let at = this.#oversized ? this.#goOn(this.#oversized, text, 0, isLast, records) : 0;
    while (!this.#oversized) {
      at = this.#skipBetween(text, at, records);
      if (at >= text.length) break;
      if (this.#mayBeArray && text.charCodeAt(at) === OPEN_BRACKET) {
        const array = this.#arrayAt(text, at, isLast);
        if (array === undefined) break;
        if (array !== "none") {
          this.#enter(array);
          at++;
          continue;
        }
      }
      this.#mayBeArray = false;
      let end = this.#endOfRecord(text, at, isLast);
      if (end === OPEN && text.length - at > this.#options.maxLength) {
        const oversized = this.#oversizedAt(text, at);
        if (oversized) {
          at = this.#goOn(oversized, text, at, isLast, records);
          continue;
        }
        end = this.#endOfBroken(text, at, isLast);
      }
      if (end === OPEN) break;
      records.push({ text: text.slice(at, end) });
      this.#lineHasRecord = true;
      at = end;
    }
    this.#rest = text.slice(at);
    return records;
  }

  /** Where the next record or array begins, after all separators. */
  #skipBetween(text: string, from: number, records: CutRecord<Summary>[]): number {
    for (let at = from; ; at++) {
      const unit = text.charCodeAt(at);
      if (unit === LINE_FEED) {
        if (this.#array === "none" && !this.#lineHasRecord) records.push({ text: "" });
        if (this.#array === "line") this.#array = "none";
        this.#lineHasRecord = false;
      } else if (unit === CLOSE_BRACKET && this.#array !== "none") {
        this.#array = "none";
        this.#bracketIsOwed = false;
        this.#lineHasRecord = true;
      } else if (unit === CLOSE_BRACKET && this.#bracketIsOwed && this.#lineHasRecord) {
        this.#bracketIsOwed = false;
      } else if (!isSpace(unit) && unit !== COMMA && unit !== RECORD_SEPARATOR && unit !== BYTE_ORDER_MARK) return at;
    }
  }

  /** What the bracket at `at` opens; `undefined` if that needs more text. */
  #arrayAt(text: string, at: number, isLast: boolean): "none" | "whole" | "line" | undefined {
    const first = skipSpace(text, at + 1);
    if (first >= text.length) return isLast ? "none" : undefined;
    const scanned = this.#scan(text, at, isLast);
    if (scanned > 0) return "whole";
    const mayWait = !isLast && text.length - at <= this.#options.maxLength;
    if (scanned === OPEN && !isLast) return mayWait ? undefined : "whole";
    const lineEnd = this.#endOfLine(text, at);
    if (lineEnd === text.length && mayWait) return undefined;
    const line = text.slice(at, lineEnd);
    const end = valueEnd(line, 0);
    if (line.trimEnd() === "[" || (end > 0 && ENDS_LINE.test(line.slice(end)))) return "whole";
    return BEGINS_VALUE.test(text.charAt(first)) ? "line" : "none";
  }

  #enter(array: "whole" | "line"): void {
    this.#array = array;
    this.#bracketIsOwed = array === "line";
    this.#sawArray = true;
    this.#mayBeArray = false;
    this.#lineHasRecord = true;
  }

  /** The index after the record that begins at `at`, or {@link OPEN} if it needs more text. */
  #endOfRecord(text: string, at: number, isLast: boolean): number {
    const end = this.#scan(text, at, isLast);
    if (end === OPEN && !isLast) return OPEN;
    if (end > 0 && isBracket(text.charCodeAt(at))) return end;
    // More digits or letters may follow.
    if (end > 0 && !isLast && skipBlanks(text, end) === text.length) return OPEN;
    if (end > 0 && this.#isAlone(text, end)) return end;
    return this.#endOfBroken(text, at, isLast);
  }

  /** Whether a scalar that ends here is alone on its line, or is an element of an array. */
  #isAlone(text: string, end: number): boolean {
    const next = text.charCodeAt(skipBlanks(text, end));
    if (Number.isNaN(next) || next === LINE_FEED || next === RECORD_SEPARATOR) return !this.#sharesLine;
    return this.#array !== "none" && (next === COMMA || next === CLOSE_BRACKET);
  }

  get #sharesLine(): boolean {
    return this.#array === "none" && this.#lineHasRecord;
  }

  #endOfBroken(text: string, at: number, isLast: boolean): number {
    const line = this.#endOfLine(text, at);
    const isWholeLine = line < text.length || isLast;
    const written = text.slice(at, line);
    if (isBracket(text.charCodeAt(at))) {
      const end = valueEnd(written, 0);
      // The line may be longer than all that is held, so the record does not wait for its end.
      const isSeparated = end > 0 && (end < written.length || isWholeLine);
      if (isSeparated && ENDS_RECORD.test(written.slice(end, end + 1))) return at + end;
      if (isWholeLine && written.trimEnd() === "{") {
        const closed = endOfIndented(text, at);
        if (closed > 0 || (closed === OPEN && !isLast)) return closed;
      }
    } else if (this.#array !== "none") {
      const end = written.search(/[,\]]/);
      if (end > 0) return at + end;
    }
    if (!isWholeLine) return OPEN;
    // The comma belongs to the array.
    const rest = this.#array === "none" ? /\r?$/ : /,?\r?$/;
    return at + written.search(rest);
  }

  /** A record that exceeds the limit, if its end can be found without holding all of it. */
  #oversizedAt(text: string, at: number): OversizedRecord<Summary> | undefined {
    const line = this.#endOfLine(text, at);
    const isIndented = line < text.length && text.slice(at, line).trimEnd() === "{";
    if (line < text.length && !isIndented) return undefined;
    return new OversizedRecord(this.#options.headLength, this.#options.digest(), isIndented ? "brackets" : "line");
  }

  /** @returns the index after the text that it consumed */
  #goOn(
    oversized: OversizedRecord<Summary>,
    text: string,
    at: number,
    isLast: boolean,
    records: CutRecord<Summary>[],
  ): number {
    const end = oversized.push(text, at);
    this.#oversized = end === OPEN && !isLast ? oversized : undefined;
    if (!this.#oversized) {
      records.push(oversized.finish());
      this.#lineHasRecord = true;
    }
    return end === OPEN ? text.length : end;
  }

  /** The end of the line at `at`. It is looked for once per line, since a body may be one line. */
  #endOfLine(text: string, at: number): number {
    if (at < this.#line.start || at > this.#line.end) this.#line = { start: at, end: endOfLine(text, at) };
    return this.#line.end;
  }

  /** Scans beyond the line only while few such scans failed; otherwise many broken lines would each scan the rest. */
  #scan(text: string, at: number, isLast: boolean): number {
    const line = this.#endOfLine(text, at);
    if (this.#readInVain > MAX_IN_VAIN + 4 * this.#read) {
      const within = scanValue(text.slice(at, line), 0);
      if (within > 0) return at + within;
      return within === OPEN && line === text.length ? OPEN : BROKEN;
    }
    const scanned = scanValue(text, at);
    // An incomplete value may be complete with the next chunk.
    const mayGoOn = scanned === OPEN && !isLast && text.length - at <= this.#options.maxLength;
    if (scanned < 0 && !mayGoOn)
      this.#readInVain += Math.max(0, (scanned === OPEN ? text.length : breakIn(scanned)) - line);
    return scanned;
  }
}

/** Any negative number but {@link OPEN}. */
const BROKEN = -1;
const NO_LINE = { start: 0, end: -1 };
const MAX_IN_VAIN = 64 * 1024;

const BEGINS_VALUE = /["{[\-0-9tfn]/;
/** After an array that is alone on its line. */
const ENDS_LINE = /^\s*,?\s*$/;
const ENDS_RECORD = /^(?:[\s,\]{["\ufeff]|$)/;

const isBracket = (unit: number): boolean => unit === OPEN_BRACE || unit === OPEN_BRACKET;

function skipBlanks(text: string, at: number): number {
  let i = at;
  while (isSpace(text.charCodeAt(i)) && text.charCodeAt(i) !== LINE_FEED) i++;
  return i;
}

/** Before the line feed or the record separator that ends the line, or at the end of the text. */
export function endOfLine(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === LINE_FEED || unit === RECORD_SEPARATOR) return i;
  }
  return text.length;
}

/**
 * The end of a broken object that is printed over many lines: its own bracket is the first text that is not indented.
 */
function endOfIndented(text: string, at: number): number {
  for (let feed = text.indexOf("\n", at); ; feed = text.indexOf("\n", feed + 1)) {
    if (feed < 0 || feed + 1 >= text.length) return OPEN;
    const first = text.charAt(feed + 1);
    if (first === "}") return feed + 2;
    if (!/\s/.test(first)) return 0;
  }
}
