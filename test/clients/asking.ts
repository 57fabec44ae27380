import { expect } from "vitest";
import type { Cell, Show } from "./client.ts";
import type { DocumentName } from "./documents.ts";
import { DEALERS, type Stand } from "./stand.ts";

// biome-ignore lint/suspicious/noExplicitAny: the server has checked it against the schema, and the caller knows its document
export type Data = any;

/** What a client has made of an answer: its data, and the codes of its errors, wherever the client puts them. */
export type Answer = { readonly data?: Data; readonly codes: readonly string[] };

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

/** The same for a client that tells of a refused request's status, and of nothing else. */
export const seesStatusOnly = (ask: Ask): Cell => ({
  works: "by its status, 401",
  show: async (stand) => {
    const { key } = stand.device();
    expect(await codesOfRefusal(stand, ask, { key })).toEqual(["401"]);
  },
});

/** The codes of GraphQL errors. */
export const codesOf = (errors: readonly { readonly extensions?: object | undefined }[] | undefined): string[] =>
  (errors ?? []).map(({ extensions }) => String((extensions as { code?: unknown } | undefined)?.code));

export const notOffered = (why: string): Cell => ({ notOffered: why });
