import { expect, it } from "vitest";
import { ConcordClient } from "./client.ts";
import { keepSeen } from "./consistency.ts";
import type { TrustedDocument } from "./document.ts";
import { ConcordError } from "./error.ts";

type Result = { device: { key: string; dealer: { name: string } | null } | null };
const DOCUMENT: TrustedDocument<Result, { key: string }> = { documentId: "sha256:0" };

const KEY = { key: "elt:1" };
const FOUND = { data: { device: { key: "elt:1", dealer: null } } };
const errorOf = (code: string, path: string[] = [], others = {}) => ({
  message: code,
  path,
  extensions: { code, ...others },
});
const OUTAGE = errorOf("UPSTREAM_UNAVAILABLE", ["device"], { retryAfterMs: 5 });

type Reply = { readonly body: object; readonly token?: string; readonly status?: number };
const REFUSED_TOKEN = { body: { errors: [errorOf("BAD_CONSISTENCY_TOKEN")] }, status: 400 };

/** A client whose API gives these replies, one a request, and the requests that it got. */
function clientOf(...replies: readonly Reply[]) {
  const requests: Request[] = [];
  const client = new ConcordClient({
    url: "http://api.test/graphql",
    token: () => `token-${requests.length}`,
    fetch: async (url, init) => {
      const { body, token, status = 200 } = replies[requests.length] as Reply;
      requests.push(new Request(url, init));
      return Response.json(body, { status, headers: token ? { "Concord-Consistency-Token": token } : {} });
    },
  });
  return { client, requests, headers: (name: string) => requests.map((request) => request.headers.get(name)) };
}

it("sends a document by its id, with a token that is asked for each time", async () => {
  const { client, requests, headers } = clientOf({ body: FOUND }, { body: FOUND });
  expect(await client.ask(DOCUMENT, KEY)).toEqual({ ...FOUND, errors: [] });
  await client.ask(DOCUMENT, KEY);
  expect(await requests[0]?.json()).toEqual({ documentId: "sha256:0", variables: KEY });
  expect(headers("Authorization")).toEqual(["Bearer token-0", "Bearer token-1"]);
});

it("asks for no less than it has seen: with the largest token, whatever order answers come in", async () => {
  const { client, headers } = clientOf(
    { body: FOUND, token: "0002" },
    { body: FOUND, token: "0001" },
    { body: FOUND },
    { body: FOUND, token: "0003" },
    { body: FOUND },
  );
  for (let i = 0; i < 5; i++) await client.ask(DOCUMENT, KEY);
  expect(headers("Concord-Consistency-Token")).toEqual([null, "0002", "0002", "0002", "0003"]);
});

it("asks the primary when told to, and for that request only", async () => {
  const { client, headers } = clientOf({ body: FOUND }, { body: FOUND });
  await client.ask(DOCUMENT, KEY, { consistency: "strong" });
  await client.ask(DOCUMENT, KEY);
  expect(headers("Concord-Consistency")).toEqual(["strong", null]);
});

it("asks again while the database is out of reach, as late as it was told to", async () => {
  const outage = { body: { data: { device: null }, errors: [OUTAGE] } };
  const { client, requests } = clientOf(outage, { body: { data: null, errors: [OUTAGE] } }, { body: FOUND });
  const started = Date.now();
  expect((await client.ask(DOCUMENT, KEY)).data).toEqual(FOUND.data);
  expect(requests).toHaveLength(3);
  expect(Date.now() - started).toBeGreaterThanOrEqual(9);
});

it("gives up on a database that stays out of reach", async () => {
  const outage = { body: { data: null, errors: [OUTAGE] } };
  const { client, requests } = clientOf(...Array.from({ length: 9 }, () => outage));
  await expect(client.ask(DOCUMENT, KEY)).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE", retryAfterMs: 5 });
  expect(requests).toHaveLength(4);
});

it("sends a mutation once, since it may have been done", async () => {
  const { client, requests } = clientOf({ body: { data: null, errors: [OUTAGE] } });
  await expect(client.ask({ ...DOCUMENT, operation: "mutation" }, KEY)).rejects.toMatchObject({
    code: "UPSTREAM_UNAVAILABLE",
  });
  expect(requests).toHaveLength(1);
});

it("drops a consistency token that the API refuses, and asks once more without it", async () => {
  const { client, headers } = clientOf({ body: FOUND, token: "0009" }, REFUSED_TOKEN, { body: FOUND }, { body: FOUND });
  await client.ask(DOCUMENT, KEY);
  expect((await client.ask({ ...DOCUMENT, operation: "mutation" }, KEY)).data).toEqual(FOUND.data);
  await client.ask(DOCUMENT, KEY);
  expect(headers("Concord-Consistency-Token")).toEqual([null, "0009", null, null]);
});

it("throws when the API refuses a token that it has not got from here", async () => {
  const { client, requests } = clientOf(REFUSED_TOKEN);
  await expect(client.ask(DOCUMENT, KEY)).rejects.toMatchObject({ code: "BAD_CONSISTENCY_TOKEN" });
  expect(requests).toHaveLength(1);
});

it("shares what was seen with the other clients of its user", async () => {
  const seen = keepSeen();
  seen.note("0004");
  const requests: Request[] = [];
  const sharing = new ConcordClient({
    url: "http://api.test/graphql",
    token: () => "",
    seen,
    fetch: async (url, init) => {
      requests.push(new Request(url, init));
      return Response.json(FOUND, { headers: { "Concord-Consistency-Token": "0005" } });
    },
  });
  await sharing.ask(DOCUMENT, KEY);
  expect([requests[0]?.headers.get("Concord-Consistency-Token"), seen.latest()]).toEqual(["0004", "0005"]);
});

it("hands over what came at once, and says which fields are missing and why", async () => {
  const error = errorOf("UPSTREAM_UNAVAILABLE", ["device", "dealer"], { retryAfterMs: 5 });
  const { client, requests } = clientOf({ body: { ...FOUND, errors: [error] } });
  const { data, errors } = await client.ask(DOCUMENT, KEY);
  expect(data).toEqual(FOUND.data);
  expect(errors).toMatchObject([{ code: "UPSTREAM_UNAVAILABLE", path: ["device", "dealer"] }]);
  expect(requests).toHaveLength(1);
});

it("takes a device that is none for an answer", async () => {
  const { client } = clientOf({ body: { data: { device: null } } });
  expect(await client.ask(DOCUMENT, KEY)).toEqual({ data: { device: null }, errors: [] });
});

it("throws what no repetition mends, with its code", async () => {
  const { client, requests } = clientOf({ body: { errors: [errorOf("UNAUTHENTICATED")] } });
  const thrown = await client.ask(DOCUMENT, KEY).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(ConcordError);
  expect(thrown).toMatchObject({ code: "UNAUTHENTICATED", path: [], retryAfterMs: null });
  expect(requests).toHaveLength(1);
});

it("says so when something between it and the API answers in the API's place", async () => {
  const html = async () => new Response("<html>", { status: 502 });
  const client = new ConcordClient({ url: "http://api.test/graphql", token: () => "", fetch: html });
  await expect(client.ask(DOCUMENT, KEY)).rejects.toMatchObject({
    code: "INTERNAL_SERVER_ERROR",
    message: expect.stringContaining("502"),
  });
});
