import { renderGraphiQL } from "graphql-yoga";
import { LOCAL_TOKEN_KEY } from "#auth/local-key.ts";
import type { ReaderSettings } from "#auth/reader-settings.ts";
import { signToken } from "#auth/token.ts";
import { isLocalKey } from "#auth/token-keys.ts";
import { SAVED_QUERIES } from "./saved-queries.ts";

/** The page of GraphiQL, which is served locally only. */
export async function graphiqlPage({ trust }: ReaderSettings): Promise<string> {
  // The local key is public, so a signed token reveals nothing.
  const token = trust.keys?.keys.some(isLocalKey)
    ? await signToken({ role: "ops" }, LOCAL_TOKEN_KEY, "12h")
    : "<npx concord token>";
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
