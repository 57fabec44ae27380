import type { JWTPayload } from "jose";
import * as z from "zod";
import { type TokenIssuer, verifyIssued } from "./issuer.ts";
import { OPS_ROLES, type OpsUser } from "./ops-role.ts";
import { signClaims, verifySigned } from "./token.ts";

// The roles have a file of their own, so that the console's bundle does not include token verification.
export { mayAct, OPS_ROLES, type OpsRole, type OpsUser } from "./ops-role.ts";

/** Cloudflare Access in front of the operations API, and the roles of its users: by e-mail, or `*@example.com`. */
export const OpsAccess = z.strictObject({
  issuer: z.url({ protocol: /^https$/ }),
  audience: z.string().min(1),
  jwks: z.union([z.url({ protocol: /^https$/ }), z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) })]),
  viewers: z.array(z.string()).default([]),
  operators: z.array(z.string()).default([]),
  admins: z.array(z.string()).default([]),
});
export type OpsAccess = z.output<typeof OpsAccess>;

export type OpsAuthentication =
  | { readonly ok: true; readonly user: OpsUser; readonly expiresAtMs: number }
  | { readonly ok: false; readonly status: 401 | 403; readonly message: string };

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
  return { ok: true, user, expiresAtMs: expiryMs(verified.claims) };
}

async function verifyAccessJwt(jwt: string, access: OpsAccess): Promise<OpsAuthentication> {
  const verified = await verifyIssued(jwt, access as TokenIssuer);
  if (!verified.ok) return { ok: false, status: 401, message: verified.message };
  const email = typeof verified.claims.email === "string" ? verified.claims.email.toLowerCase() : undefined;
  const names = (list: readonly string[]) => email !== undefined && list.some((entry) => matchesEntry(email, entry));
  const role = names(access.admins)
    ? "admin"
    : names(access.operators)
      ? "operator"
      : names(access.viewers)
        ? "viewer"
        : undefined;
  return email && role ? { ok: true, user: { actor: email, role }, expiresAtMs: expiryMs(verified.claims) } : FORBIDDEN;
}

/** Both kinds of tokens require `exp`. */
const expiryMs = ({ exp = 0 }: JWTPayload): number => exp * 1_000;

const matchesEntry = (email: string, entry: string): boolean =>
  entry.startsWith("*@") ? email.endsWith(entry.slice(1).toLowerCase()) : email === entry.toLowerCase();

const FORBIDDEN = {
  ok: false,
  status: 403,
  message: "The operations API needs a token of role viewer, operator, admin or ops.",
} as const;

/** A token for an operator. @param expiresIn a duration for jose: "12h", "30 days" */
export const signOpsToken = ({ actor, role }: OpsUser, secret: string, expiresIn: string): Promise<string> =>
  signClaims({ role, sub: actor }, secret, expiresIn);
