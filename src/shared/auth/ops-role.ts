/**
 * Roles in the operations API. Each may do everything that those before it may:
 * - viewer: read, with personal values masked
 * - operator: replay, discard and set states, also masked
 * - admin: read and edit payloads, export and import them
 */
export const OPS_ROLES = ["viewer", "operator", "admin"] as const;
export type OpsRole = (typeof OPS_ROLES)[number];

/** An authenticated operator; `actor` is the name in the audit log. */
export type OpsUser = { readonly actor: string; readonly role: OpsRole };

export const mayAct = ({ role }: OpsUser, as: OpsRole): boolean => OPS_ROLES.indexOf(role) >= OPS_ROLES.indexOf(as);
