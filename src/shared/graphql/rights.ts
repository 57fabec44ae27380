import type { ReaderSettings } from "../auth/reader-settings.ts";
import type { Scope } from "../auth/scope.ts";

/** What a caller may ask; what it then gets to see is up to its scope. */
export type Rights = {
  /** Documents of its own, beside the trusted ones. */
  readonly ownDocuments: boolean;
  /** The schema: by introspection, and by suggestions in error messages. */
  readonly introspection: boolean;
};

/** Dealers' tokens live in browsers, from where anybody can take one; the others stay on machines of ours. */
export const rightsOf = ({ role }: Scope, { isLocal, trustedDocumentsOnly }: ReaderSettings): Rights => ({
  ownDocuments: role !== "dealer" || !trustedDocumentsOnly,
  introspection: role !== "dealer" || isLocal,
});
