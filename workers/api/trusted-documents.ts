import type { GraphQLParams, Plugin } from "graphql-yoga";
import type { PersistedTexts } from "#graphql/persisted-queries.ts";
import type { Rights } from "#graphql/rights.ts";
import { type DocumentParams, documentText } from "#graphql/trusted-documents.ts";

/** Replaces a document's id by its text. Refuses other texts to callers who may run trusted documents only. */
export const trustedDocuments: Plugin<object, { rights: Rights; texts: PersistedTexts }> = {
  async onParams({ params, setParams, context }) {
    const { documentId, id, doc_id, ...others } = params as GraphQLParams & DocumentParams;
    const { rights, texts } = context;
    setParams({ ...others, query: await documentText({ ...others, documentId, id, doc_id }, rights, texts) });
  },
};
