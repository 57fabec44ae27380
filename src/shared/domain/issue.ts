/** What was wrong with one member of a record; never holds the member's value, which may be personal. */
export type Issue = { readonly path: string; readonly code: string; readonly message: string };
