/*
 * A value of an object's storage has at most 2 MB (developers.cloudflare.com/durable-objects/platform/limits), and a device
 * has as many alerts as its source has raised. A larger value is stored as texts, each under a key of its own.
 */

/** Characters of a piece: at most 1 MB, whatever they are. */
const PIECE = 500_000;

/** A value as one text. Maps may be anywhere in it. */
export const toText = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => (inner instanceof Map ? { [MAP]: [...inner] } : inner));

export const fromText = <Value>(text: string): Value =>
  JSON.parse(text, (_, inner) => (isMap(inner) ? new Map(inner[MAP]) : inner)) as Value;

/** A value as texts; `null` if one key takes it as it is. */
export function toPieces(value: unknown): readonly string[] | null {
  const text: string | undefined = toText(value);
  if (text === undefined || text.length <= PIECE) return null;
  return Array.from({ length: Math.ceil(text.length / PIECE) }, (_, i) => text.slice(i * PIECE, (i + 1) * PIECE));
}

export const fromPieces = <Value>(pieces: readonly string[]): Value => fromText(pieces.join(""));

/** No member of what is stored begins with this character. */
const MAP = "\u0000map";
type StoredMap = { readonly [MAP]: readonly (readonly [unknown, unknown])[] };

const isMap = (value: unknown): value is StoredMap =>
  typeof value === "object" && value !== null && Object.hasOwn(value, MAP);
