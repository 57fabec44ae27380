import { generateClient } from "@aws-amplify/api";
import { Amplify } from "@aws-amplify/core";
import { expect, vi } from "vitest";
import { codesOf, type Data } from "../answer.ts";
import { type Ask, asking, seesStatusOnly } from "../asking.ts";
import { type ClientUnderTest, lacks, PERSISTED_QUERIES, SOCKETS } from "../client.ts";
import { TEXTS } from "../documents.ts";
import { SOON } from "../following.ts";

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

/** Amplify takes TLS for granted, which the platform under test has not. */
class WithoutTls extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(String(url).replace(/^wss:/, "ws:"), protocols);
    if (this.url.includes("/realtime"))
      this.addEventListener("close", ({ code, reason }) => closings.push(`${code} ${reason}`));
  }
}
const closings: string[] = [];
const NOT_SERVED = "4400 Bad Request: nothing is served at this path; open /live";

export default {
  name: "AWS Amplify",
  packages: ["@aws-amplify/api", "@aws-amplify/core"],
  cells: {
    ...asking(ask),
    unauthenticated: seesStatusOnly(ask),
    ...lacks("it sends texts, and formats them anew", "trusted"),
    ...lacks("it has no persisted queries", ...PERSISTED_QUERIES),
    ...lacks("it opens no sockets", ...SOCKETS),
    ...lacks("its tools read AppSync's schema", "schema"),
    ...lacks("it speaks AppSync's own protocol", "eventStream"),

    otherProtocol: {
      refused:
        "AppSync's own real-time protocol is not served, for which Amplify goes on trying: subscribe with graphql-ws beside it",
      show: async ({ graphqlUrl, token }) => {
        const { WebSocket: own } = globalThis;
        globalThis.WebSocket = WithoutTls;
        try {
          Amplify.configure({ API: { GraphQL: { endpoint: graphqlUrl, defaultAuthMode: "lambda" } } });
          const client = generateClient({ authMode: "lambda", authToken: `Bearer ${await token()}` });
          const following = client.graphql({
            query: TEXTS.MatrixDeviceSubscription as string,
            variables: { key: "elt:m-00" },
          }) as unknown as { subscribe(sink: object): { unsubscribe(): void } };
          const subscription = following.subscribe({});
          await vi.waitFor(() => expect(closings).toContain(NOT_SERVED), SOON);
          subscription.unsubscribe();
        } finally {
          globalThis.WebSocket = own;
        }
      },
    },

    ...lacks("only browsers have origins", "credentials"),
    ...lacks("it has no other subscriptions", "resume"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
