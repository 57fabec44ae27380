/**
 * Who a caller is, and what it may read.
 *
 * @module
 */

export { IssuerUnreachable, TokenIssuer } from "#auth/issuer.ts";
export { newTokenKey } from "#auth/new-key.ts";
export type { Scope } from "#auth/scope.ts";
export { type Authentication, authenticate, signToken } from "#auth/token.ts";
export { parseTokenKeys, TokenKey, TokenKeys } from "#auth/token-keys.ts";
export { TOKEN_ROLES, type TokenRole } from "#auth/token-role.ts";
export type { Refusal, RefusalReason, TokenIdentity, TokenTrust } from "#auth/verify.ts";
