import {
  astFromValue,
  buildClientSchema,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getIntrospectionQuery,
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  print,
} from "graphql";
import { beforeAll, describe, expect, it } from "vitest";
import { EARLIER_DOCUMENTS, fakeArchive } from "./fake-archive.ts";
import {
  ask,
  at,
  dealerScope,
  emptyTables,
  env,
  nodesOf,
  OPS,
  registered,
  seedAlerts,
  seedCustomers,
  seedDealers,
  seedDevices,
  seedHistory,
  version,
} from "./support.ts";

/**
 * Two worlds that differ only in data that dealer A must not see: other devices, other alerts, another history of the
 * device that A took over. Every query of A must have the same answer in both. Then nothing of other dealers reaches A:
 * no text, number, order or error.
 */
const WORLDS = ["one", "other"] as const;
type WorldName = (typeof WORLDS)[number];

async function build(world: WorldName): Promise<void> {
  const isOne = world === "one";
  const secret = `secret-${world}`;
  await emptyTables();
  await seedDealers({ dealerId: "D-A", name: "Arctic Air" }, { dealerId: "D-B", name: secret, phone: secret });
  await seedCustomers(
    { customerId: "C-A", name: "Acme", source: "elt" },
    { customerId: "C-both", name: "Both's", source: "elt" },
    // Another source has customers with the same ids. A must not see its records, since all devices of A are elt's.
    { customerId: "C-A", name: secret, email: `${secret}@example.com`, source: "infinity" },
    ...(isOne ? [{ customerId: "C-both", name: secret, phone: secret, source: "ecobee" as const }] : []),
    { customerId: "C-B", name: secret, email: `${secret}@example.com` },
  );
  await seedDevices(
    { key: "elt:a-1", aspects: registered("S-1"), dealers: [[1, "D-A"]], customerId: "C-A" },
    {
      key: "elt:a-3",
      aspects: {
        ...registered("S-8"),
        desired: { version: version(3), value: { mode: "heat", by: { role: "service", subject: secret } } },
      },
      dealers: [[1, "D-A"]],
    },
    { key: "elt:a-2", aspects: registered("S-3"), dealers: [[2, "D-A"]], customerId: "C-both" },
    {
      key: "elt:taken-over",
      aspects: registered("S-5"),
      dealers: isOne
        ? [
            [1, "D-B"],
            [10, "D-A"],
          ]
        : [
            [1, "D-B"],
            [5, null],
            [7, "D-B"],
            [10, "D-A"],
          ],
    },
    {
      key: "elt:lost",
      aspects: registered(isOne ? "S-0" : "S-9"),
      dealers: [
        [1, "D-A"],
        [isOne ? 10 : 11, "D-B"],
      ],
    },
    // Each of these exists in one of the worlds only.
    ...(isOne ? ["elt:b-1"] : ["elt:b-2", "ecobee:b-3", "infinity:b-4"]).map((key, i) => ({
      key,
      aspects: registered(`S-${2 * i}${secret}`),
      dealers: [[1, "D-B"]] as const,
      customerId: i === 0 ? "C-both" : "C-B",
    })),
    // Handed over among events of one minute: their ids decide which of them A may see.
    {
      key: "elt:same-minute",
      aspects: registered("S-7"),
      dealers: [
        [10, "D-B", "b"],
        [10, "D-A", "f"],
      ],
    },
    { key: isOne ? "elt:free-1" : "elt:free-2", aspects: registered(`S-4${secret}`) },
  );
  const others = isOne ? (["elt:b-1"] as const) : (["elt:b-2", "ecobee:b-3"] as const);
  await seedAlerts(
    { deviceKey: "elt:a-1", alertId: "a-own", raised: 2 },
    // Our staff's names, and another dealer's: A may see that we did it, and no name.
    { deviceKey: "elt:a-1", alertId: "a-ours", raised: 2, acknowledged: [4, { role: "ops", subject: secret }] },
    {
      deviceKey: "elt:a-1",
      alertId: "a-others",
      raised: 2,
      acknowledged: [4, { role: "dealer", subject: secret, dealerId: "D-B" }],
    },
    { deviceKey: "elt:taken-over", alertId: "a-new", raised: 12, severity: "critical" },
    { deviceKey: "elt:taken-over", alertId: secret, raised: isOne ? 3 : 6, severity: isOne ? "info" : "critical" },
    { deviceKey: "elt:lost", alertId: isOne ? "b-1" : "b-2", raised: 4, severity: "critical" },
    ...others.map((deviceKey) => ({
      deviceKey,
      alertId: isOne ? "b-1" : "b-2",
      raised: 2,
      ...(isOne && { cleared: 3 }),
    })),
    { deviceKey: "elt:same-minute", alertId: "own-late", raised: 10, eventId: "g" },
    { deviceKey: "elt:same-minute", alertId: secret, raised: 10, eventId: isOne ? "c" : "d" },
    { deviceKey: "elt:a-1", alertId: isOne ? "unraised-1" : "unraised-2", cleared: 5 },
  );
  await seedHistory("elt:a-1", 2, 3);
  await seedHistory("elt:taken-over", ...(isOne ? [3] : [4, 6]), 12);
  await seedHistory("elt:same-minute", ...(isOne ? [[10, "c"] as const] : [[10, "d"] as const, [10, "e"] as const]), [
    10,
    "g",
  ]);
  await seedHistory("elt:lost", ...(isOne ? [2] : [2, 3]), 15);
  for (const key of ["elt:b-1", "elt:b-2"]) await seedHistory(key, isOne ? 2 : 3);
}

