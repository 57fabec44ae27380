import { errors, jwtVerify, SignJWT } from "jose";
import * as z from "zod";
import type { Scope } from "./scope.ts";

/** Signs tokens on a developer's machine. A Worker that finds it in any other environment serves nothing. */
export const LOCAL_TOKEN_SECRET = "concord-local-token-secret-not-for-deployment";

const ISSUER = "concord";

const Claims = z.discriminatedUnion("role", [
  z.object({ role: z.literal("ops") }),
  z.object({ role: z.literal("service") }),
  z.object({ role: z.literal("dealer"), dealerIds: z.array(z.string().min(1)).min(1).max(100) }),
]);

export type Authentication =
  | { readonly ok: true; readonly scope: Scope }
  | { readonly ok: false; readonly message: string };

/**
 * Reads the bearer token of a request. Never throws on what a client sent.
 * @param authorization the request's Authorization header, or null
 */
export async function authenticate(authorization: string | null, secret: string): Promise<Authentication> {
  const token = /^Bearer ([^\s]+)$/i.exec(authorization ?? "")?.[1];
  if (!token) return { ok: false, message: "Send a token as `Authorization: Bearer …`." };
  try {
    const { payload } = await jwtVerify(token, keyOf(secret), {
      issuer: ISSUER,
      algorithms: ["HS256"],
      requiredClaims: ["exp"],
    });
    const claims = Claims.safeParse(payload);
    return claims.success
      ? { ok: true, scope: claims.data }
      : { ok: false, message: "The token's role must be ops, service, or dealer with its dealerIds." };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { ok: false, message: "The token has expired; get a new one." };
    if (error instanceof errors.JOSEError) return { ok: false, message: "The token is not one of ours." };
    throw error;
  }
}

/** A signed token for a scope. @param expiresIn a span as jose reads it: "12h", "30 days" */
export function signToken(scope: Scope, secret: string, expiresIn: string): Promise<string> {
  return new SignJWT({ ...scope })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(ISSUER)
    .setIssuedAt()
    .setExpirationTime(expiresIn)
    .sign(keyOf(secret));
}

const keyOf = (secret: string): Uint8Array => new TextEncoder().encode(secret);
