import { getIntrospectionQuery } from "graphql";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { maskError } from "#graphql/errors.ts";
import { LIMITS } from "#graphql/limits/limits.ts";
import { StatementBudgetSpent } from "#repositories/read-session.ts";
import { ask, dealerScope, emptyTables, env, OPS, send, watchStatements } from "./support.ts";

beforeEach(emptyTables);
afterEach(() => vi.restoreAllMocks());

const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join(" ");

const ids = (count: number) => Array.from({ length: count }, (_, i) => btoa(`Device:elt:${i}`));

describe("the cost of an operation", () => {
  it.each<[string, string, number, Record<string, unknown>?]>([
    ["nothing for leaves", "{ __typename }", 0],
    ["one for an object", '{ device(key: "elt:1") { key name features } }', 1],
    ["one for each object in another", '{ device(key: "elt:1") { dealer { name } customer { name } } }', 3],
    ["an edge and a node for each item of a page", "{ devices(first: 3) { edges { node { key } } } }", 7],
    ["a node for each item without its edge", "{ devices(first: 3) { nodes { key dealer { name } } } }", 7],
    ["edges and nodes each for themselves", "{ devices(first: 3) { edges { cursor } nodes { key } } }", 7],
    ["twenty items where no size is given", "{ devices { edges { cursor } } }", 21],
    ["twenty items where the size is null", "{ devices(first: null) { edges { cursor } } }", 21],
    ["no item of an empty page", "{ devices(first: 0) { edges { node { key } } } }", 1],
    ["nothing more for a size below nothing", "{ devices(first: -5) { edges { node { key } } } }", 1],
    ["the page's own objects once", "{ devices(first: 9) { pageInfo { endCursor } } }", 2],
    [
      "lists in lists times each other",
      '{ device(key: "elt:1") { dealer { devices(first: 10) { edges { node { alerts(first: 5) { edges { node { code } } } } } } } } }',
      133,
    ],
    ["a variable's value", "query ($n: Int) { devices(first: $n) { edges { cursor } } }", 5, { n: 4 }],
    ["a variable's default", "query ($n: Int = 6) { devices(first: $n) { edges { cursor } } }", 7],
    [
      "the schema's default where a variable has no value",
      "query ($n: Int) { devices(first: $n) { edges { cursor } } }",
      21,
    ],
    [
      "as many nodes as ids",
      "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Device { dealer { name } } } }",
      6,
      { ids: ["eA==", "eQ==", "eg=="] },
    ],
    [
      "a fragment as often as it is spread",
      '{ a: device(key: "elt:1") { ...D } device(key: "elt:2") { ...D } } fragment D on Device { dealer { name } }',
      4,
    ],
    [
      "a page's fragments by its size",
      "{ devices(first: 3) { ...Page } } fragment Page on DeviceConnection { edges { ... { node { key } } } }",
      7,
    ],
    [
      "a field that several fragments select once",
      '{ device(key: "elt:1") { ...A ...B ... on Device { dealer { email } } } } fragment A on Device { dealer { name } } fragment B on Device { ...A dealer { phone } customer { name } }',
      3,
    ],
    [
      "a list that several fragments select once, with all that they select in it",
      "{ ...A ...B } fragment A on Query { devices(first: 3) { edges { node { key } } } } fragment B on Query { devices(first: 3) { edges { node { dealer { name } } } pageInfo { endCursor } } }",
      11,
    ],
    [
      "one of the types that an object may have, the dearest",
      "query ($id: ID!) { node(id: $id) { ... on Device { dealer { name } customer { name } } ... on Alert { device { key } } } }",
      3,
      { id: "eA==" },
    ],
    [
      "nothing for what is left out",
      'query ($no: Boolean = false) { device(key: "elt:1") { dealer @include(if: $no) { name } customer @skip(if: true) { name } } }',
      1,
    ],
    [
      "more for an object that has to be called",
      '{ device(key: "elt:1") { history(first: 2) { edges { cursor } } } }',
      13,
    ],
    [
      "as much as the documents say",
      "{ devices(first: 100) { edges { node { alerts(first: 20) { edges { node { text } } } } } } }",
      4_301,
    ],
    ["more for a whole list that has to be counted", "{ devices(first: 0) { totalCount } }", 21],
    ["a thousand for the schema", "{ __schema { types { name } } }", 1_000],
  ])("%s", async (_, query, cost, variables = {}) => {
    const { extensions } = await ask(query, { variables });
    expect(extensions.concord.cost).toBe(cost);
  });

  it("is in the answer, beside where it was read", async () => {
    const { extensions } = await ask('{ device(key: "elt:1") { key } }');
    expect(extensions.concord).toMatchObject({ cost: 1, servedBy: "D1" });
  });
});

