import { createHash } from "node:crypto";
import { expect } from "vitest";
import { DEVICE_ROW } from "../../../examples/apollo/documents.ts";
import { apolloOver, ask as askWith, httpLink, onSocket, registeringLink, trustedLink } from "../apollo.ts";
import { type Ask, asking, registering } from "../asking.ts";
import { type ClientUnderTest, lacks } from "../client.ts";
import { onOneSocket, overGraphqlWs, RETRY_ALWAYS } from "../sockets.ts";
import { DEALER, DEALERS } from "../stand.ts";

const ask: Ask = ({ graphqlUrl: url }, name, variables, token) =>
  askWith(apolloOver(httpLink({ url, token })), name, variables);

export default {
  name: "Apollo Client",
  packages: ["@apollo/client"],
  cells: {
    ...asking(ask),

    trusted: async (stand) => {
      const apollo = apolloOver(trustedLink({ url: stand.graphqlUrl, token: await stand.token(DEALER) }));
      const key = stand.keysOf(DEALERS[1])[0] ?? "";
      expect((await apollo.query({ query: DEVICE_ROW, variables: { key } })).data?.device?.key).toBe(key);
    },

    ...registering((stand, look, token) => {
      const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
      const apollo = apolloOver(registeringLink(sha256, { url: stand.graphqlUrl, token, look }));
      return askWith(apollo, "MatrixDeviceQuery", { key: stand.device().key });
    }),

    ...lacks("its tools read schema.graphql", "schema"),
    ...lacks("it has no link for server-sent events", "eventStream"),
    ...onOneSocket(overGraphqlWs(onSocket), RETRY_ALWAYS),
    ...lacks("only browsers have origins", "credentials"),
    ...lacks("it has none", "otherProtocol"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
