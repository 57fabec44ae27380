import { ClientError, GraphQLClient } from "graphql-request";
import { codesOf } from "../answer.ts";
import { type Ask, asking, sendsTrustedText } from "../asking.ts";
import { type ClientUnderTest, lacks, PERSISTED_QUERIES, SOCKETS } from "../client.ts";
import { DOCUMENTS } from "../documents.ts";
import type { Stand } from "../stand.ts";

const client = ({ graphqlUrl }: Stand, token: string) =>
  new GraphQLClient(graphqlUrl, { headers: { authorization: `Bearer ${token}` } });

const ask: Ask = async (stand, name, variables, token) => {
  try {
    return { data: await client(stand, token).request(DOCUMENTS[name], variables), codes: [] };
  } catch (thrown) {
    if (!(thrown instanceof ClientError)) throw thrown;
    return { data: thrown.response.data, codes: codesOf(thrown.response.errors) };
  }
};

export default {
  name: "graphql-request",
  packages: ["graphql-request"],
  cells: {
    ...asking(ask),
    trusted: sendsTrustedText((stand, text, variables, token) => client(stand, token).request(text, variables)),
    ...lacks("it has no persisted queries", ...PERSISTED_QUERIES),
    ...lacks("it opens no sockets", ...SOCKETS),
    ...lacks("it needs none", "schema"),
    ...lacks("it has no subscriptions", "eventStream"),
    ...lacks("only browsers have origins", "credentials"),
    ...lacks("it has none", "otherProtocol"),
    ...lacks("it has no subscriptions", "resume"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
