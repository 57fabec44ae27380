import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import * as z from "zod";
import { type IssuedToken, type TokenIssuer, verifyIssued } from "./issuer.ts";
import type { Scope } from "./scope.ts";

/** Signs tokens on a developer's machine. A Worker that finds it in any other environment serves nothing. */
export const LOCAL_TOKEN_SECRET = "concord-local-token-secret-not-for-deployment";

const ISSUER = "concord";
const ALGORITHM = "HS256";

const Claims = z.discriminatedUnion("role", [
  z.object({ role: z.literal("ops") }),
  z.object({ role: z.literal("service") }),
  z.object({ role: z.literal("dealer"), dealerIds: z.array(z.string().min(1)).min(1).max(100) }),
]);

export type Authentication =
  | { readonly ok: true; readonly scope: Scope; readonly expiresAtMs: number; readonly caller: string }
  | { readonly ok: false; readonly message: string };

/**
 * Reads the bearer token of a request. Never throws on what a client sent.
 * @param authorization the request's Authorization header, or null
 * @param secret ours, which signs what `npx concord token` prints
 * @param issuer whose tokens are taken as well
 * @throws IssuerUnreachable when the issuer's keys cannot be had
 */
export async function authenticate(
  authorization: string | null,
  secret: string,
  issuer?: TokenIssuer,
): Promise<Authentication> {
  const token = /^Bearer ([^\s]+)$/i.exec(authorization ?? "")?.[1];
  if (!token) return { ok: false, message: "Send a token as `Authorization: Bearer …`." };
  // The algorithm alone says whose token it claims to be, so that no key of one kind is ever tried on the other.
  const isIssued = issuer && algorithmOf(token) !== ALGORITHM;
  const verified = isIssued ? await verifyIssued(token, issuer) : await verifySigned(token, secret);
  if (!verified.ok) return verified;
  const claims = Claims.safeParse(verified.claims);
  // Both kinds of tokens have to have one.
  const expiresAtMs = (verified.claims.exp ?? 0) * 1_000;
  return claims.success
    ? { ok: true, scope: claims.data, expiresAtMs, caller: callerOf(verified.claims, token) }
    : { ok: false, message: "The token's role must be ops, service, or dealer with its dealerIds." };
}

/** Whom to count by: the token's subject, or else the token, of which a piece of its signature tells it apart. */
const callerOf = ({ sub }: JWTPayload, token: string): string => (sub ? `sub ${sub}` : `token ${token.slice(-16)}`);

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg;
  } catch {
    return undefined;
  }
}

/** @internal the claims of a token that we signed ourselves */
export async function verifySigned(token: string, secret: string): Promise<IssuedToken> {
  try {
    const { payload } = await jwtVerify(token, keyOf(secret), {
      issuer: ISSUER,
      algorithms: [ALGORITHM],
      requiredClaims: ["exp"],
    });
    return { ok: true, claims: payload };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { ok: false, message: "The token has expired; get a new one." };
    if (error instanceof errors.JOSEError) return { ok: false, message: "The token is not one of ours." };
    throw error;
  }
}

/** A signed token for a scope. @param expiresIn a span as jose reads it: "12h", "30 days" */
export const signToken = (scope: Scope, secret: string, expiresIn: string): Promise<string> =>
  signClaims({ ...scope }, secret, expiresIn);

export function signClaims(claims: JWTPayload, secret: string, expiresIn: string): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(ISSUER)
    .setIssuedAt()
    .setExpirationTime(expiresIn)
    .sign(keyOf(secret));
}

const keyOf = (secret: string): Uint8Array => new TextEncoder().encode(secret);
