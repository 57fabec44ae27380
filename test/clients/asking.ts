import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { ROOT } from "../../local/tool.ts";
import type { Answer, Data } from "./answer.ts";
import type { Cell, Show } from "./client.ts";
import type { DocumentName } from "./documents.ts";
import { DEALER, DEALERS, type Stand } from "./stand.ts";

/** Sends a query or a mutation with a bearer token, in the way that the client's own documentation says. */
export type Ask = (
  stand: Stand,
  name: DocumentName,
  variables: Record<string, unknown>,
  token: string,
) => Promise<Answer>;

/** What every client that asks has to show. */
export const asking = (ask: Ask) =>
  ({
    query: async (stand) => {
      const { key } = stand.device();
      const { data, codes } = await ask(stand, "MatrixDeviceQuery", { key }, await stand.token());
      expect([data?.device?.key, codes]).toEqual([key, []]);
    },

    mutation: async (stand) => {
      const { key } = stand.device();
      const token = await stand.token();
      const heatSetpointC = 18 + Math.round(Math.random() * 10) / 2;
      const set = await ask(stand, "MatrixSetDesiredMutation", { key, heatSetpointC }, token);
      expect(set.data?.setDesiredState).toMatchObject({
        outcome: "APPLIED",
        device: { twin: { desired: { heatSetpointC } } },
        userErrors: [],
      });
      const none = await ask(stand, "MatrixSetDesiredMutation", { key: "elt:none", heatSetpointC }, token);
      expect(none.data?.setDesiredState.userErrors).toMatchObject([{ code: "NOT_FOUND" }]);
    },

    errors: async (stand) => {
      const [dealerId] = DEALERS;
      const { codes } = await ask(stand, "MatrixPageQuery", { dealerId, first: 101 }, await stand.token());
      expect(codes).toEqual(["COST_LIMIT"]);
    },

    unauthenticated: async (stand) => {
      const { key } = stand.device();
      expect(await codesOfRefusal(stand, ask, { key })).toEqual(["UNAUTHENTICATED"]);
    },

    pagination: async (stand) => {
      const [dealerId] = DEALERS;
      const token = await stand.token();
      const keys = stand.keysOf(dealerId);
      const page = async (variables: object) => {
        const { data } = await ask(stand, "MatrixPageQuery", { dealerId, ...variables }, token);
        const { edges, pageInfo } = data.devices;
        return { keys: edges.map(({ node }: { node: { key: string } }) => node.key), ...pageInfo };
      };
      const first = await page({ first: 20 });
      const second = await page({ first: 20, after: first.endCursor });
      expect([...first.keys, ...second.keys, second.hasNextPage]).toEqual([...keys, false]);
      const last = await page({ last: 20 });
      const beforeIt = await page({ last: 20, before: last.startCursor });
      expect([...beforeIt.keys, ...last.keys, beforeIt.hasPreviousPage]).toEqual([...keys, false]);
    },
  }) satisfies Record<string, Show>;

const codesOfRefusal = async (stand: Stand, ask: Ask, variables: Record<string, unknown>) =>
  (await ask(stand, "MatrixDeviceQuery", variables, "no-token")).codes;

/** Asks with automatic persisted queries. `look` is to see each request that the client sends: its body, or else its URL. */
type AskPersisted = (stand: Stand, look: (said: string) => void, token: string) => Promise<Answer>;

/** The texts and the hashes that a client sends with each request, in order, wherever it puts them. */
function recorded() {
  const sent: { readonly text: boolean; readonly hash: boolean }[] = [];
  const record = (said: string) =>
    void sent.push({ text: /query[= "]+(query|\{|:"[^"])/.test(said), hash: said.includes("sha256Hash") });
  return { sent, record };
}

/** What a client shows that registers its queries as they go. */
export const registering = (ask: AskPersisted) =>
  ({
    apq: async (stand) => {
      const { sent, record } = recorded();
      expect((await ask(stand, record, await stand.token())).codes).toEqual([]);
      const hashAlone = { text: false, hash: true };
      // Another client may have registered it already; this one's text has it registered at the latest.
      expect(sent.at(0)).toEqual(hashAlone);
      expect(sent.length).toBeLessThanOrEqual(2);
      sent.length = 0;
      expect((await ask(stand, record, await stand.token())).codes).toEqual([]);
      expect(sent).toEqual([hashAlone]);
    },

    apqOfDealer: {
      refused: "a dealer's token runs trusted documents only, and the client hears so at its second request",
      show: async (stand) => {
        const { sent, record } = recorded();
        const { codes } = await ask(stand, record, await stand.token(DEALER));
        expect([codes, sent.map(({ text }) => text)]).toEqual([["TRUSTED_DOCUMENTS_ONLY"], [false, true]]);
      },
    },
  }) satisfies Record<string, Cell>;

/** The same for a client that tells of a refusal's status, and of nothing else. */
export const seesStatusOnly = (ask: Ask, status = "401", what = "status"): Cell => ({
  works: `by its ${what}, ${status}`,
  show: async (stand) => {
    const { key } = stand.device();
    expect(await codesOfRefusal(stand, ask, { key })).toEqual([status]);
  },
});

/** A trusted document of examples/dashboard. */
export const TRUSTED_TEXT = readFileSync(join(ROOT, "examples/dashboard/device.graphql"), "utf8");

/** A client that sends texts only, and sends them as they are: the text of a trusted document is trusted too. */
export const sendsTrustedText = (
  ask: (stand: Stand, text: string, variables: Record<string, unknown>, token: string) => Promise<Data>,
): Cell => ({
  works: "by the document's whole text, as it is in its file",
  show: async (stand) => {
    const key = stand.keysOf(DEALERS[1])[0] ?? "";
    const data = await ask(stand, TRUSTED_TEXT, { key }, await stand.token(DEALER));
    expect(data?.device?.key).toBe(key);
  },
});