const nested = (levels: number) =>
  `{ device(key: "elt:1") ${"{ dealer { devices(first: 1) { edges { node ".repeat(levels)} { key } ${"} } } }".repeat(levels)} }`;

const FIVE_ALIASES = `fragment A on Node { ${times(5, (i) => `a${i}: __typename`)} }`;
const TWENTY_ROOTS = `${times(15, (i) => `a${i}: __typename`)} __typename device(key: "elt:1") { key } dealer(dealerId: "d") { name } customer(customerId: "c") { name } freshness { settled }`;

/** For each limit, a document at the limit and one just beyond. */
const AT_THE_LIMITS: [keyof typeof LIMITS, string, string][] = [
  [
    "depth",
    nested(2).replace("{ key }", "{ dealer { devices { __typename } } }"),
    nested(2).replace("{ key }", "{ dealer { devices { pageInfo { endCursor } } } }"),
  ],
  ["aliases", `{ ${times(15, (i) => `a${i}: __typename`)} }`, `{ ${times(16, (i) => `a${i}: __typename`)} }`],
  [
    "aliases",
    `{ device(key: "elt:1") { ...A ...A dealer { ...A } customer { ...A ...A } } } ${FIVE_ALIASES}`,
    `{ device(key: "elt:1") { b: key ...A ...A dealer { ...A } customer { ...A ...A } } } ${FIVE_ALIASES}`,
  ],
  [
    "rootFields",
    `{ ${TWENTY_ROOTS} ... { ${TWENTY_ROOTS} } }`,
    `{ ${TWENTY_ROOTS} ... { alerts(first: 0) { edges { cursor } } } }`,
  ],
  [
    "cost",
    '{ devices(first: 100) { edges { node { dealer { devices(first: 45) { edges { cursor } } } } } } dealer(dealerId: "D") { devices(first: 97) { edges { cursor } } } }',
    '{ devices(first: 100) { edges { node { dealer { devices(first: 45) { edges { cursor } } } } } } dealer(dealerId: "D") { devices(first: 98) { edges { cursor } } } }',
  ],
];

