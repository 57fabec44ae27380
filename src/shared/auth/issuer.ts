import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import * as z from "zod";

/** An OAuth 2 issuer whose JWTs are taken: its name, ours as their audience, and where its keys are. */
export const TokenIssuer = z.strictObject({
  issuer: z.string().min(1),
  audience: z.string().min(1),
  jwks: z.union([
    z.url({ protocol: /^https?$/ }),
    z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) }),
  ]),
});
export type TokenIssuer = z.output<typeof TokenIssuer>;

/** Asymmetric only: a key that we can verify with must not be one that we could sign with. */
const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];

export type IssuedToken =
  | { readonly ok: true; readonly claims: JWTPayload }
  | { readonly ok: false; readonly message: string };

/**
 * Reads a JWT that an issuer signed for us. Never throws on what a client sent.
 * @throws IssuerUnreachable when its keys cannot be had, which says nothing of the token
 */
export async function verifyIssued(token: string, from: TokenIssuer): Promise<IssuedToken> {
  try {
    const { payload } = await jwtVerify(token, keysOf(from), {
      issuer: from.issuer,
      audience: from.audience,
      algorithms: ALGORITHMS,
      requiredClaims: ["exp", "sub"],
    });
    return { ok: true, claims: payload };
  } catch (thrown) {
    if (thrown instanceof errors.JWTExpired) return { ok: false, message: "The token has expired; get a new one." };
    if (isOfToken(thrown)) return { ok: false, message: "The token is not one that we take." };
    throw new IssuerUnreachable("the issuer's keys could not be fetched", { cause: thrown });
  }
}

/** Keys that could not be fetched, or were none. */
export class IssuerUnreachable extends Error {
  override name = "IssuerUnreachable";
}

/** What jose throws for an issuer's answer. Generic is one that was no 200 or no JSON. */
const OF_ISSUER = [errors.JOSEError.code, errors.JWKSTimeout.code, errors.JWKSInvalid.code];

const isOfToken = (thrown: unknown): boolean => thrown instanceof errors.JOSEError && !OF_ISSUER.includes(thrown.code);

/** One key set for as long as the isolate lives: jose fetches it once, and again for an unknown key, not in a storm. */
const keySets = new Map<string, JWTVerifyGetKey>();

function keysOf({ jwks }: TokenIssuer): JWTVerifyGetKey {
  const name = JSON.stringify(jwks);
  const known = keySets.get(name);
  if (known) return known;
  const keys = typeof jwks === "string" ? createRemoteJWKSet(new URL(jwks)) : createLocalJWKSet(jwks as never);
  keySets.set(name, keys);
  return keys;
}
