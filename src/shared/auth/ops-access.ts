import type { JWTPayload } from "jose";
import * as z from "zod";
import { type TokenIssuer, verifyIssued } from "./issuer.ts";
import type { OpsAuthentication } from "./ops-authentication.ts";
import { OPS_ROLES, type OpsRole } from "./ops-role.ts";
import { refuse } from "./verify.ts";

const People = z.array(z.string()).default([]);

/**
 * Cloudflare Access in front of the operations API, and the roles of those whom it lets through: of people by e-mail or
 * `*@example.com`, of service tokens by their client id.
 */
export const OpsAccess = z.strictObject({
  issuer: z.url({ protocol: /^https$/ }),
  audience: z.string().min(1),
  jwks: z.union([z.url({ protocol: /^https$/ }), z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) })]),
  viewers: People,
  operators: People,
  admins: People,
  services: z.record(z.string(), z.enum(OPS_ROLES)).default({}),
});
export type OpsAccess = z.output<typeof OpsAccess>;

/**
 * Authenticates by the JWT that Access adds to each request as `Cf-Access-Jwt-Assertion`. Never throws on what a client
 * sent: without Access in front, anybody can send the header.
 * @throws IssuerUnreachable if Access's keys cannot be fetched
 */
export async function verifyAccessJwt(jwt: string, access: OpsAccess): Promise<OpsAuthentication> {
  const verified = await verifyIssued(jwt, access as TokenIssuer);
  if (!verified.ok) return refuse(verified.hasExpired ? "expired" : "signature", verified.message);
  const caller = callerOf(verified.claims);
  if (!caller) return refused("The JWT of Cloudflare Access names neither a person nor a service token.");
  const role = caller.by === "access" ? roleOfPerson(caller.actor, access) : roleOfService(caller.actor, access);
  if (!role) {
    const who =
      caller.by === "access"
        ? "You are signed in at Cloudflare Access as"
        : "Cloudflare Access let through service token";
    return refused(`${who} ${caller.actor}, who has no role here. Whoever runs Concord gives roles, in OPS_ACCESS.`);
  }
  // `verifyIssued` requires `exp`.
  const expiresAtMs = (verified.claims.exp ?? 0) * 1_000;
  return { ok: true, user: { actor: caller.actor, role }, by: caller.by, expiresAtMs, token: null };
}

/** A person's JWT has an e-mail; a service token's has none, and its client id as `common_name`. */
function callerOf({ email, common_name }: JWTPayload) {
  if (typeof email === "string" && email !== "") return { actor: email.toLowerCase(), by: "access" } as const;
  if (typeof common_name === "string" && common_name !== "")
    return { actor: common_name, by: "access-service" } as const;
  return undefined;
}

function roleOfPerson(email: string, { viewers, operators, admins }: OpsAccess): OpsRole | undefined {
  const isIn = (list: readonly string[]) => list.some((entry) => matches(email, entry));
  return isIn(admins) ? "admin" : isIn(operators) ? "operator" : isIn(viewers) ? "viewer" : undefined;
}

const matches = (email: string, entry: string): boolean =>
  entry.startsWith("*@") ? email.endsWith(entry.slice(1).toLowerCase()) : email === entry.toLowerCase();

/** A client id is a key of the list only if it stands there itself: `constructor` does not. */
const roleOfService = (clientId: string, { services }: OpsAccess): OpsRole | undefined =>
  Object.hasOwn(services, clientId) ? services[clientId] : undefined;

const refused = (message: string): OpsAuthentication => ({ ...refuse("role", message), status: 403 });
