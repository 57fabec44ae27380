import { exportJWK, generateKeyPair } from "jose";
import { DEFAULT_MAX_LIFE, TokenKey } from "./token-keys.ts";
import type { TokenRole } from "./token-role.ts";

type Wanted = {
  readonly may: readonly TokenRole[];
  /** How long its tokens may live: `30d`, unless it says otherwise. */
  readonly maxLife?: string;
  /** The key's name; unless it says otherwise made of its roles and of the day. */
  readonly kid?: string;
};

/**
 * A new pair: the entry for `TOKEN_KEYS`, and the private key for `signToken`, as JSON.
 * @throws ZodError that names what is wrong with the roles, the life or the kid
 */
export async function newTokenKey({ may, maxLife = DEFAULT_MAX_LIFE, kid }: Wanted) {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const { x = "", d } = await exportJWK(privateKey);
  const day = new Date().toISOString().slice(0, 10);
  const named = kid ?? `${may.join("-").slice(0, 40)}-${day}-${x.slice(0, 4)}`;
  const entry = TokenKey.parse({ kty: "OKP", crv: "Ed25519", x, kid: named, may, maxLife });
  return { entry, signingKey: JSON.stringify({ ...entry, d }) };
}
