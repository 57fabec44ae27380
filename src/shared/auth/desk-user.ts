import type { JWTPayload } from "jose";
import * as z from "zod";
import { DESK_ROLES, type DeskUser } from "./desk-role.ts";
import { type TokenIssuer, verifyIssued } from "./issuer.ts";
import { signClaims, verifySigned } from "./token.ts";

// Of their own, so that a browser gets the roles without what verifies tokens.
export { DESK_ROLES, type DeskRole, type DeskUser, mayAct } from "./desk-role.ts";

/** Cloudflare Access in front of the desk, and whom of those it lets in has which role: by e-mail, or `*@example.com`. */
export const DeskAccess = z.strictObject({
  issuer: z.url({ protocol: /^https$/ }),
  audience: z.string().min(1),
  jwks: z.union([z.url({ protocol: /^https$/ }), z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) })]),
  viewers: z.array(z.string()).default([]),
  operators: z.array(z.string()).default([]),
  admins: z.array(z.string()).default([]),
});
export type DeskAccess = z.output<typeof DeskAccess>;

export type DeskAuthentication =
  | { readonly ok: true; readonly user: DeskUser; readonly expiresAtMs: number }
  | { readonly ok: false; readonly status: 401 | 403; readonly message: string };

type Presented = { readonly authorization: string | null; readonly accessJwt: string | null };

/**
 * Who is asking: by a token of `npx concord token`, or by the JWT that Cloudflare Access adds to what it lets through.
 * A token of role `ops`, which scrapers and scripts have, is an operator's. Never throws on what a client sent.
 * @throws IssuerUnreachable when Access's keys cannot be had
 */
export async function authenticateAtDesk(
  { authorization, accessJwt }: Presented,
  { secret, access }: { readonly secret: string; readonly access?: DeskAccess | undefined },
): Promise<DeskAuthentication> {
  const token = /^Bearer ([^\s]+)$/i.exec(authorization ?? "")?.[1];
  if (token) return userOfToken(token, secret);
  if (accessJwt && access) return userOfAccess(accessJwt, access);
  return { ok: false, status: 401, message: "Send a token as `Authorization: Bearer …`." };
}

const Claims = z.object({ role: z.enum(["ops", ...DESK_ROLES]), sub: z.string().min(1).max(200).optional() });

async function userOfToken(token: string, secret: string): Promise<DeskAuthentication> {
  const verified = await verifySigned(token, secret);
  if (!verified.ok) return { ok: false, status: 401, message: verified.message };
  const { data: claims } = Claims.safeParse(verified.claims);
  if (!claims) return FORBIDDEN;
  const { role, sub } = claims;
  const user = { actor: sub ?? role, role: role === "ops" ? ("operator" as const) : role };
  return { ok: true, user, expiresAtMs: endOf(verified.claims) };
}

async function userOfAccess(jwt: string, access: DeskAccess): Promise<DeskAuthentication> {
  const verified = await verifyIssued(jwt, access as TokenIssuer);
  if (!verified.ok) return { ok: false, status: 401, message: verified.message };
  const email = typeof verified.claims.email === "string" ? verified.claims.email.toLowerCase() : undefined;
  const names = (list: readonly string[]) => email !== undefined && list.some((entry) => isOf(email, entry));
  const role = names(access.admins)
    ? "admin"
    : names(access.operators)
      ? "operator"
      : names(access.viewers)
        ? "viewer"
        : undefined;
  return email && role ? { ok: true, user: { actor: email, role }, expiresAtMs: endOf(verified.claims) } : FORBIDDEN;
}

/** Both kinds of tokens have to have one. */
const endOf = ({ exp = 0 }: JWTPayload): number => exp * 1_000;

const isOf = (email: string, entry: string): boolean =>
  entry.startsWith("*@") ? email.endsWith(entry.slice(1).toLowerCase()) : email === entry.toLowerCase();

const FORBIDDEN = {
  ok: false,
  status: 403,
  message: "The dead-letter desk wants a token of role viewer, operator, admin or ops.",
} as const;

/** A token for somebody at the desk. @param expiresIn a span as jose reads it: "12h", "30 days" */
export const signDeskToken = ({ actor, role }: DeskUser, secret: string, expiresIn: string): Promise<string> =>
  signClaims({ role, sub: actor }, secret, expiresIn);
