import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildClientSchema, getIntrospectionQuery } from "graphql";
import { expect } from "vitest";
import { type Ask, asking, codesOf, type Data } from "../asking.ts";
import type { ClientUnderTest } from "../client.ts";
import { TEXTS } from "../documents.ts";
import { follows } from "../following.ts";
import { DEALER, DEALERS } from "../stand.ts";

const DEVICE_PAGE = readFileSync(join(import.meta.dirname, "../../../examples/dashboard/device.graphql"));

const post = (url: string, token: string, body: object, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify(body),
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
      const documentId = `sha256:${createHash("sha256").update(DEVICE_PAGE).digest("hex")}`;
      const key = stand.keysOf(DEALERS[1])[0] ?? "";
      const body = { documentId, variables: { key } };
      const { data, codes } = await answerOf(await post(stand.graphqlUrl, await stand.token(DEALER), body));
      expect([data?.device?.key, codes]).toEqual([key, []]);
    },

    schema: async (stand) => {
      const { data } = await answerOf(
        await post(stand.graphqlUrl, await stand.token(), { query: getIntrospectionQuery() }),
      );
      expect(buildClientSchema(data).getSubscriptionType()?.getFields()).toHaveProperty("deviceChanged");
    },

    eventStream: async (stand) => {
      const token = await stand.token();
      await follows(stand, (name, variables, { next, failed }) => {
        const leaving = new AbortController();
        readEvents(stand.graphqlUrl, token, { query: TEXTS[name], variables }, leaving.signal, next).catch((fault) => {
          if (!leaving.signal.aborted) failed(fault);
        });
        return () => leaving.abort();
      });
    },
  },
} satisfies ClientUnderTest as ClientUnderTest;

async function readEvents(url: string, token: string, body: object, signal: AbortSignal, next: (data: Data) => void) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream", Authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    signal,
  });
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = /^data: ?(.+)$/m.exec(block)?.[1];
      if (/^event: ?next$/m.test(block) && data) next(JSON.parse(data).data);
    }
  }
}
