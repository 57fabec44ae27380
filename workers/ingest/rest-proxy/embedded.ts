import { bytesOfBase64, isBase64 } from "../../../src/shared/base64.ts";

/** Text that came as base64, or the base64 itself where its bytes are not UTF-8. */
export type Embedded = { readonly value: string; readonly encoding?: "base64" };

/** What base64 stands for, or `undefined` where it is not base64, strictly read: other proxies let "@@@" pass. */
export function fromBase64(base64: unknown): Embedded | undefined {
  if (!isBase64(base64)) return undefined;
  const bytes = bytesOfBase64(base64);
  try {
    return { value: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { value: base64, encoding: "base64" };
  }
}

/** The start of something a client sent, for an error message that it alone reads. */
export const excerpt = (value: unknown): string => String(JSON.stringify(value)).slice(0, 40);