const A = dealerScope("D-A");
const ENV = { ...env, ARCHIVE_SERVICE: fakeArchive };

const DEVICE_KEYS = ["elt:a-1", "elt:taken-over", "elt:same-minute", "elt:lost", "elt:b-1", "elt:b-2"];
const NODE_IDS = [
  ...DEVICE_KEYS.map((key) => `Device:${key}`),
  ...["D-A", "D-B"].map((id) => `Dealer:${id}`),
  ...["C-A", "C-both", "C-B", "elt:C-A", "infinity:C-A", "ecobee:C-both"].map((id) => `Customer:${id}`),
  ...["elt:D-A", "infinity:D-B"].map((id) => `Dealer:${id}`),
  ...["elt:a-1/a-own", "elt:taken-over/a-new", "elt:taken-over/secret-one", "elt:taken-over/secret-other"].map(
    (id) => `Alert:${id}`,
  ),
  ...["elt:lost/b-1", "elt:b-1/b-1", "elt:b-2/b-2", "elt:a-1/unraised-1"].map((id) => `Alert:${id}`),
].map(btoa);

/** The values that arguments and input members are tried with, by name. A missing one fails the walk. */
const TRIED: Record<string, readonly unknown[]> = {
  id: NODE_IDS,
  ids: [NODE_IDS],
  key: DEVICE_KEYS,
  deviceKey: DEVICE_KEYS,
  dealerId: ["D-A", "D-B"],
  customerId: ["C-A", "C-both", "C-B"],
  serialPrefix: ["S-", "S-0", "S-2"],
  namePrefix: ["A", "secret"],
  search: ["acme", "secret", "s-2", "both"],
  topic: ["device.elt.status.reported"],
  first: [1, 2, 50],
  last: [1, 50],
  // The first ones together are all of the worlds' time.
  from: [at(0), at(11)],
  to: [at(30), at(5)],
  step: [60],
  // Forged cursors are tested separately.
  after: [],
  before: [],
};

/** Each request has a token of its own. */
const EXPIRY = /"expiresAt":"[^"]*"/g;

type Walk = { readonly schema: GraphQLSchema; readonly coordinates: Set<string>; readonly documents: Set<string> };

/** One document for every field of every type and every value of every argument. */
function walk(schema: GraphQLSchema): Walk {
  const coordinates = new Set<string>();
  const documents = new Set<string>();
  const reached = new Set<string>();
  type Place = { readonly type: GraphQLObjectType; readonly wrap: (inner: string) => string };
  const queue: Place[] = [{ type: schema.getQueryType() as GraphQLObjectType, wrap: (inner) => `{ ${inner} }` }];
  for (let place = queue.shift(); place; place = queue.shift()) {
    if (reached.has(place.type.name)) continue;
    reached.add(place.type.name);
    const { type: parent, wrap } = place;
    for (const field of Object.values(parent.getFields())) {
      coordinates.add(`${parent.name}.${field.name}`);
      const type = getNamedType(field.type);
      const objects = isAbstractType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
      const fragment = (object: GraphQLObjectType, inner: string) =>
        isAbstractType(type) ? `... on ${object.name} { ${inner} }` : inner;
      for (const call of argumentsOf(field).map((args) => `${field.name}${args}`)) {
        if (objects.length === 0) documents.add(wrap(call));
        for (const object of objects) documents.add(wrap(`${call} { ${fragment(object, leavesOf(object))} }`));
      }
      for (const object of objects) {
        const next = { type: object, wrap: (inner: string) => wrap(`${widest(field)} { ${fragment(object, inner)} }`) };
        // Lists first: a field behind a list is then read of every node.
        if (isPaged(field) || /(Connection|Edge)$/.test(parent.name)) queue.unshift(next);
        else queue.push(next);
      }
    }
  }
  return { schema, coordinates, documents };
}

