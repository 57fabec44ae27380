/** Documented, fixed, and refused outside local. */
export const LOCAL_CREDENTIALS = "dev:dev";

/** One client that may write. Several at once, so that a secret can be rotated without a gap. */
export type Credential = { readonly id: string; readonly secret: string };

/** @param list `id:secret`, separated by commas */
export const parseCredentials = (list: string): Credential[] =>
  list.split(",").map((entry) => {
    const [id = "", ...secret] = entry.trim().split(":");
    return { id, secret: secret.join(":") };
  });

/** The credential that an Authorization header of the Basic scheme names, or `undefined`. */
export async function findCredential(
  authorization: string | undefined,
  credentials: readonly Credential[],
): Promise<Credential | undefined> {
  const given = basicOf(authorization);
  if (!given) return undefined;
  const digest = await digestOf(given);
  let found: Credential | undefined;
  // Every credential is compared, so that the time taken does not tell which one came close.
  for (const credential of credentials) {
    const expected = await digestOf(`${credential.id}:${credential.secret}`);
    if (crypto.subtle.timingSafeEqual(digest, expected)) found = credential;
  }
  return found;
}

function basicOf(authorization: string | undefined): string | undefined {
  const encoded = /^Basic\s+([A-Za-z0-9+/]+={0,2})$/i.exec(authorization ?? "")?.[1];
  if (!encoded) return undefined;
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(encoded), (byte) => byte.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** Digests have one length, which `timingSafeEqual` insists on. */
const digestOf = (text: string): Promise<ArrayBuffer> =>
  crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
