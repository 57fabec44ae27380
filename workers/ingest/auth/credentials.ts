import type { Credential } from "#auth/credential.ts";

/** An authenticated client and the topics that it may write. */
export type Writer = { readonly id: string; readonly may: readonly string[]; readonly signedWith?: string | undefined };

/** The result of checking a request's credentials. */
export type Authenticated =
  | { readonly ok: true; readonly writer: Writer }
  | { readonly ok: false; readonly message: string };

export const mayWrite = ({ may }: Writer, topic: string): boolean =>
  may.some(
    (grant) => grant === "*" || grant === topic || (grant.endsWith(".*") && topic.startsWith(grant.slice(0, -1))),
  );

/** The credential whose id and secret these are, or `undefined`. */
export async function findCredential(
  pair: string,
  credentials: readonly Credential[],
): Promise<Credential | undefined> {
  const digest = await sha256(pair);
  let found: Credential | undefined;
  // Every credential is compared, so that the time taken does not reveal a near match.
  for (const credential of credentials) {
    if (crypto.subtle.timingSafeEqual(digest, fromHex(credential.hash))) found = credential;
  }
  return found;
}

const sha256 = (text: string): Promise<ArrayBuffer> => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
