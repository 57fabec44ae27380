import { generateClient } from "@aws-amplify/api";
import { Amplify } from "@aws-amplify/core";
import { type Ask, asking, codesOf, type Data, NO_PERSISTED_QUERIES, notOffered, seesStatusOnly } from "../asking.ts";
import type { ClientUnderTest } from "../client.ts";
import { TEXTS } from "../documents.ts";

/** With a token of one's own, as for a Lambda authorizer: Amplify sends it as it is. */
const ask: Ask = async ({ graphqlUrl }, name, variables, token) => {
  Amplify.configure({ API: { GraphQL: { endpoint: graphqlUrl, defaultAuthMode: "lambda" } } });
  const client = generateClient({ authMode: "lambda", authToken: `Bearer ${token}` });
  try {
    const { data } = (await client.graphql({ query: TEXTS[name] as string, variables })) as Data;
    return { data, codes: [] };
  } catch (thrown) {
    const { data, errors } = thrown as Data;
    if (!errors) throw thrown;
    // It reads a refusal as one of AppSync's, and keeps its status here.
    const status = errors[0]?.originalError?.$metadata?.httpStatusCode;
    return { data, codes: status ? [String(status)] : codesOf(errors) };
  }
};

export default {
  name: "AWS Amplify",
  packages: ["@aws-amplify/api", "@aws-amplify/core"],
  cells: {
    ...asking(ask),
    unauthenticated: seesStatusOnly(ask),
    trusted: notOffered("it sends texts, and formats them anew"),
    apq: notOffered(NO_PERSISTED_QUERIES),
    apqOfDealer: notOffered(NO_PERSISTED_QUERIES),
    schema: notOffered("its tools read AppSync's schema"),
    eventStream: notOffered("it speaks AppSync's own protocol"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
