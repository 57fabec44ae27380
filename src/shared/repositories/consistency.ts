import type { D1SessionBookmark, D1SessionConstraint } from "@cloudflare/workers-types";

/**
 * The header that carries a consistency token. In a request: what the client has seen. In an answer: what it has seen
 * with this answer. Of the GraphQL API, and of every service that passes its caller's token on.
 */
export const CONSISTENCY_HEADER = "Concord-Consistency-Token";

/** Where reads may come from: any replica, one that is at least as new as a bookmark, or the primary. */
export type Consistency =
  | { readonly kind: "nearest" }
  | { readonly kind: "atLeast"; readonly bookmark: string }
  | { readonly kind: "strong" };

/** From whichever copy is nearest, however old: usually well under a second. */
export const NEAREST: Consistency = { kind: "nearest" };

/** A D1 bookmark: four counters in hex. D1 accepts any other text as a bookmark too, and then guarantees nothing. */
const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

/**
 * Parses a consistency token, which is a bookmark and opaque to clients. Tokens sort as text by age, so a client with
 * several keeps the greatest. @returns `undefined` if it is not a token
 */
export const parseConsistencyToken = (token: string): Consistency | undefined =>
  BOOKMARK.test(token) ? { kind: "atLeast", bookmark: token } : undefined;

/** The newer of two tokens. */
export const laterToken = (a: string | null, b: string | null): string | null =>
  a === null || (b !== null && b > a) ? b : a;

/** The argument of D1's `withSession`: developers.cloudflare.com/d1/best-practices/read-replication */
export function toSessionStart(consistency: Consistency): D1SessionBookmark | D1SessionConstraint {
  switch (consistency.kind) {
    case "nearest":
      return "first-unconstrained";
    case "atLeast":
      return consistency.bookmark;
    case "strong":
      return "first-primary";
  }
}
