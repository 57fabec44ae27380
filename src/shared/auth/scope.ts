/**
 * Who is asking. Every read of the SDK takes one, and none has a default: a query that forgets whom it answers does
 * not compile. `ops` and `service` see everything; a dealer sees what belongs to its ids.
 */
export type Scope =
  | { readonly role: "ops" }
  | { readonly role: "service" }
  | { readonly role: "dealer"; readonly dealerIds: readonly string[] };
