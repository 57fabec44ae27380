import { parseJson } from "#json/parse-json.ts";
import { fromBase64Url, toBase64Url } from "./base64.ts";

/** The sort key of a row, as a JSON array: a position in a list. */
export type SortKey = readonly (string | number | null)[];

/** A cursor, opaque to clients: the sort key's JSON as URL-safe base64. */
export const encodeCursor = (key: SortKey): string => toBase64Url(new TextEncoder().encode(JSON.stringify(key)));

/** The JSON in a cursor, unchecked; `undefined` if the text is no cursor. Never throws. */
export function decodeCursor(text: string): unknown {
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(fromBase64Url(text)));
  } catch {
    return undefined;
  }
}
