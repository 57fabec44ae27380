import { type Client, createClient } from "graphql-ws";
import { type Answer, codesOf, type Data } from "../answer.ts";
import { type Ask, asking, seesStatusOnly, sendsTrustedText } from "../asking.ts";
import { type ClientUnderTest, lacks, PERSISTED_QUERIES } from "../client.ts";
import { TEXTS } from "../documents.ts";
import { type OnSocket, onOneSocket, overGraphqlWs, RETRY_ALWAYS, socketUrl } from "../sockets.ts";
import type { Stand } from "../stand.ts";

const ask = (ws: Client, query: string, variables: Record<string, unknown>) =>
  new Promise<Answer>((resolve, reject) => {
    ws.subscribe<Data>(
      { query, variables },
      {
        next: ({ data, errors }) => resolve({ data, codes: codesOf(errors) }),
        // What a server refuses before it runs anything comes as a list of GraphQL errors.
        error: (fault) => (Array.isArray(fault) ? resolve({ codes: codesOf(fault) }) : reject(fault)),
        complete: () => {},
      },
    );
  });

const onSocket = (ws: Client): OnSocket => ({
  ask: (name, variables) => ask(ws, TEXTS[name], variables),
  subscribe: (name, variables, { next, failed }) =>
    ws.subscribe<Data>(
      { query: TEXTS[name], variables },
      { next: ({ data }) => next(data), error: failed, complete: () => {} },
    ),
});

/** Each question over a socket of its own. */
async function once(stand: Stand, query: string, variables: Record<string, unknown>, token: string): Promise<Answer> {
  const ws = createClient({
    url: socketUrl(stand.url),
    connectionParams: { Authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  try {
    return await ask(ws, query, variables);
  } catch (fault) {
    const { code } = fault as { code?: number };
    if (!code) throw fault;
    return { codes: [String(code)] };
  } finally {
    await ws.dispose();
  }
}

const askOnce: Ask = (stand, name, variables, token) => once(stand, TEXTS[name], variables, token);

export default {
  name: "graphql-ws",
  packages: ["graphql-ws"],
  cells: {
    ...asking(askOnce),
    unauthenticated: seesStatusOnly(askOnce, "4403", "close code"),
    trusted: sendsTrustedText(async (...request) => (await once(...request)).data),
    ...lacks("it has no persisted queries", ...PERSISTED_QUERIES),
    ...onOneSocket(overGraphqlWs(onSocket), RETRY_ALWAYS),
    ...lacks("it needs none", "schema"),
    ...lacks("it speaks over sockets only", "eventStream"),
    ...lacks("only browsers have origins", "credentials"),
    ...lacks("it has none", "otherProtocol"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
