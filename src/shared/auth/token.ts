import type { JWTPayload } from "jose";
import * as z from "zod";
import type { Scope } from "./scope.ts";
import { type Refusal, refuse, type TokenIdentity, type TokenTrust, verifyToken } from "./verify.ts";

export { signClaims, signToken } from "./sign.ts";

/** Signs tokens on a developer's machine. In any other environment a Worker with this secret answers 503. */
export const LOCAL_TOKEN_SECRET = "concord-local-token-secret-not-for-deployment";

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
  | {
      readonly ok: true;
      readonly scope: Scope;
      readonly expiresAtMs: number;
      readonly caller: string;
      readonly token: TokenIdentity;
    }
  | Refusal;

/**
 * Authenticates a request by its bearer token. Never throws on what a client sent.
 * @param authorization the request's Authorization header, or null
 * @param trust whose tokens are accepted: `TOKEN_KEYS`, a secret, an OAuth 2 issuer
 * @throws IssuerUnreachable if the issuer's keys cannot be fetched; TypeError if nothing is trusted
 */
export async function authenticate(authorization: string | null, trust: TokenTrust): Promise<Authentication> {
  const token = bearerToken(authorization);
  if (!token) return refuse("missing", "Send a token as `Authorization: Bearer …`.");
  const verified = await verifyToken(token, trust);
  if (!verified.ok) return verified;
  const claims = Claims.safeParse(verified.claims);
  if (!claims.success) {
    const { kid, jti } = verified.token;
    return { ...refuse("role", NO_READER), kid, jti };
  }
  return {
    ok: true,
    scope: claims.data,
    // Every kind of token requires `exp`.
    expiresAtMs: (verified.claims.exp ?? 0) * 1_000,
    caller: callerName(verified.claims, token),
    token: verified.token,
  };
}

const NO_READER = "The token's role must be ops, service, or dealer with its dealerIds.";

/** The token of an Authorization header. */
export const bearerToken = (authorization: string | null): string | undefined =>
  /^Bearer ([^\s]+)$/i.exec(authorization ?? "")?.[1];

const SUBJECT = "sub ";

/** The key for rate limits: the token's subject, or else the end of its signature, which identifies the token. */
const callerName = ({ sub }: JWTPayload, token: string): string => (sub ? SUBJECT + sub : `token ${token.slice(-16)}`);

/** The subject of the token behind a caller's name, or `null` if that token named none. */
export const subjectOf = (caller: string): string | null =>
  caller.startsWith(SUBJECT) ? caller.slice(SUBJECT.length) : null;
