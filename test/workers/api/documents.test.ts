import { buildSchema, getIntrospectionQuery } from "graphql";
import { beforeEach, describe, expect, it } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { signToken } from "#auth/token.ts";
import manifest from "#graphql/trusted-documents.json" with { type: "json" };
import { dealerScope, emptyTables, env, OPS, seedDevices, send, watchStatements } from "./support.ts";

const DEVICE = "query Device($key: String!) { device(key: $key) { key } } query Name { __typename }";
const EXPENSIVE =
  "query ($n: Int) { devices(first: $n) { edges { node { alerts(first: $n) { edges { cursor } } } } } }";
const NOSY = "{ __schema { queryType { name } } }";

async function idOf(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `sha256:${[...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

const [ID = "", EXPENSIVE_ID = "", NOSY_ID = ""] = await Promise.all([DEVICE, EXPENSIVE, NOSY].map(idOf));
const MD5 = "4e4b72bb1a8c1ddcd1a2b4b0a1f6b111";
// The Worker's own manifest has the documents of today's clients; these are added for the tests.
Object.assign(manifest, { [ID]: DEVICE, [EXPENSIVE_ID]: EXPENSIVE, [NOSY_ID]: NOSY, [MD5]: DEVICE });

/** An environment in which dealers may run trusted documents only, unless a test sets something else. */
const PRODUCTION = {
  ENVIRONMENT: "production",
  TOKEN_SECRET: "a-secret-of-production-with-enough-characters",
  TOKEN_KEYS: undefined,
  TRUSTED_DOCUMENTS_ONLY: undefined,
};
const A = dealerScope("D-A");
const VARIABLES = { key: "elt:a" };

type Vars = {
  readonly [name in "ENVIRONMENT" | "TOKEN_KEYS" | "TOKEN_SECRET" | "TRUSTED_DOCUMENTS_ONLY"]?: string | undefined;
};
type As = { readonly scope?: Scope; readonly vars?: Vars };

async function answerTo(request: Request, { scope = A, vars = PRODUCTION }: As = {}) {
  const watched = watchStatements();
  const its = { ...watched.env, ...vars } as typeof watched.env;
  request.headers.set("Authorization", `Bearer ${await signToken(scope, its.TOKEN_SECRET ?? "", "1h")}`);
  const response = await send(request, its);
  // biome-ignore lint/suspicious/noExplicitAny: the schema has checked it, and a test says what it expects
  const { data, errors } = (await response.json()) as any;
  return {
    status: response.status,
    data,
    code: errors?.[0].extensions.code,
    message: errors?.[0].message,
    statements: watched.statements,
  };
}

const postAs = (body: object, as?: As) =>
  answerTo(
    new Request("http://concord.test/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }),
    as,
  );

const getAs = (search: Record<string, string>, as?: As) =>
  answerTo(new Request(`http://concord.test/graphql?${new URLSearchParams(search)}`), as);

beforeEach(async () => {
  await emptyTables();
  await seedDevices({ key: "elt:a", dealers: [[1, "D-A"]] }, { key: "elt:b", dealers: [[1, "D-B"]] });
});

describe("a document of the manifest", () => {
  const forms: [string, () => ReturnType<typeof postAs>][] = [
    ["its id", () => postAs({ documentId: ID, variables: VARIABLES, operationName: "Device" })],
    ["its id in a URL", () => getAs({ documentId: ID, variables: JSON.stringify(VARIABLES), operationName: "Device" })],
    [
      "its hash as Apollo sends it",
      () =>
        postAs({
          extensions: { persistedQuery: { version: 1, sha256Hash: ID.slice(7) } },
          variables: VARIABLES,
          operationName: "Device",
        }),
    ],
    [
      "its hash as Apollo sends it in a URL",
      () =>
        getAs({
          extensions: JSON.stringify({ persistedQuery: { version: 1, sha256Hash: ID.slice(7) } }),
          variables: JSON.stringify(VARIABLES),
          operationName: "Device",
        }),
    ],
    [
      "its hash without a prefix",
      () => postAs({ documentId: ID.slice(7), variables: VARIABLES, operationName: "Device" }),
    ],
    ["its id as `id`", () => postAs({ id: ID, variables: VARIABLES, operationName: "Device" })],
    ["its hash as `doc_id`", () => postAs({ doc_id: ID.slice(7), variables: VARIABLES, operationName: "Device" })],
    [
      "its hash in capitals",
      () => postAs({ documentId: ID.toUpperCase(), variables: VARIABLES, operationName: "Device" }),
    ],
    [
      "its hash in capitals and with a prefix as Apollo sends it",
      () =>
        postAs({
          extensions: { persistedQuery: { version: 1, sha256Hash: ID.toUpperCase() } },
          variables: VARIABLES,
          operationName: "Device",
        }),
    ],
    ["the MD5 of Relay's compiler", () => postAs({ id: MD5, variables: VARIABLES, operationName: "Device" })],
    [
      "the MD5 of Relay's compiler in a URL",
      () => getAs({ doc_id: MD5, variables: JSON.stringify(VARIABLES), operationName: "Device" }),
    ],
    [
      "an id of any making as Apollo sends it",
      () =>
        postAs({
          extensions: { persistedQuery: { version: 1, sha256Hash: MD5 } },
          variables: VARIABLES,
          operationName: "Device",
        }),
    ],
    [
      "its id in capitals, which is an MD5",
      () => postAs({ id: MD5.toUpperCase(), variables: VARIABLES, operationName: "Device" }),
    ],
    ["its id and an empty text", () => postAs({ id: ID, query: "", variables: VARIABLES, operationName: "Device" })],
    [
      "its id and no text, as Relay does",
      () => postAs({ doc_id: MD5, query: null, variables: VARIABLES, operationName: "Device" }),
    ],
    [
      "its id and its text",
      () => postAs({ documentId: MD5, query: DEVICE, variables: VARIABLES, operationName: "Device" }),
    ],
    [
      "its id in two places",
      () =>
        postAs({
          documentId: ID,
          extensions: { persistedQuery: { version: 1, sha256Hash: ID.slice(7) } },
          variables: VARIABLES,
          operationName: "Device",
        }),
    ],
    [
      "its text and no id, as Relay does",
      () => postAs({ doc_id: null, query: DEVICE, variables: VARIABLES, operationName: "Device" }),
    ],
    ["its text to the letter", () => postAs({ query: DEVICE, variables: VARIABLES, operationName: "Device" })],
  ];

  it.each(forms)("runs for a dealer that sends %s", async (_, ask) => {
    expect(await ask()).toMatchObject({ status: 200, data: { device: { key: "elt:a" } }, code: undefined });
  });

  it("shows a dealer its own data and nothing else", async () => {
    const { status, data } = await postAs({ documentId: ID, variables: { key: "elt:b" }, operationName: "Device" });
    expect([status, data]).toEqual([200, { device: null }]);
  });

  it("has to keep the limits with the variables that a client sends", async () => {
    const ask = (n: number) => postAs({ documentId: EXPENSIVE_ID, variables: { n } });
    expect((await ask(5)).code).toBeUndefined();
    expect(await ask(100)).toMatchObject({ code: "COST_LIMIT", data: undefined, statements: [] });
  });

  it("may ask for the schema", async () => {
    expect(await postAs({ documentId: NOSY_ID })).toMatchObject({
      data: { __schema: { queryType: { name: "Query" } } },
    });
  });

  it("runs for operators and locally too", async () => {
    const request = { documentId: ID, variables: VARIABLES, operationName: "Device" };
    expect((await postAs(request, { scope: OPS })).data).toEqual({ device: { key: "elt:a" } });
    expect((await postAs(request, { vars: {} })).data).toEqual({ device: { key: "elt:a" } });
  });
});

describe("an id that the manifest does not have", () => {
  it.each<[string, unknown]>([
    ["unknown", `sha256:${"0".repeat(64)}`],
    ["with another prefix", `md5:${MD5}`],
    ["the name of a member that every object has", "constructor"],
    ["a number", 7],
    ["a list", [ID]],
    ["empty", ""],
  ])("is answered with PERSISTED_DOCUMENT_NOT_FOUND when it is %s", async (_, documentId) => {
    for (const scope of [A, OPS]) {
      expect(await postAs({ documentId }, { scope })).toMatchObject({
        status: 400,
        code: "PERSISTED_DOCUMENT_NOT_FOUND",
        data: undefined,
        statements: [],
      });
    }
  });
});

describe("an id beside a text", () => {
  it.each<[string, object]>([
    ["a trusted id and another text", { documentId: ID, query: `${DEVICE} ` }],
    ["an MD5 of the manifest and another text", { id: MD5, query: "{ __typename }" }],
    ["a hash of another text", { documentId: "0".repeat(64), query: "{ __typename }" }],
    ["an id that nobody has and a text", { doc_id: "7", query: "{ __typename }" }],
  ])("is refused if they are not the same: %s", async (_, body) => {
    for (const scope of [A, OPS])
      expect(await postAs(body, { scope })).toMatchObject({ status: 400, code: "BAD_USER_INPUT", data: undefined });
  });

  it("may be the text's own SHA-256, for who may send the text", async () => {
    const query = '{ device(key: "elt:a") { key } }';
    const documentId = await idOf(query);
    expect(await postAs({ documentId, query }, { scope: OPS })).toMatchObject({ data: { device: { key: "elt:a" } } });
    expect(await postAs({ documentId, query })).toMatchObject({ status: 403, code: "TRUSTED_DOCUMENTS_ONLY" });
  });

  it("may not be two ids", async () => {
    const body = { documentId: ID, id: MD5, variables: VARIABLES, operationName: "Device" };
    expect(await postAs(body, { scope: OPS })).toMatchObject({ status: 400, code: "BAD_REQUEST" });
  });
});

describe("a document of a client's own", () => {
  const OWN = "{ devices { edges { node { key } } } }";

  it.each(["staging", "production"])(
    "is refused to a dealer's token in %s, with what to do instead",
    async (ENVIRONMENT) => {
      const refused = await postAs({ query: OWN }, { vars: { ...PRODUCTION, ENVIRONMENT } });
      expect(refused).toMatchObject({ status: 403, code: "TRUSTED_DOCUMENTS_ONLY", data: undefined, statements: [] });
      expect(refused.message).toMatch(/documentId.*npm run generate/);
      expect((await getAs({ query: OWN })).code).toBe("TRUSTED_DOCUMENTS_ONLY");
    },
  );

  it.each(["{ dealers { totalCount } }", `${DEVICE} `, "", "query {"])(
    "is refused whatever it is: %j",
    async (query) => {
      expect((await postAs({ query })).code).toBe("TRUSTED_DOCUMENTS_ONLY");
    },
  );

  it.each<Scope["role"]>(["ops", "service"])("runs for role %s anywhere", async (role) => {
    expect(await postAs({ query: OWN }, { scope: { role } as Scope })).toMatchObject({ status: 200, code: undefined });
  });

  it("runs for every role locally, and in an environment whose settings allow it", async () => {
    expect((await postAs({ query: OWN }, { vars: {} })).code).toBeUndefined();
    expect(
      (await postAs({ query: OWN }, { vars: { ...PRODUCTION, TRUSTED_DOCUMENTS_ONLY: "false" } })).code,
    ).toBeUndefined();
    expect((await postAs({ query: OWN }, { vars: { TRUSTED_DOCUMENTS_ONLY: "true" } })).code).toBe(
      "TRUSTED_DOCUMENTS_ONLY",
    );
  });

  it("never runs while the setting is malformed", async () => {
    const vars = { ...PRODUCTION, TRUSTED_DOCUMENTS_ONLY: "no" };
    expect(await postAs({ query: OWN }, { vars })).toMatchObject({
      status: 503,
      code: "MISCONFIGURED",
      message: expect.stringContaining("TRUSTED_DOCUMENTS_ONLY"),
    });
  });
});

describe("the schema", () => {
  it.each<[string, string]>([
    ["the query of every tool", getIntrospectionQuery()],
    [
      "a part of it",
      '{ __type(name: "Device") { ...T } again: __type(name: "Alert") { ...T } __typename } fragment T on __Type { name }',
    ],
    ["one of several operations", "query A { __typename } query B { __schema { queryType { name } } }"],
  ])("is read by a dealer's token in production, as free text: %s", async (_, query) => {
    const operationName = query.includes("query B") ? "B" : undefined;
    const answer = await postAs({ query, operationName });
    expect([answer.code, answer.data]).toEqual([undefined, expect.anything()]);
    expect(answer.statements).toEqual([]);
  });

  it.each([
    "{ __schema { queryType { name } } devices { edges { cursor } } }",
    "{ __schema { queryType { name } } ...A } fragment A on Query { devices { edges { cursor } } }",
    "{ __typename ... { devices { edges { cursor } } } }",
    "{ __typename: devices { edges { cursor } } }",
    "query A { __typename } query B { devices { edges { cursor } } }",
    "mutation { __typename }",
    "subscription { __typename }",
    "type Query { __typename: String }",
  ])("opens no way to anything else: %s", async (query) => {
    expect(await postAs({ query, operationName: query.includes("query B") ? "B" : undefined })).toMatchObject({
      code: "TRUSTED_DOCUMENTS_ONLY",
      data: undefined,
      statements: [],
    });
  });

  it("costs a dealer what it costs others", async () => {
    const six = `{ ${Array.from({ length: 6 }, (_, i) => `s${i}: __schema { queryType { name } }`).join(" ")} }`;
    expect(await postAs({ query: six })).toMatchObject({ code: "COST_LIMIT", data: undefined });
  });

  it("helps a dealer with the suggestions of an error", async () => {
    const vars = { ...PRODUCTION, TRUSTED_DOCUMENTS_ONLY: "false" };
    const ask = async (body: object) => (await postAs(body, { vars })).message;
    expect(await ask({ query: "{ devicez { edges { cursor } } }" })).toContain('Did you mean "device" or "devices"');
    const query = "query ($s: DeviceStatus) { devices(filter: {status: $s}) { edges { cursor } } }";
    expect(await ask({ query, variables: { s: "ONLIN" } })).toContain('"ONLINE"');
  });
});

describe("/schema.graphql", () => {
  const ask = (headers: Record<string, string> = {}, its = env) =>
    send(new Request("http://concord.test/schema.graphql", { headers }), its);

  it("is the schema as text, for anybody and any cache", async () => {
    const response = await ask();
    expect([response.status, Object.fromEntries(response.headers)]).toMatchObject([
      200,
      {
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "public, max-age=300",
        "access-control-allow-origin": "*",
      },
    ]);
    const types = Object.keys(buildSchema(await response.text()).getTypeMap());
    const { data } = await postAs({ query: "{ __schema { types { name } } }" });
    expect(types.toSorted()).toEqual(data.__schema.types.map(({ name }: { name: string }) => name).toSorted());
  });

  it.each([(tag: string) => tag, (tag: string) => `"other", W/${tag}`, () => "*"])(
    "is not sent again to who has it",
    async (known) => {
      const tag = (await ask()).headers.get("ETag") ?? "";
      const response = await ask({ "If-None-Match": known(tag) });
      expect([response.status, await response.text(), response.headers.get("ETag")]).toEqual([304, "", tag]);
      expect((await ask({ "If-None-Match": `"x${tag.slice(1)}` })).status).toBe(200);
    },
  );

  it("is counted by address", async () => {
    const spent = { ...env, REQUESTS_BY_ADDRESS: { limit: async () => ({ success: false }) } };
    const response = await ask({}, spent);
    expect([response.status, response.headers.get("Retry-After")]).toEqual([429, "10"]);
  });
});
