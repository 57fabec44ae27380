import { fromBase64, isBase64 } from "#base/base64.ts";

/** The text that base64 encodes, or the base64 itself if its bytes are not UTF-8. */
export type Embedded = { readonly value: string; readonly encoding?: "base64" };

/** Decodes strict base64; `undefined` for anything else. Other proxies accept "@@@". */
export function decodeBase64(base64: unknown): Embedded | undefined {
  if (!isBase64(base64)) return undefined;
  const bytes = fromBase64(base64);
  try {
    return { value: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { value: base64, encoding: "base64" };
  }
}

/** The start of a value, for an error message to the client that sent it. Not for logs. */
export const excerpt = (value: unknown): string => String(JSON.stringify(value)).slice(0, 40);
