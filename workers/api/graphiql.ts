import { renderGraphiQL } from "graphql-yoga";
import type { ReaderSettings } from "../../src/shared/auth/reader-settings.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "../../src/shared/auth/token.ts";
import { SAVED_QUERIES } from "./saved-queries.ts";

/** The page for trying queries, on a developer's machine only. */
export async function graphiqlPage({ tokenSecret }: ReaderSettings): Promise<string> {
  // Anybody can sign with the local secret, so a ready token gives nothing away.
  const token =
    tokenSecret === LOCAL_TOKEN_SECRET ? await signToken({ role: "ops" }, tokenSecret, "12h") : "<npx concord token>";
  return renderGraphiQL({
    title: "Concord GraphiQL",
    // Not the tabs' own headers: a browser keeps those, and would send a token of last week.
    additionalHeaders: { Authorization: `Bearer ${token}` },
    defaultQuery: SAVED_QUERIES[0]?.query,
    defaultTabs: SAVED_QUERIES.map(({ query, variables }) => ({
      query,
      variables: variables ? JSON.stringify(variables, null, 2) : null,
    })),
    defaultEditorToolsVisibility: "variables",
  });
}