describe("an operation", () => {
  it.each(AT_THE_LIMITS)("runs at the limit of its %s: %s", async (_, within) => {
    expect((await ask(within)).errors).toBeUndefined();
  });

  it.each(AT_THE_LIMITS)("beyond the limit of its %s is refused before D1 is touched", async (limit, _, beyond) => {
    const watched = watchStatements();
    const { data, errors } = await ask(beyond, watched);
    const asked = LIMITS[limit] + 1;
    expect(errors).toMatchObject([{ extensions: { code: "COST_LIMIT", limit, asked, allowed: LIMITS[limit] } }]);
    expect(errors?.[0]?.message).toMatch(new RegExp(`${asked}.*${LIMITS[limit]}`));
    expect([data, watched.statements]).toEqual([undefined, []]);
  });

  it("is refused by the values of its variables, and told every limit that it exceeds", async () => {
    const query = `query ($n: Int) { ${times(21, (i) => `a${i}: devices(first: $n) { edges { node { key } } }`)} }`;
    const watched = watchStatements();
    const { errors } = await ask(query, { ...watched, variables: { n: 2_000_000_000 } });
    expect(errors?.map(({ extensions }) => (extensions as { limit?: string }).limit)).toEqual([
      "aliases",
      "rootFields",
      "pageSize",
      "cost",
    ]);
    expect(watched.statements).toEqual([]);
  });

  it("cannot hide its cost behind an empty page with a size beyond the safe integers", async () => {
    const endless = times(
      33,
      (i) => `fragment F${i} on Device { dealer { devices(first: 2147483647) { edges { node { ...F${i + 1} } } } } }`,
    );
    const { errors } = await ask(
      `{ a: devices(first: 0) { edges { node { ...F0 } } } devices(first: 100) { edges { node { alerts(first: 100) { edges { cursor } } } } } }
      ${endless} fragment F33 on Device { dealer { name } }`,
    );
    expect(errors?.map(({ extensions }) => (extensions as { limit?: string }).limit)).toEqual([
      "depth",
      "pageSize",
      "cost",
    ]);
  });

  it.each<[string, string, Record<string, unknown>?]>([
    ["a page of more than a hundred", "{ devices(first: 101) { edges { cursor } } }"],
    ["a page of more than a hundred from the end", "{ alerts(last: 101) { edges { cursor } } }"],
    [
      "a page of more than a hundred below a list",
      "{ devices { edges { node { alerts(first: 101) { edges { cursor } } } } } }",
    ],
    ["more than a hundred ids", "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids: ids(101) }],
  ])("that asks for %s is refused before D1 is touched", async (_, query, variables = {}) => {
    const watched = watchStatements();
    const { errors } = await ask(query, { ...watched, variables });
    expect([errors?.[0]?.extensions, watched.statements]).toMatchObject([
      { code: "COST_LIMIT", limit: "pageSize" },
      [],
    ]);
  });

  it("that needs more statements than a request may run is refused like any other", () => {
    expect(maskError(new StatementBudgetSpent("no more"))).toMatchObject({ extensions: { code: "COST_LIMIT" } });
  });

  it("is priced by itself in a document with several operations", async () => {
    const document = `query Small { __typename } query Large { devices(first: 100) { edges { node { alerts(first: 100) { edges { cursor } } } } } }`;
    const operation = (operationName: string) => askRaw({ query: document, operationName });
    expect((await operation("Small")).errors).toBeUndefined();
    expect((await operation("Large")).errors).toMatchObject([{ extensions: { limit: "cost" } }]);
  });

  it("is refused with 400, and with 200 to a client that accepts application/json alone", async () => {
    const statusFor = async (accept: string) => (await ask(nested(9), { headers: { Accept: accept } })).status;
    expect(await statusFor("application/graphql-response+json")).toBe(400);
    expect(await statusFor("application/json")).toBe(200);
  });

  it("may read a page of a hundred devices with twenty alerts each", async () => {
    const { errors, extensions } = await ask(
      "{ devices(first: 100) { edges { node { key alerts { edges { node { text } } } } } } }",
    );
    expect([errors, extensions.concord.cost]).toEqual([undefined, 4_301]);
  });
});

let opsToken: string;
beforeAll(async () => {
  opsToken = await signToken(OPS, LOCAL_TOKEN_SECRET, "1h");
});

type Answer = { status: number; errors?: { message: string; extensions: { code: string } }[]; data?: unknown };

/** Sends a body unchanged, and returns the raw answer. */
async function askRaw(body: unknown, its = env): Promise<Answer> {
  const response = await send(
    new Request("http://concord.test/graphql", {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/graphql-response+json",
        Authorization: `Bearer ${opsToken}`,
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
    its,
  );
  return { status: response.status, ...((await response.json()) as object) };
}

const NORMAL = {
  query: `query Page($first: Int) { devices(first: $first) { edges { node { key name status dealer { name } customer { name }
    report { indoorTemperatureC } alerts(first: 5) { edges { node { severity text } } } } } pageInfo { hasNextPage endCursor } } }`,
  variables: { first: 10 },
};

/** Fragments that each spread the next one twice, so that n of them reach the last one 2^n times. */
const bomb = (fragments: number, body: (next: string) => string): string =>
  `{ device(key: "elt:1") { ...F0 } } ${times(fragments, (i) => `fragment F${i} on Device { ${body(`...F${i + 1}`)} }`)} fragment F${fragments} on Device { key }`;

const PATHOLOGICAL: [string, unknown, number, string][] = [
  ["a query of a thousand levels", { query: nested(250) }, 400, "GRAPHQL_PARSE_FAILED"],
  ["a query as deep as its tokens allow", { query: nested(45) }, 400, "COST_LIMIT"],
  ["ten thousand fields", { query: `{ ${"__typename ".repeat(10_000)} }` }, 400, "GRAPHQL_PARSE_FAILED"],
  ["as many fields as tokens allow", { query: `{ ${"__typename ".repeat(995)} }` }, 400, "GRAPHQL_VALIDATION_FAILED"],
  ["ten thousand aliases", { query: `{ ${times(10_000, (i) => `a${i}: __typename`)} }` }, 400, "GRAPHQL_PARSE_FAILED"],
  [
    "as many aliases as tokens allow",
    { query: `{ ${times(140, (i) => `a${i}: device(key: "k") { key }`)} }`.replaceAll('(key: "k")', "") },
    400,
    "COST_LIMIT",
  ],
  [
    "one name for many fields",
    { query: `{ ${times(330, (i) => `a: ${["device", "dealer", "alerts"][i % 3]}`)} }` },
    400,
    "GRAPHQL_VALIDATION_FAILED",
  ],
  ["unknown fields", { query: `{ ${times(990, (i) => `devica${i}`)} }` }, 400, "GRAPHQL_VALIDATION_FAILED"],
  [
    "nested fragments",
    { query: bomb(25, (next) => `a: dealer { devices { edges { node { ${next} } } } } b: dealer { name }`) },
    400,
    "COST_LIMIT",
  ],
  [
    "fragments in a circle",
    { query: `{ ...F0 } ${times(60, (i) => `fragment F${i} on Query { ...F${(i + 1) % 60} ...F${(i + 7) % 60} }`)}` },
    400,
    "GRAPHQL_VALIDATION_FAILED",
  ],
  [
    "ten thousand directives",
    { query: `{ __typename ${"@skip(if: false) ".repeat(10_000)} }` },
    400,
    "GRAPHQL_PARSE_FAILED",
  ],
  [
    "as many directives as tokens allow",
    { query: `{ __typename ${"@skip(if: false) ".repeat(140)} }` },
    400,
    "GRAPHQL_VALIDATION_FAILED",
  ],
  ["unknown directives", { query: `{ __typename ${times(330, (i) => `@d${i}`)} }` }, 400, "GRAPHQL_VALIDATION_FAILED"],
  [
    "a list of five thousand ids",
    { query: "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", variables: { ids: ids(5_001) } },
    400,
    "COST_LIMIT",
  ],
  [
    "a list of ten thousand numbers for ids",
    {
      query: "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
      variables: { ids: Array.from({ length: 10_000 }, () => 1.5) },
    },
    400,
    "BAD_USER_INPUT",
  ],
  [
    "variables of a megabyte",
    { query: "{ __typename }", variables: { x: "x".repeat(1024 * 1024) } },
    413,
    "REQUEST_ENTITY_TOO_LARGE",
  ],
  [
    "variables that nest a hundred thousand levels",
    `{"query":"query ($f: DeviceFilter) { devices(filter: $f) { edges { cursor } } }","variables":{"f":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`,
    400,
    "BAD_USER_INPUT",
  ],
  ["a body that nests a hundred thousand levels", "[".repeat(100_000) + "]".repeat(100_000), 400, "BAD_REQUEST"],
  ["a body that never ends its nesting", "[".repeat(200_000), 400, "BAD_REQUEST"],
  ["a batch", Array.from({ length: 100 }, () => NORMAL), 400, "BAD_REQUEST"],
  ["a document of braces", { query: "{".repeat(200_000) }, 400, "GRAPHQL_PARSE_FAILED"],
  [
    "the schema many times over",
    { query: `{ ${times(10, (i) => `s${i}: __schema { types { name } }`)} }` },
    400,
    "COST_LIMIT",
  ],
  [
    "the schema in circles",
    { query: "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }" },
    400,
    "GRAPHQL_VALIDATION_FAILED",
  ],
  [
    "the schema under many names",
    { query: `{ __schema { types { ${times(16, (i) => `f${i}: fields { name }`)} } } }` },
    400,
    "COST_LIMIT",
  ],
];

describe("a pathological request", () => {
  it.each(PATHOLOGICAL)("is refused with a code before D1 is touched: %s", async (_, body, status, code) => {
    const watched = watchStatements();
    const answer = await askRaw(body, watched.env);
    expect([answer.status, [...new Set(answer.errors?.map(({ extensions }) => extensions.code))]]).toEqual([
      status,
      [code],
    ]);
    expect(answer.errors?.every(({ message }) => message.length < 1_000)).toBe(true);
    expect([answer.data, watched.statements]).toEqual([undefined, []]);
  });

  it("may read the whole schema within the limits", async () => {
    const { errors, data } = await ask(getIntrospectionQuery());
    expect([errors, data.__schema.queryType.name]).toEqual([undefined, "Query"]);
  });
});

it.each([
  ["as many copies of one list as tokens allow", `{ ${"devices { edges { node { key } } } ".repeat(90)} }`, 41],
  ["fragments that double", bomb(60, (next) => `${next} ${next} dealer { name }`), 2],
])("%s cost what one costs, and are read once", async (_, query, cost) => {
  const watched = watchStatements();
  const { errors, extensions } = await ask(query, watched);
  expect([errors, extensions.concord.cost, watched.statements.length]).toEqual([undefined, cost, 1]);
});

it("a dealer's token has the same limit of cost as an operator's", async () => {
  const { errors } = await ask(nested(9), { scope: dealerScope("D-1") });
  expect(errors).toMatchObject([{ extensions: { code: "COST_LIMIT", limit: "depth" } }]);
});
