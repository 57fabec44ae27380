/**
 * What a caller may read. Every read of the SDK requires a scope, and none has a default: a query without one does not
 * compile. `ops` and `service` see everything; a dealer sees what belongs to its ids.
 */
export type Scope =
  | { readonly role: "ops" }
  | { readonly role: "service" }
  | { readonly role: "dealer"; readonly dealerIds: readonly string[] };
