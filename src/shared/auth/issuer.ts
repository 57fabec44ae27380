import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import * as z from "zod";

/** An OAuth 2 issuer whose JWTs are accepted: its name, the audience that they need, and its keys. */
export const TokenIssuer = z.strictObject({
  issuer: z.string().min(1),
  audience: z.string().min(1),
  jwks: z.union([
    z.url({ protocol: /^https?$/ }),
    z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) }),
  ]),
});
export type TokenIssuer = z.output<typeof TokenIssuer>;

/** What a token is verified against. Without an audience, whoever verifies has to tell by other claims whom it is for. */
export type Issuer = Omit<TokenIssuer, "audience"> & { readonly audience?: string | undefined };

/** Asymmetric only: with a symmetric key, whoever can verify a token could also sign one. */
const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];

export type IssuedToken =
  | { readonly ok: true; readonly claims: JWTPayload }
  | { readonly ok: false; readonly message: string; readonly hasExpired: boolean };

/**
 * Verifies a JWT from an issuer. Never throws on what a client sent.
 * @throws IssuerUnreachable if the issuer's keys cannot be fetched; the token may be valid
 */
export async function verifyIssued(token: string, from: Issuer): Promise<IssuedToken> {
  try {
    const { payload } = await jwtVerify(token, getKeySet(from), {
      issuer: from.issuer,
      ...(from.audience !== undefined && { audience: from.audience }),
      algorithms: ALGORITHMS,
      requiredClaims: ["exp", "sub"],
    });
    return { ok: true, claims: payload };
  } catch (thrown) {
    if (thrown instanceof errors.JWTExpired)
      return { ok: false, message: "The token has expired; get a new one.", hasExpired: true };
    if (isTokenError(thrown)) {
      const message = "The token is not valid here: it has another issuer, audience or signature.";
      return { ok: false, message, hasExpired: false };
    }
    throw new IssuerUnreachable("the issuer's keys could not be fetched", { cause: thrown });
  }
}

/** The issuer's keys could not be fetched, or were no keys. */
export class IssuerUnreachable extends Error {
  override name = "IssuerUnreachable";
}

/** The codes of jose's errors for an issuer's response. The generic one is for a response that is not 200 or not JSON. */
const ISSUER_ERRORS = [errors.JOSEError.code, errors.JWKSTimeout.code, errors.JWKSInvalid.code];

const isTokenError = (thrown: unknown): boolean =>
  thrown instanceof errors.JOSEError && !ISSUER_ERRORS.includes(thrown.code);

/** Key sets, cached for the life of the isolate: jose fetches one once, and again for an unknown key, with a cooldown. */
const keySets = new Map<string, JWTVerifyGetKey>();

function getKeySet({ jwks }: Issuer): JWTVerifyGetKey {
  const name = JSON.stringify(jwks);
  const known = keySets.get(name);
  if (known) return known;
  const keys = typeof jwks === "string" ? createRemoteJWKSet(new URL(jwks)) : createLocalJWKSet(jwks as never);
  keySets.set(name, keys);
  return keys;
}
