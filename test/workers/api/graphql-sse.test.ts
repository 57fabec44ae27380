import { createClient, type NetworkError } from "graphql-sse";
import { beforeEach, describe, expect, it } from "vitest";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { emptyTables, OPS, seedDevices, send } from "./support.ts";

beforeEach(async () => {
  await emptyTables();
  await seedDevices({ key: "elt:a", dealers: [[1, "D-A"]] });
});

const TOKEN = await signToken(OPS, LOCAL_TOKEN_SECRET, "1h");

/** graphql-sse as it is, over the Worker. */
const clientOf = (singleConnection: boolean) =>
  createClient({
    url: "http://concord.test/graphql",
    headers: { Authorization: `Bearer ${TOKEN}` },
    retryAttempts: 0,
    singleConnection,
    fetchFn: (
      url: string,
      {
        credentials: _,
        referrer: __,
        referrerPolicy: ___,
        ...init
      }: RequestInit & { credentials?: string; referrer?: string; referrerPolicy?: string },
    ) => send(new Request(url, init)),
  } as Parameters<typeof createClient>[0]);

const FEED = { query: 'subscription { dealerFeed(dealerId: "D-A") { kind } }' };

describe("graphql-sse in its distinct-connections mode", () => {
  it("subscribes, and asks queries", async () => {
    const client = clientOf(false);
    const feed = client.iterate(FEED);
    expect((await feed.next()).value).toMatchObject({ data: { dealerFeed: { kind: "STARTED" } } });
    await feed.return?.();
    const query = client.iterate({ query: '{ device(by: { key: "elt:a" }) { key } }' });
    expect((await query.next()).value).toMatchObject({ data: { device: { key: "elt:a" } } });
    expect((await query.next()).done).toBe(true);
  });

  it("reads the errors of a document from the stream", async () => {
    const query = clientOf(false).iterate({ query: "{ nothing }" });
    expect((await query.next()).value).toMatchObject({
      errors: [{ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }],
    });
  });
});

describe("graphql-sse in its single-connection mode", () => {
  it("is refused in words that say what to set", async () => {
    const refused = (await clientOf(true)
      .iterate(FEED)
      .next()
      .catch((thrown: unknown) => thrown)) as NetworkError<Response>;
    expect(refused.response?.status).toBe(405);
    expect(await refused.response?.json()).toEqual({
      errors: [
        {
          message: expect.stringContaining("`singleConnection: false`"),
          extensions: { code: "SINGLE_CONNECTION_NOT_SUPPORTED" },
        },
      ],
    });
  });

  it("is refused at the stream's own path too", async () => {
    const response = await send(new Request("http://concord.test/graphql/stream", { method: "PUT" }));
    expect([response.status, response.headers.get("Allow"), await response.json()]).toMatchObject([
      405,
      "GET, POST",
      { errors: [{ extensions: { code: "SINGLE_CONNECTION_NOT_SUPPORTED" } }] },
    ]);
  });
});
