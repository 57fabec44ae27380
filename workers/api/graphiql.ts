import { renderGraphiQL } from "graphql-yoga";
import type { ReaderSettings } from "#auth/reader-settings.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { SAVED_QUERIES } from "./saved-queries.ts";

/** The page of GraphiQL, which is served locally only. */
export async function graphiqlPage({ tokenSecret }: ReaderSettings): Promise<string> {
  // The local secret is public, so a signed token reveals nothing.
  const token =
    tokenSecret === LOCAL_TOKEN_SECRET ? await signToken({ role: "ops" }, tokenSecret, "12h") : "<npx concord token>";
  return renderGraphiQL({
    title: "Concord GraphiQL",
    // Not in the tabs' own headers: a browser stores those, and would send an expired token later.
    additionalHeaders: { Authorization: `Bearer ${token}` },
    defaultQuery: SAVED_QUERIES[0]?.query,
    defaultTabs: SAVED_QUERIES.map(({ query, variables }) => ({
      query,
      variables: variables ? JSON.stringify(variables, null, 2) : null,
    })),
    defaultEditorToolsVisibility: "variables",
  });
}
