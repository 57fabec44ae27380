import type { GraphQLParams, Plugin } from "graphql-yoga";
import type { Rights } from "../../src/shared/graphql/rights.ts";
import { type DocumentParams, documentText } from "../../src/shared/graphql/trusted-documents.ts";

/** Puts the text in place of a document's id, and refuses other texts to those who may not write their own. */
export const trustedDocuments: Plugin<object, { rights: Rights }> = {
  onParams({ params, setParams, context }) {
    const { documentId, ...others } = params as GraphQLParams & DocumentParams;
    setParams({ ...others, query: documentText({ ...others, documentId }, context.rights) });
  },
};
