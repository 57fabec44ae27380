import type { JWTPayload } from "jose";
import * as z from "zod";
import { type OpsAccess, verifyAccessJwt } from "./ops-access.ts";
import type { OpsAuthentication } from "./ops-authentication.ts";
import { OPS_ROLES } from "./ops-role.ts";
import { bearerToken } from "./token.ts";
import { type Refusal, refuse, type TokenTrust, verifyToken } from "./verify.ts";

export type { OpsAuthentication } from "./ops-authentication.ts";
// The roles have a file of their own, so that the console's bundle does not include token verification.
export { mayAct, OPS_ROLES, type OpsRole, type OpsUser, type SignedInBy } from "./ops-role.ts";
export { signOpsToken } from "./sign.ts";

type Presented = { readonly authorization: string | null; readonly accessJwt: string | null };

export type OpsTrust = TokenTrust & { readonly access?: OpsAccess | undefined };

/**
 * Authenticates an operator, by a token of `npx concord token` or by the JWT that Cloudflare Access adds to requests. The
 * role `ops`, for scrapers and scripts, counts as operator. Never throws on what a client sent.
 * @throws IssuerUnreachable if Access's keys cannot be fetched
 */
export async function authenticateOpsUser(
  { authorization, accessJwt }: Presented,
  { access, ...trust }: OpsTrust,
): Promise<OpsAuthentication> {
  const token = bearerToken(authorization);
  if (token) return verifyOpsToken(token, trust);
  if (accessJwt && access) return verifyAccessJwt(accessJwt, access);
  return refuse("missing", "Send a token as `Authorization: Bearer …`.");
}

const Claims = z.object({ role: z.enum(["ops", ...OPS_ROLES]), sub: z.string().min(1).max(200).optional() });

async function verifyOpsToken(token: string, trust: TokenTrust): Promise<OpsAuthentication> {
  const isTrusting = trust.keys !== undefined || trust.secret !== undefined;
  if (!isTrusting) return refuse("not_accepted", "Tokens are not accepted here; sign in by Cloudflare Access.");
  // An issuer's tokens are for the GraphQL API.
  const verified = await verifyToken(token, { ...trust, issuer: undefined });
  if (!verified.ok) return verified;
  const { token: identity } = verified;
  const { data: claims } = Claims.safeParse(verified.claims);
  if (!claims) return { ...FORBIDDEN, kid: identity.kid, jti: identity.jti };
  const { role, sub } = claims;
  const user = { actor: sub ?? role, role: role === "ops" ? ("operator" as const) : role };
  return { ok: true, user, by: "token", expiresAtMs: expiryMs(verified.claims), token: identity };
}

/** A token of ours has to have `exp`. */
const expiryMs = ({ exp = 0 }: JWTPayload): number => exp * 1_000;

const FORBIDDEN: Refusal = {
  ...refuse("role", "The operations API needs a token of role scraper, viewer, operator, admin or ops."),
  status: 403,
};
