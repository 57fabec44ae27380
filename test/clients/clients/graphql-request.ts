import { ClientError, GraphQLClient } from "graphql-request";
import { type Ask, asking, codesOf, notOffered } from "../asking.ts";
import type { ClientUnderTest } from "../client.ts";
import { DOCUMENTS } from "../documents.ts";

const ask: Ask = async ({ graphqlUrl }, name, variables, token) => {
  const client = new GraphQLClient(graphqlUrl, { headers: { authorization: `Bearer ${token}` } });
  try {
    return { data: await client.request(DOCUMENTS[name], variables), codes: [] };
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
    trusted: notOffered("it sends a text with each request"),
    schema: notOffered("it needs none"),
    eventStream: notOffered("it has no subscriptions"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
