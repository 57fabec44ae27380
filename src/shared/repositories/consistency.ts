/** From where reads may come: any replica, one that is at least as far as a bookmark, or the primary. */
export type Consistency =
  | { readonly kind: "nearest" }
  | { readonly kind: "atLeast"; readonly bookmark: string }
  | { readonly kind: "strong" };

export const NEAREST: Consistency = { kind: "nearest" };

/** Four counters of D1 in hex. It takes anything else for a bookmark too, and silently promises nothing then. */
const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

/**
 * Reads a consistency token: a bookmark, which clients take for opaque text. Tokens sort as text by how far they are,
 * so a client that holds several keeps the largest.
 */
export const parseConsistencyToken = (token: string): Consistency | undefined =>
  BOOKMARK.test(token) ? { kind: "atLeast", bookmark: token } : undefined;

/** The one that stands for more. */
export const laterToken = (a: string | null, b: string | null): string | null =>
  a === null || (b !== null && b > a) ? b : a;

/** What D1 wants to hear when a session begins: developers.cloudflare.com/d1/best-practices/read-replication */
export function sessionStartOf(consistency: Consistency): D1SessionBookmark | D1SessionConstraint {
  switch (consistency.kind) {
    case "nearest":
      return "first-unconstrained";
    case "atLeast":
      return consistency.bookmark;
    case "strong":
      return "first-primary";
  }
}
