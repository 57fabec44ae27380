import { canonicalText } from "#domain/register.ts";

/** FNV-1a with 128 bits: RFC 9923, section 5. */
const OFFSET_BASIS = 0x6c62272e07bb014262b821756295c58dn;
const PRIME = 0x1000000000000000000013bn;
const MASK = (1n << 128n) - 1n;

/**
 * An id that follows from content: the same content has the same id, in whatever order its members stand. 32 digits, in hex.
 *
 * It tells apart the events of one device at one time, of which there are a handful, so the hash need not withstand an
 * attacker: whoever may write a device's events may choose their ids anyway. It is one that needs no platform.
 */
export function contentId(content: unknown): string {
  const text = canonicalText(content);
  let hash = OFFSET_BASIS;
  // Both bytes of every UTF-16 unit, the lower one first.
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = ((hash ^ BigInt(unit & 0xff)) * PRIME) & MASK;
    hash = ((hash ^ BigInt(unit >> 8)) * PRIME) & MASK;
  }
  return hash.toString(16).padStart(32, "0");
}
