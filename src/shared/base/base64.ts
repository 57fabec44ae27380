import * as z from "zod";

/** Bytes as base64 and back. `Uint8Array` does this by itself in newer runtimes, and not yet in Node 24. */

/** Arguments of one call: few enough not to overflow the stack. */
const CHUNK = 8_192;

export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.byteLength; i += CHUNK) binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(binary);
}

const Base64 = z.base64();

/** Whether a value is strict base64: with padding, and without the spaces that `atob` accepts. */
export const isBase64 = (value: unknown): value is string => Base64.safeParse(value).success;

/** @throws DOMException where the text is not base64 */
export const fromBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** How many bytes strict base64 stands for, by its length and padding alone. */
export const base64Bytes = (text: string): number =>
  (text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);

/** Base64 with the URL-safe alphabet, without padding. */
export const toBase64Url = (bytes: Uint8Array): string =>
  toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** @throws DOMException where the text is not base64, in either alphabet */
export const fromBase64Url = (text: string): Uint8Array => fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
