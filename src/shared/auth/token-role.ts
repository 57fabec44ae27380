import { OPS_ROLES } from "./ops-role.ts";

/**
 * All that a token can say of its holder, and so what a key may sign:
 * - dealer, service, ops: at the GraphQL API, as in `Scope`; ops at the operations API too, as an operator
 * - scraper, viewer, operator, admin: at the operations API, as in `OPS_ROLES`
 */
export const TOKEN_ROLES = ["dealer", "service", "ops", ...OPS_ROLES] as const;
/** One of `TOKEN_ROLES`. */
export type TokenRole = (typeof TOKEN_ROLES)[number];
