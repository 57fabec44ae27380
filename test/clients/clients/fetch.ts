import { createHash } from "node:crypto";
import { buildClientSchema, getIntrospectionQuery } from "graphql";
import { expect, vi } from "vitest";
import { codesOf, type Data } from "../answer.ts";
import { type Ask, asking, TRUSTED_TEXT } from "../asking.ts";
import { type ClientUnderTest, lacks, PERSISTED_QUERIES, SOCKETS } from "../client.ts";
import { TEXTS } from "../documents.ts";
import { readEvents } from "../event-stream.ts";
import { begun, follow, follows, SOON, type Subscribe } from "../following.ts";
import { DEALER, DEALERS, type Stand } from "../stand.ts";

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

/** Reads streams by hand. The id of a device's events is their revision. */
const streaming =
  ({ graphqlUrl }: Stand, token: string, lastEventId?: string): Subscribe =>
  (name, variables, { next, failed }) => {
    const leaving = new AbortController();
    const headers = { Accept: "text/event-stream", ...(lastEventId && { "Last-Event-ID": lastEventId }) };
    post(graphqlUrl, token, { query: TEXTS[name], variables }, headers, leaving.signal)
      .then(({ body }) => body && readEvents(body.pipeThrough(new TextDecoderStream()), next))
      .catch((fault) => {
        if (!leaving.signal.aborted) failed(fault);
      });
    return () => leaving.abort();
  };

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

    ...lacks("it has no persisted queries", ...PERSISTED_QUERIES),
    ...lacks("it opens no sockets", ...SOCKETS),
    schema: async (stand) => {
      const { data } = await answerOf(
        await post(stand.graphqlUrl, await stand.token(DEALER), { query: getIntrospectionQuery() }),
      );
      expect(buildClientSchema(data).getSubscriptionType()?.getFields()).toHaveProperty("deviceChanged");
    },

    eventStream: async (stand) => follows(stand, streaming(stand, await stand.token())),

    resume: {
      works: "with `Last-Event-ID`: each change once",
      show: async (stand) => {
        const token = await stand.token();
        const device = stand.device();
        const first = follow(streaming(stand, token), device);
        await begun(first);
        first.stop();
        await stand.report(device.deviceId);
        await stand.report(device.deviceId);
        const second = follow(streaming(stand, token, String(first.changes.at(-1)?.revision)), device);
        await vi.waitFor(() => expect(second.changes).toHaveLength(2), SOON);
        const seen = first.changes.at(-1)?.revision ?? 0;
        expect(second.changes.map(({ kind, revision }) => [kind, revision])).toEqual([
          ["EVENT", seen + 1],
          ["EVENT", seen + 2],
        ]);
        second.stop();
      },
    },
    ...lacks("only browsers have origins", "credentials"),
    ...lacks("it has none", "otherProtocol"),
  },
} satisfies ClientUnderTest as ClientUnderTest;
