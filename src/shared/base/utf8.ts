import { joinBytes } from "./bytes.ts";

/*
 * UTF-8 without loss: a byte that is no UTF-8 becomes a lone surrogate, U+DC80 to U+DCFF, and comes back as that byte
 * (Python's `surrogateescape`, PEP 383). So a body with one bad byte is still text that can be cut into records, and
 * the one record that holds the byte keeps it exactly. UTF-8 itself never yields lone surrogates, so nothing is mistaken.
 */

/** The text of any bytes; `text.isWellFormed()` says whether they were UTF-8 throughout. A BOM stays U+FEFF. */
export function textOfBytes(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    return escapedTextOf(bytes);
  }
}

/** The bytes that {@link textOfBytes} was given. */
export function bytesOfText(text: string): Uint8Array {
  if (text.isWellFormed()) return ENCODER.encode(text);
  const pieces = text.split(ESCAPED).map((piece, i) => (i % 2 === 0 ? ENCODER.encode(piece) : bytesEscapedIn(piece)));
  return joinBytes(pieces);
}

/** How many bytes at the end of a chunk are the start of a character whose rest is in the next chunk: 0 to 3. */
export function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    return lengthFrom(byte) > back ? back : 0;
  }
  return 0;
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();
/** Runs of escaped bytes. With the flag, the second half of a whole character is none. */
const ESCAPED = /([\udc80-\udcff]+)/u;

function escapedTextOf(bytes: Uint8Array): string {
  let text = "";
  let start = 0;
  for (let i = 0; i < bytes.length; ) {
    const length = wellFormedLength(bytes, i);
    if (length > 0) {
      i += length;
      continue;
    }
    text += STRICT.decode(bytes.subarray(start, i)) + String.fromCharCode(0xdc00 + (bytes[i] as number));
    start = ++i;
  }
  return text + STRICT.decode(bytes.subarray(start));
}

/** How many bytes a character has that begins with this one; 0 where none does. */
function lengthFrom(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte >= 0xc2 && byte < 0xe0) return 2;
  if (byte >= 0xe0 && byte < 0xf0) return 3;
  return byte >= 0xf0 && byte < 0xf5 ? 4 : 0;
}

/** The length of the character at `at`, or 0 where the bytes there are none: RFC 3629, section 4. */
function wellFormedLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  const length = lengthFrom(lead);
  if (at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] as number;
  const isOverlong = (lead === 0xe0 && second < 0xa0) || (lead === 0xf0 && second < 0x90);
  const isOutside = (lead === 0xed && second > 0x9f) || (lead === 0xf4 && second > 0x8f);
  return isOverlong || isOutside ? 0 : length;
}

const bytesEscapedIn = (piece: string): Uint8Array => Uint8Array.from(piece, (unit) => unit.charCodeAt(0) - 0xdc00);