const isPaged = ({ args }: GraphQLField<unknown, unknown>): boolean => args.some(({ name }) => name === "first");

/** A selection of the field with the largest page. */
function widest(field: GraphQLField<unknown, unknown>): string {
  if (isPaged(field)) return `${field.name}(first: 8)`;
  const required = field.args.filter(isRequiredArgument);
  // A time alone names no device.
  const chosen = required.length > 0 ? required : field.args.filter(({ name }) => name !== "asOf").slice(0, 1);
  return `${field.name}${written(chosen.map((arg) => literal(arg, triedFor(arg)[0])))}`;
}

function argumentsOf(field: GraphQLField<unknown, unknown>): string[] {
  const required = field.args.filter(isRequiredArgument);
  const [identifier, ...others] = required;
  const base = identifier ? triedFor(identifier).map((value) => [literal(identifier, value)]) : [[]];
  const rest = others.map((arg) => literal(arg, triedFor(arg)[0]));
  const optional = field.args.filter((arg) => !isRequiredArgument(arg));
  const calls = base.flatMap((first) => [
    written([...first, ...rest]),
    ...optional.flatMap((arg) => triedFor(arg).map((value) => written([...first, ...rest, literal(arg, value)]))),
  ]);
  return [...new Set(calls)];
}

const triedFor = (arg: GraphQLArgument): readonly unknown[] => valuesOf(arg.name, arg.type);

function valuesOf(name: string, type: GraphQLInputType): readonly unknown[] {
  const known = TRIED[name];
  if (known) return known;
  const bare = getNullableType(type);
  if (isListType(bare)) return valuesOf(name, bare.ofType).map((value) => [value]);
  if (isEnumType(bare)) return bare.getValues().map(({ value }) => value);
  if (isInputObjectType(bare)) {
    return Object.values(bare.getFields()).flatMap((member) =>
      valuesOf(member.name, member.type).map((value) => ({ [member.name]: value })),
    );
  }
  if (String(bare) === "DateTime") return [at(5), at(11)];
  if (String(bare) === "Boolean") return [true, false];
  throw new Error(`Say in TRIED what values of \`${name}\` the walk is to try.`);
}

function literal(arg: GraphQLArgument, value: unknown): string {
  const node = astFromValue(value, arg.type);
  if (!node) throw new Error(`\`${arg.name}\` cannot be ${JSON.stringify(value)}`);
  return `${arg.name}: ${print(node)}`;
}

const written = (args: readonly string[]): string => (args.length > 0 ? `(${args.join(", ")})` : "");

/** Every leaf of a type and of the objects directly under it, so that an answer has all that a node can show. */
function leavesOf(type: GraphQLObjectType, depth = 3): string {
  const selections = Object.values(type.getFields()).flatMap((field) => {
    if (field.args.some(isRequiredArgument)) return [];
    // The items of `edges`, which would cost as much again; `nodes` has documents of its own.
    if (field.name === "nodes") return [];
    const inner = getNamedType(field.type);
    if (isLeafType(inner)) return [field.name];
    // Lists within lists would exceed the limit of cost; each list has documents of its own.
    if (!isObjectType(inner) || depth === 0 || field.args.length > 0) return [];
    return [`${field.name} { ${leavesOf(inner, depth - 1)} }`];
  });
  return ["__typename", ...selections].join(" ");
}

