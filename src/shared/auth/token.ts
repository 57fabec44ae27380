import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import * as z from "zod";
import { type IssuedToken, type TokenIssuer, verifyIssued } from "./issuer.ts";
import type { Scope } from "./scope.ts";

/** Signs tokens on a developer's machine. In any other environment a Worker with this secret answers 503. */
export const LOCAL_TOKEN_SECRET = "concord-local-token-secret-not-for-deployment";

const ISSUER = "concord";
const ALGORITHM = "HS256";

const Claims = z.discriminatedUnion("role", [
  z.object({ role: z.literal("ops") }),
  z.object({ role: z.literal("service") }),
  z.object({ role: z.literal("dealer"), dealerIds: z.array(z.string().min(1)).min(1).max(100) }),
]);

/**
 * Who sent a request: what it may read, until when (milliseconds since 1970 UTC), and its name for rate limits; or why it
 * is refused, in words for the client's developer.
 */
export type Authentication =
  | { readonly ok: true; readonly scope: Scope; readonly expiresAtMs: number; readonly caller: string }
  | { readonly ok: false; readonly message: string };

/**
 * Authenticates a request by its bearer token. Never throws on what a client sent.
 * @param authorization the request's Authorization header, or null
 * @param secret the platform's `TOKEN_SECRET`, which signs the tokens of `npx concord token`
 * @param issuer an OAuth 2 issuer whose tokens are accepted too
 * @throws IssuerUnreachable if the issuer's keys cannot be fetched; TypeError if the secret is missing
 */
export async function authenticate(
  authorization: string | null,
  secret: string,
  issuer?: TokenIssuer,
): Promise<Authentication> {
  const token = /^Bearer ([^\s]+)$/i.exec(authorization ?? "")?.[1];
  if (!token) return { ok: false, message: "Send a token as `Authorization: Bearer …`." };
  // The algorithm alone decides which key is tried: ours is symmetric, an issuer's never is.
  const isIssued = issuer && readAlgorithm(token) !== ALGORITHM;
  const verified = isIssued ? await verifyIssued(token, issuer) : await verifySigned(token, secret);
  if (!verified.ok) return verified;
  const claims = Claims.safeParse(verified.claims);
  // Both kinds of tokens require `exp`.
  const expiresAtMs = (verified.claims.exp ?? 0) * 1_000;
  return claims.success
    ? { ok: true, scope: claims.data, expiresAtMs, caller: callerName(verified.claims, token) }
    : { ok: false, message: "The token's role must be ops, service, or dealer with its dealerIds." };
}

/** The key for rate limits: the token's subject, or else the end of its signature, which identifies the token. */
const callerName = ({ sub }: JWTPayload, token: string): string => (sub ? `sub ${sub}` : `token ${token.slice(-16)}`);

function readAlgorithm(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg;
  } catch {
    return undefined;
  }
}

/** @internal verifies a token that we signed ourselves */
export async function verifySigned(token: string, secret: string): Promise<IssuedToken> {
  try {
    const { payload } = await jwtVerify(token, encodeSecret(secret), {
      issuer: ISSUER,
      algorithms: [ALGORITHM],
      requiredClaims: ["exp"],
    });
    return { ok: true, claims: payload };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { ok: false, message: "The token has expired; get a new one." };
    if (error instanceof errors.JOSEError)
      return { ok: false, message: "The token is not valid here: it was not signed with this deployment's secret." };
    throw error;
  }
}

/**
 * A signed token for a scope.
 * @param secret the platform's `TOKEN_SECRET`
 * @param expiresIn how long it is valid, as a number and a unit: "12h", "30 days"
 * @throws TypeError for another text, or if the secret is missing
 */
export const signToken = async (scope: Scope, secret: string, expiresIn: string): Promise<string> =>
  signClaims({ ...scope }, secret, expiresIn);

export function signClaims(claims: JWTPayload, secret: string, expiresIn: string): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(ISSUER)
    .setIssuedAt()
    .setExpirationTime(expiresIn)
    .sign(encodeSecret(secret));
}

/** A secret that was never set is `undefined` at run time. The import of its key would fail with an error that names no setting. */
function encodeSecret(secret: string): Uint8Array {
  if (!secret)
    throw new TypeError(
      "the secret that signs tokens is missing or empty, so no token was signed or accepted. Set the platform's own with `wrangler secret put TOKEN_SECRET`.",
    );
  return new TextEncoder().encode(secret);
}
