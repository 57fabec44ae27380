/**
 * Who a caller is, and what it may read.
 *
 * @module
 */

export { IssuerUnreachable, TokenIssuer } from "#auth/issuer.ts";
export type { Scope } from "#auth/scope.ts";
export { type Authentication, authenticate, signToken } from "#auth/token.ts";
