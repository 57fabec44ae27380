import { base64UrlOf, bytesOfBase64Url } from "./base64.ts";
import { parseJson } from "./json/parse-json.ts";

/** Where a page begins or ends, as a JSON array. */
export type Place = readonly (string | number | null)[];

/** A place in a list as text for clients, who hand it back as they got it: base64 for URLs of its JSON in UTF-8. */
export const encodeCursor = (place: Place): string => base64UrlOf(new TextEncoder().encode(JSON.stringify(place)));

/** What such a text holds, of no known shape yet; `undefined` where it is no cursor. Never throws. */
export function decodeCursor(text: string): unknown {
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesOfBase64Url(text)));
  } catch {
    return undefined;
  }
}
