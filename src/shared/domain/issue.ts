/** What is wrong with one member of a record. Never contains the member's value, which may be personal data. */
export type Issue = { readonly path: string; readonly code: string; readonly message: string };
