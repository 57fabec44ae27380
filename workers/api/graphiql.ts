import { renderGraphiQL } from "graphql-yoga";
import { LOCAL_TOKEN_SECRET, signToken } from "../../src/shared/auth/token.ts";
import type { Config } from "./env.ts";

const DEFAULT_QUERY = `# Every request carries a token: see Headers below. \`npx concord token --help\` makes others.
query FirstDevices {
  devices(first: 10) {
    edges {
      node {
        key
        name
        status
        dealer { name }
        customer { name }
        report { indoorTemperatureC reportedAt }
        alerts(first: 5) { edges { node { severity state text raisedAt } } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`;

/** The page for trying queries, on a developer's machine only. */
export async function graphiqlPage({ tokenSecret }: Config): Promise<string> {
  // Anybody can sign with the local secret, so a ready token gives nothing away.
  const token =
    tokenSecret === LOCAL_TOKEN_SECRET ? await signToken({ role: "ops" }, tokenSecret, "12h") : "<npx concord token>";
  return renderGraphiQL({
    title: "Concord GraphiQL",
    defaultQuery: DEFAULT_QUERY,
    headers: JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2),
    defaultEditorToolsVisibility: "headers",
  });
}
