/**
 * Roles in the operations API. Each may do everything that those before it may:
 * - scraper: read /ops/metrics, and nothing else
 * - viewer: read, with personal values masked
 * - operator: replay, discard and set states, also masked
 * - admin: read and edit payloads, export and import them
 */
export const OPS_ROLES = ["scraper", "viewer", "operator", "admin"] as const;
export type OpsRole = (typeof OPS_ROLES)[number];

/** An authenticated operator; `actor` is the name in the audit log. */
export type OpsUser = { readonly actor: string; readonly role: OpsRole };

export const mayAct = ({ role }: OpsUser, as: OpsRole): boolean => OPS_ROLES.indexOf(role) >= OPS_ROLES.indexOf(as);

/**
 * What a caller is authenticated by: a token in `Authorization`, a person's session of Cloudflare Access, or a service
 * token of it. A browser adds the session to every request by itself, and neither of the others.
 */
export type SignedInBy = "token" | "access" | "access-service";
