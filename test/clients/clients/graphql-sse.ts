import { type Client, createClient, NetworkError } from "graphql-sse";
import { expect, vi } from "vitest";
import { type Answer, codesOf, type Data } from "../answer.ts";
import { type Ask, asking, seesStatusOnly, sendsTrustedText } from "../asking.ts";
import { type ClientUnderTest, lacks, PERSISTED_QUERIES, SOCKETS } from "../client.ts";
import { TEXTS } from "../documents.ts";
import { follow, follows, goesOn, SOON, type Subscribe } from "../following.ts";
import type { Stand } from "../stand.ts";

const client = ({ graphqlUrl }: Stand, token: string) =>
  createClient({ url: graphqlUrl, headers: { Authorization: `Bearer ${token}` }, retryAttempts: 0 });

const once = (stand: Stand, query: string, variables: object, token: string) =>
  new Promise<Answer>((resolve, reject) => {
    client(stand, token).subscribe<Data>(
      { query, variables: { ...variables } },
      {
        next: ({ data, errors }) => resolve({ data, codes: codesOf(errors) }),
        error: (fault) => (fault instanceof NetworkError ? resolve({ codes: [statusOf(fault)] }) : reject(fault)),
        complete: () => {},
      },
    );
  });

const subscribeWith =
  (sse: Pick<Client, "subscribe">): Subscribe =>
  (name, variables, { next, failed }) =>
    sse.subscribe<Data>(
      { query: TEXTS[name], variables },
      { next: ({ data }) => next(data), error: failed, complete: () => {} },
    );

const ask: Ask = (stand, name, variables, token) => once(stand, TEXTS[name], variables, token);

const statusOf = ({ response }: NetworkError): string => String((response as Response | undefined)?.status);

export default {
  name: "graphql-sse",
  packages: ["graphql-sse"],
  cells: {
    ...asking(ask),
    unauthenticated: seesStatusOnly(ask),
    trusted: sendsTrustedText(
      async (stand, text, variables, token) => (await once(stand, text, variables, token)).data,
    ),
    ...lacks("it has no persisted queries", ...PERSISTED_QUERIES),
    ...lacks("it opens no sockets", ...SOCKETS),
    ...lacks("it needs none", "schema"),
    eventStream: async (stand) => follows(stand, subscribeWith(client(stand, await stand.token()))),

    resume: async (stand) => {
      const line = await stand.line();
      const headers = { Authorization: `Bearer ${await stand.token()}` };
      const sse = createClient({ url: new URL("/graphql", line.url).href, headers });
      await goesOn(stand, line, subscribeWith(sse));
      line.close();
    },

    otherProtocol: {
      refused: "its single connection is not served: leave `singleConnection` out, and each subscription has its own",
      show: async (stand) => {
        const headers = { Authorization: `Bearer ${await stand.token()}` };
        const answers: string[] = [];
        const fetchFn: typeof fetch = async (...request) => {
          const response = await fetch(...request);
          answers.push(await response.clone().text());
          return response;
        };
        const options = { url: stand.graphqlUrl, headers, fetchFn, retryAttempts: 0 };
        const sse = createClient({ ...options, singleConnection: true });
        const { faults } = follow(subscribeWith(sse), stand.device());
        await vi.waitFor(() => expect(faults).toHaveLength(1), SOON);
        expect(answers).toEqual([expect.stringContaining("`singleConnection: false`")]);
      },
    },
    ...lacks("only browsers have origins", "credentials"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
