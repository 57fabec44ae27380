import { ClientError, GraphQLClient } from "graphql-request";
import { type Ask, asking, codesOf, NO_PERSISTED_QUERIES, notOffered, sendsTrustedText } from "../asking.ts";
import type { ClientUnderTest } from "../client.ts";
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
    apq: notOffered(NO_PERSISTED_QUERIES),
    apqOfDealer: notOffered(NO_PERSISTED_QUERIES),
    schema: notOffered("it needs none"),
    eventStream: notOffered("it has no subscriptions"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
