/** The first `bytes` of a text's SHA-256, in hex. */
export const sha256Hex = (text: string, bytes = 32): Promise<string> =>
  sha256HexOf(new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>, bytes);

/** The first `bytes` of the SHA-256 of some data, in hex. */
export async function sha256HexOf(data: Uint8Array<ArrayBuffer>, bytes = 32): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", data);
  return [...new Uint8Array(digest, 0, bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
