import type { ReaderSettings } from "#auth/reader-settings.ts";
import type { Scope } from "#auth/scope.ts";

/** What a caller may ask for. Its scope decides which rows it gets. */
export type Rights = {
  /** Documents of its own, beside the trusted ones. */
  readonly ownDocuments: boolean;
};

/** Dealers' tokens are in browsers, where anybody can take one; the other tokens stay on our own machines. */
export const rightsOf = ({ role }: Scope, { trustedDocumentsOnly }: ReaderSettings): Rights => ({
  ownDocuments: role !== "dealer" || !trustedDocumentsOnly,
});
