import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import * as z from "zod";
import type { Authenticated } from "./authenticate.ts";

/** Whose JWTs are taken, as `INGEST_TOKENS` says: an OAuth 2 issuer, our audience, and where its keys are. */
export const TokenSettings = z.strictObject({
  issuer: z.string().min(1),
  audience: z.string().min(1),
  jwks: z.union([
    z.url({ protocol: /^https?$/ }),
    z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) }),
  ]),
});
export type TokenSettings = z.output<typeof TokenSettings>;

/** Asymmetric only: a key that we can verify with must not be one that we could sign with. */
const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];

/** OAuth 2 scopes that grant topics: `produce:device.elt.*`, `produce:*`. */
const SCOPE_PREFIX = "produce:";

/** Reads a JWT. Its `scope` claim says what its bearer may write. Never throws on what a client sent. */
export async function verifyJwt(token: string, settings: TokenSettings | undefined): Promise<Authenticated> {
  if (!settings) return { ok: false, message: "JWTs are not set up here; use an id and a secret." };
  try {
    const { payload } = await jwtVerify(token, keysOf(settings), {
      issuer: settings.issuer,
      audience: settings.audience,
      algorithms: ALGORITHMS,
      requiredClaims: ["exp", "sub"],
    });
    const scopes = typeof payload.scope === "string" ? payload.scope.split(" ") : [];
    const may = scopes
      .filter((scope) => scope.startsWith(SCOPE_PREFIX))
      .map((scope) => scope.slice(SCOPE_PREFIX.length));
    return { ok: true, writer: { id: `jwt:${payload.sub}`, may } };
  } catch (thrown) {
    if (thrown instanceof errors.JWTExpired) return { ok: false, message: "The token has expired; get a new one." };
    if (thrown instanceof errors.JWKSTimeout) throw thrown;
    if (thrown instanceof errors.JOSEError) return { ok: false, message: "The token is not one that we take." };
    throw thrown;
  }
}

/** One key set for as long as the isolate lives: jose fetches it once, and again for an unknown key, not in a storm. */
const keySets = new Map<string, JWTVerifyGetKey>();

function keysOf({ jwks }: TokenSettings): JWTVerifyGetKey {
  const name = JSON.stringify(jwks);
  const known = keySets.get(name);
  if (known) return known;
  const keys = typeof jwks === "string" ? createRemoteJWKSet(new URL(jwks)) : createLocalJWKSet(jwks as never);
  keySets.set(name, keys);
  return keys;
}
