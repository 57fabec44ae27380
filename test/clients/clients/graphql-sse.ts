import { createClient, NetworkError } from "graphql-sse";
import {
  type Answer,
  type Ask,
  asking,
  codesOf,
  type Data,
  NO_PERSISTED_QUERIES,
  notOffered,
  seesStatusOnly,
  sendsTrustedText,
} from "../asking.ts";
import type { ClientUnderTest } from "../client.ts";
import { TEXTS } from "../documents.ts";
import { follows } from "../following.ts";
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
    apq: notOffered(NO_PERSISTED_QUERIES),
    apqOfDealer: notOffered(NO_PERSISTED_QUERIES),
    schema: notOffered("it needs none"),
    eventStream: async (stand) => {
      const sse = client(stand, await stand.token());
      await follows(stand, (name, variables, { next, failed }) =>
        sse.subscribe<Data>(
          { query: TEXTS[name], variables },
          { next: ({ data }) => next(data), error: failed, complete: () => {} },
        ),
      );
    },
  },
} satisfies ClientUnderTest as ClientUnderTest;
