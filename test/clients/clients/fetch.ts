import { createHash } from "node:crypto";
import { buildClientSchema, getIntrospectionQuery } from "graphql";
import { expect } from "vitest";
import { type Ask, asking, codesOf, type Data, NO_PERSISTED_QUERIES, notOffered, TRUSTED_TEXT } from "../asking.ts";
import type { ClientUnderTest } from "../client.ts";
import { TEXTS } from "../documents.ts";
import { readEvents } from "../event-stream.ts";
import { follows } from "../following.ts";
import { DEALER, DEALERS } from "../stand.ts";

const post = (url: string, token: string, body: object, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });

const answerOf = async (response: Response) => {
  const { data, errors } = (await response.json()) as Data;
  return { data, codes: codesOf(errors) };
};

const ask: Ask = async ({ graphqlUrl }, name, variables, token) =>
  answerOf(await post(graphqlUrl, token, { query: TEXTS[name], variables }));

export default {
  name: "fetch",
  packages: [],
  cells: {
    ...asking(ask),

    trusted: async (stand) => {
      const documentId = `sha256:${createHash("sha256").update(TRUSTED_TEXT).digest("hex")}`;
      const key = stand.keysOf(DEALERS[1])[0] ?? "";
      const body = { documentId, variables: { key } };
      const { data, codes } = await answerOf(await post(stand.graphqlUrl, await stand.token(DEALER), body));
      expect([data?.device?.key, codes]).toEqual([key, []]);
    },

    apq: notOffered(NO_PERSISTED_QUERIES),
    apqOfDealer: notOffered(NO_PERSISTED_QUERIES),
    schema: async (stand) => {
      const { data } = await answerOf(
        await post(stand.graphqlUrl, await stand.token(DEALER), { query: getIntrospectionQuery() }),
      );
      expect(buildClientSchema(data).getSubscriptionType()?.getFields()).toHaveProperty("deviceChanged");
    },

    eventStream: async (stand) => {
      const token = await stand.token();
      await follows(stand, (name, variables, { next, failed }) => {
        const leaving = new AbortController();
        const body = { query: TEXTS[name], variables };
        post(stand.graphqlUrl, token, body, { Accept: "text/event-stream" }, leaving.signal)
          .then(({ body: stream }) => stream && readEvents(stream.pipeThrough(new TextDecoderStream()), next))
          .catch((fault) => {
            if (!leaving.signal.aborted) failed(fault);
          });
        return () => leaving.abort();
      });
    },
  },
} satisfies ClientUnderTest as ClientUnderTest;
