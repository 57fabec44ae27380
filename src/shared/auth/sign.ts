import { importJWK, type JWTPayload, SignJWT } from "jose";
import * as z from "zod";
import { parseJson } from "#json/parse-json.ts";
import { lifeSeconds } from "./life.ts";
import type { OpsUser } from "./ops-role.ts";
import type { Scope } from "./scope.ts";
import { Bytes32, KEY_MEMBERS } from "./token-keys.ts";

/** The `iss` of every token that is signed here. */
export const OWN_ISSUER = "concord";

/** The private half of a key of `TOKEN_KEYS`, with what it may sign. `concord keys new` makes one. */
const SigningKey = z.object({ ...KEY_MEMBERS, d: Bytes32 });
type SigningKey = z.output<typeof SigningKey>;

/** @throws TypeError that says what is wrong with the key, and never repeats it */
function parseSigningKey(text: string): SigningKey {
  const { data, error } = SigningKey.safeParse(parseJson(text));
  if (data) return data;
  const problems = error.issues.map(({ path, message }) => `${path.join(".") || "the key"}: ${message}`);
  throw new TypeError(`that is no private key of \`concord keys new\`, so no token was signed: ${problems.join("; ")}`);
}

/**
 * A signed token for a scope.
 * @param secretOrKey a private key of `concord keys new`, as JSON; or the platform's `TOKEN_SECRET`
 * @param expiresIn how long it is valid, as a number and a unit: "12h", "30 days"
 * @throws TypeError for another text, if the secret is missing, or for what the key may not sign
 */
export const signToken = (scope: Scope, secretOrKey: string, expiresIn: string): Promise<string> =>
  signClaims({ ...scope }, secretOrKey, expiresIn);

/** A token for an operator. The parameters and errors are those of `signToken`. */
export const signOpsToken = ({ actor, role }: OpsUser, secretOrKey: string, expiresIn: string): Promise<string> =>
  signClaims({ role, sub: actor }, secretOrKey, expiresIn);

/** A token with these claims, among them its role. It gets an id of its own, by which it can be revoked. */
export async function signClaims(claims: JWTPayload, secretOrKey: string, expiresIn: string): Promise<string> {
  const life = lifeSeconds(expiresIn);
  if (life === undefined) throw new TypeError(`"${expiresIn}" is no span of time, such as 30m, 12h or 30 days`);
  const nowS = Math.floor(Date.now() / 1_000);
  const token = new SignJWT({ jti: crypto.randomUUID(), ...claims })
    .setIssuer(OWN_ISSUER)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + life);
  if (!secretOrKey?.startsWith("{")) {
    return token.setProtectedHeader({ alg: "HS256" }).sign(encodeSecret(secretOrKey));
  }
  const key = parseSigningKey(secretOrKey);
  refuseBeyond(key, claims.role, life, expiresIn);
  return token.setProtectedHeader({ alg: "EdDSA", kid: key.kid }).sign(await importPrivate(key));
}

/** What a Worker would refuse is not signed. */
function refuseBeyond({ kid, may, maxLife }: SigningKey, role: unknown, life: number, expiresIn: string): void {
  if (!(may as readonly unknown[]).includes(role)) {
    throw new TypeError(`the key ${kid} may not sign the role ${String(role)}, only ${may.join(", ")}`);
  }
  if (life > (lifeSeconds(maxLife) ?? 0)) {
    throw new TypeError(`the key ${kid} signs tokens for ${maxLife} at most, not for ${expiresIn}`);
  }
}

const importPrivate = ({ kty, crv, x, d }: SigningKey) => importJWK({ kty, crv, x, d }, "EdDSA");

/** A secret that was never set is `undefined` at run time. The import of its key would fail with an error that names no setting. */
export function encodeSecret(secret: string): Uint8Array {
  if (!secret)
    throw new TypeError(
      "the secret that signs tokens is missing or empty, so no token was signed or accepted. Set the platform's own with `wrangler secret put TOKEN_SECRET`.",
    );
  return new TextEncoder().encode(secret);
}
