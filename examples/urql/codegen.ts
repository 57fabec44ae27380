import { addTypenameSelectionDocumentTransform } from "@graphql-codegen/client-preset";

/** For `npx graphql-codegen`: documents in, types and persisted-documents.json out. */
export default {
  schema: "../../schema.graphql",
  documents: ["documents.graphql"],
  generates: {
    "gql/": {
      preset: "client",
      config: { scalars: { DateTime: "string", JSON: "unknown" }, immutableTypes: true, useTypeImports: true },
      presetConfig: { persistedDocuments: { hashAlgorithm: "sha256" }, fragmentMasking: false },
      // The API runs the text behind an id, so `__typename`, which caches need, has to be in it.
      documentTransforms: [addTypenameSelectionDocumentTransform],
    },
  },
};