/** The same document with every field under an alias and within fragments. */
const disguised = (document: string): string =>
  document
    .replace(/^\{ (.*) \}$/s, "query Disguised { ...Root } fragment Root on Query { ... on Query { $1 } }")
    .replace(/(?<=[{}\s])(edges|node|key|name|text|totalCount)(?=[\s({}])/g, "x_$1: $1");

let walked: Walk;
const answers = new Map<string, Map<string, string>>();

async function answersIn(world: WorldName, documents: Iterable<string>): Promise<Map<string, string>> {
  await build(world);
  const found = new Map<string, string>();
  for (const document of documents) {
    const { data, errors } = await ask(document, { scope: A, env: ENV });
    found.set(document, JSON.stringify({ data, errors }).replace(EXPIRY, ""));
  }
  return found;
}

describe("dealer A", () => {
  beforeAll(async () => {
    await build("one");
    const { data, errors } = await ask(getIntrospectionQuery(), { scope: OPS });
    expect(errors).toBeUndefined();
    walked = walk(buildClientSchema(data));
    for (const document of EARLIER_DOCUMENTS) walked.documents.add(document);
    const documents = [...walked.documents].flatMap((document) => [document, disguised(document)]);
    for (const world of WORLDS) answers.set(world, await answersIn(world, documents));
  }, 480_000);

  it("gets the same answer to every query, whatever other dealers have", () => {
    const [one, other] = WORLDS.map((world) => answers.get(world) as Map<string, string>);
    const different = [...(one ?? [])]
      .map(([document, answer]) => ({ document, one: answer, other: other?.get(document) }))
      .filter(({ one, other }) => one !== other);
    expect(different.slice(0, 3), `${different.length} answers differ`).toEqual([]);
  });

  it("never gets a text of theirs", () => {
    const seen = [...answers.values()]
      .flatMap((found) => [...found.values()])
      .filter((text) => text.includes("secret-"));
    expect(seen).toEqual([]);
  });

  it("has queried every field that a query reaches, and got answers", () => {
    const types = Object.values(walked.schema.getTypeMap()).filter(
      (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith("__"),
    );
    // Types that only subscriptions reach are tested in test/workers/devices.
    const queried = types.filter(
      ({ name }) => !/^(Mutation|Subscription|DeviceChange|DealerNews)$|Payload$|^UserError$/.test(name),
    );
    const all = queried.flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
    expect([...walked.coordinates].toSorted()).toEqual(all.toSorted());
    // Such as `device` without an argument, which is an error of the client.
    const refused = '"code":"BAD_USER_INPUT"';
    const failed = [...(answers.get("one") ?? [])].filter(
      ([, answer]) => answer.includes('"errors"') && !answer.includes(refused),
    );
    expect(failed.map(([document, answer]) => `${document} ${answer.slice(0, 200)}`)).toEqual([]);
  });

  it("is refused data that exists: operators see it, and see that the worlds differ", async () => {
    const documents = [...walked.documents];
    const seen = new Map<string, number>();
    const texts: string[][] = [];
    for (const world of WORLDS) {
      await build(world);
      const found: string[] = [];
      for (const document of documents)
        found.push(JSON.stringify((await ask(document, { scope: OPS, env: ENV })).data));
      texts.push(found);
      seen.set(world, found.filter((text) => text.includes("secret-")).length);
    }
    const differing = documents.filter((_, i) => texts[0]?.[i] !== texts[1]?.[i]);
    expect(seen.get("one")).toBeGreaterThan(documents.length / 10);
    expect(differing.length).toBeGreaterThan(documents.length / 3);
  }, 480_000);

  it("cannot page into other dealers' data with a cursor of an operator", async () => {
    await build("one");
    const lists = ["devices", "alerts"].flatMap((field) => [
      [field, "after", "first: 50"],
      [field, "before", "last: 50"],
    ]);
    for (const [field, side, size] of lists) {
      const all = await ask(`{ ${field}(first: 50) { edges { cursor } } }`, { scope: OPS });
      const own = await ask(`{ ${field}(first: 50) { edges { node { id } } } }`, { scope: A });
      const ownIds = nodesOf(own.data[field as string]).map(({ id }) => id);
      for (const { cursor } of all.data[field as string].edges) {
        const page = await ask(`query ($c: String) { ${field}(${size}, ${side}: $c) { edges { node { id } } } }`, {
          scope: A,
          variables: { c: cursor },
        });
        for (const { id } of nodesOf(page.data[field as string])) expect(ownIds).toContain(id);
      }
    }
  });
});
