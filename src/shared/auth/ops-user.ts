import type { JWTPayload } from "jose";
import * as z from "zod";
import { type OpsAccess, verifyAccessJwt } from "./ops-access.ts";
import { OPS_ROLES, type OpsAuthentication, type OpsUser } from "./ops-role.ts";
import { signClaims, verifySigned } from "./token.ts";

// The roles have a file of their own, so that the console's bundle does not include token verification.
export { mayAct, OPS_ROLES, type OpsAuthentication, type OpsRole, type OpsUser, type SignedInBy } from "./ops-role.ts";

type Presented = { readonly authorization: string | null; readonly accessJwt: string | null };

/**
 * Authenticates an operator, by a token of `npx concord token` or by the JWT that Cloudflare Access adds to requests. The
 * role `ops`, for scrapers and scripts, counts as operator. Never throws on what a client sent.
 * @throws IssuerUnreachable if Access's keys cannot be fetched
 */
export async function authenticateOpsUser(
  { authorization, accessJwt }: Presented,
  { secret, access }: { readonly secret: string; readonly access?: OpsAccess | undefined },
): Promise<OpsAuthentication> {
  const token = /^Bearer ([^\s]+)$/i.exec(authorization ?? "")?.[1];
  if (token) return verifyOpsToken(token, secret);
  if (accessJwt && access) return verifyAccessJwt(accessJwt, access);
  return { ok: false, status: 401, message: "Send a token as `Authorization: Bearer …`." };
}

const Claims = z.object({ role: z.enum(["ops", ...OPS_ROLES]), sub: z.string().min(1).max(200).optional() });

async function verifyOpsToken(token: string, secret: string): Promise<OpsAuthentication> {
  const verified = await verifySigned(token, secret);
  if (!verified.ok) return { ok: false, status: 401, message: verified.message };
  const { data: claims } = Claims.safeParse(verified.claims);
  if (!claims) return FORBIDDEN;
  const { role, sub } = claims;
  const user = { actor: sub ?? role, role: role === "ops" ? ("operator" as const) : role };
  return { ok: true, user, by: "token", expiresAtMs: expiryMs(verified.claims) };
}

/** A token of ours has to have `exp`. */
const expiryMs = ({ exp = 0 }: JWTPayload): number => exp * 1_000;

const FORBIDDEN = {
  ok: false,
  status: 403,
  message: "The operations API needs a token of role scraper, viewer, operator, admin or ops.",
} as const;

/** A token for an operator. @param expiresIn a duration for jose: "12h", "30 days" */
export const signOpsToken = ({ actor, role }: OpsUser, secret: string, expiresIn: string): Promise<string> =>
  signClaims({ role, sub: actor }, secret, expiresIn);
