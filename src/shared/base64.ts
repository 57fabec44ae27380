import * as z from "zod";

/** Bytes as base64 and back. `Uint8Array` does this by itself in newer runtimes, and not yet in Node 24. */

/** So many arguments a call takes without touching the stack's end. */
const CHUNK = 8_192;

export function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.byteLength; i += CHUNK) binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(binary);
}

const Base64 = z.base64();

/** Whether something is base64, strictly read: with its padding, and without spaces, which `atob` lets pass. */
export const isBase64 = (value: unknown): value is string => Base64.safeParse(value).success;

/** @throws DOMException where the text is not base64 */
export const bytesOfBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** The alphabet that needs no escapes in a URL, without padding. */
export const base64UrlOf = (bytes: Uint8Array): string =>
  base64Of(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** @throws DOMException where the text is neither */
export const bytesOfBase64Url = (text: string): Uint8Array =>
  bytesOfBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
