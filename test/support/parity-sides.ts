import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buildSchema, type DocumentNode, execute, parse } from "graphql";

export type AlertRow = {
  readonly alertId: string;
  readonly severity: string;
  readonly raisedAt: string;
  readonly text: string;
};

/** A device as both sides have it; tests change one of the two. */
export type DeviceRow = {
  readonly id: string;
  readonly serial: string | null;
  readonly model: string;
  readonly dealer: { readonly id: string; readonly name: string } | null;
  readonly temperatureC: number | null;
  readonly isOnline: boolean;
  readonly lastSeen: string;
  readonly features: readonly string[];
  readonly alerts: readonly AlertRow[];
};

export type World = Map<string, DeviceRow>;

const SEVERITIES = ["CRITICAL", "WARNING", "INFO"] as const;

/** The same devices for the same numbers. */
export const deviceRow = (n: number): DeviceRow => ({
  id: `elt:E-${n}`,
  serial: `SN-${1_000 + n}`,
  model: ["Alto 2", "Brisa 4"][n % 2] as string,
  dealer: n % 5 === 4 ? null : { id: `D-${n % 3}`, name: `Dealer ${n % 3}` },
  temperatureC: 18 + (n % 40) / 4,
  isOnline: n % 3 !== 0,
  lastSeen: new Date(Date.UTC(2026, 10, 23, 6, 0, n, 250)).toISOString(),
  features: ["dehumidify", "wifi"].slice(n % 2),
  alerts: Array.from({ length: n % 4 }, (_, i) => ({
    alertId: `A-${n}-${i}`,
    severity: SEVERITIES[(n + i) % 3] as string,
    raisedAt: new Date(Date.UTC(2026, 10, 22, i, n % 60)).toISOString(),
    text: `Filter ${i} needs a change`,
  })),
});

export const worldOf = (count: number): World =>
  new Map(Array.from({ length: count }, (_, n) => deviceRow(n)).map((row) => [row.id, row]));

/** Changes one device of a world. */
export const alter = (world: World, id: string, change: Partial<DeviceRow>): void => {
  const row = world.get(id);
  if (!row) throw new Error(`there is no device ${id}`);
  world.set(id, { ...row, ...change });
};

/** The old face: AppSync's names and types, numbers as text, °F, other words. */
const OLD_SCHEMA = buildSchema(`
  type Query {
    getDevice(id: ID!): Device
    listDevices(limit: Int, nextToken: String): Devices
    listAlertsByDevice(deviceId: ID!, limit: Int, nextToken: String): Alerts
  }
  type Devices { items: [Device] nextToken: String }
  type Alerts { items: [Alert] nextToken: String }
  type Device {
    id: ID! serial: String model: String dealerId: String dealerName: String tempF: String online: String
    lastSeen: String features: [String] requestId: String alerts: Alerts
  }
  type Alert { id: ID! level: String raised: String message: String }
`);

const NEW_SCHEMA = buildSchema(`
  type Query { device(key: String!): Device }
  type Device {
    key: String! serialNumber: String model: String dealer: Dealer report: Report features: [String!]
    alerts(first: Int, after: String): AlertConnection!
  }
  type Dealer { dealerId: String! name: String! }
  type Report { indoorTemperatureC: Float online: Boolean reportedAt: String }
  type AlertConnection { edges: [AlertEdge!]! pageInfo: PageInfo! }
  type AlertEdge { node: Alert! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Alert { alertId: String! severity: String raisedAt: String text: String }
`);

const LEVELS: Readonly<Record<string, string>> = { CRITICAL: "HIGH", WARNING: "MEDIUM", INFO: "LOW" };

type Arguments = {
  id: string;
  key: string;
  deviceId: string;
  limit?: number;
  nextToken?: string;
  first?: number;
  after?: string;
};

function pageOf<T>(all: readonly T[], size: number, after: string | undefined) {
  const from = after === undefined ? 0 : Number(after);
  const next = from + size < all.length ? String(from + size) : null;
  return { items: all.slice(from, from + size), next };
}

let requests = 0;

const oldDevice = (row: DeviceRow) => ({
  ...{ id: row.id, serial: row.serial ?? "", model: row.model },
  ...{ dealerId: row.dealer?.id ?? null, dealerName: row.dealer?.name ?? null },
  tempF: row.temperatureC === null ? null : String(row.temperatureC * 1.8 + 32),
  online: row.isOnline ? "Y" : "N",
  // Local time of Chicago, which has no summer time in November, without an offset.
  lastSeen: new Date(Date.parse(row.lastSeen) - 6 * 3_600_000).toISOString().slice(0, 23).replace("T", " "),
  features: row.features.toReversed(),
  requestId: () => `r-${++requests}`,
  alerts: { items: row.alerts.map(oldAlert), nextToken: null },
});

const oldAlert = ({ alertId, severity, raisedAt, text }: AlertRow) => ({
  ...{ id: alertId, level: LEVELS[severity] ?? severity, raised: raisedAt, message: text },
});

const oldRoot = (world: World) => ({
  getDevice: ({ id }: Arguments) => {
    const row = world.get(id);
    return row ? oldDevice(row) : null;
  },
  listDevices: ({ limit = 10, nextToken }: Arguments) => {
    const { items, next } = pageOf([...world.values()], limit, nextToken);
    return { items: items.map(oldDevice), nextToken: next };
  },
  listAlertsByDevice: ({ deviceId, limit = 2, nextToken }: Arguments) => {
    const { items, next } = pageOf(world.get(deviceId)?.alerts ?? [], limit, nextToken);
    return { items: items.map(oldAlert), nextToken: next };
  },
});

const newDevice = (row: DeviceRow) => ({
  ...{ key: row.id, serialNumber: row.serial, model: row.model, features: row.features },
  dealer: row.dealer && { dealerId: row.dealer.id, name: row.dealer.name },
  report: { indoorTemperatureC: row.temperatureC, online: row.isOnline, reportedAt: row.lastSeen },
  alerts: ({ first = 20, after }: Arguments) => {
    const { items, next } = pageOf(row.alerts.toReversed(), first, after);
    const pageInfo = { hasNextPage: next !== null, endCursor: next ?? String(row.alerts.length) };
    return { edges: items.map((node) => ({ node })), pageInfo };
  },
});

const newRoot = (world: World) => ({
  device: ({ key }: Arguments) => {
    const row = world.get(key);
    return row ? newDevice(row) : null;
  },
});

export type Asked = { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };
type Answer = { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown };
/** Answers in the server's place, or changes its answer; undefined leaves it as it is. */
export type Interference = (
  asked: Asked,
  answer: () => Promise<unknown>,
) => Promise<Answer | undefined> | Answer | undefined;

/** Answers documents with what the world has at the moment. */
function answererOf(kind: "old" | "new", world: World) {
  const schema = kind === "old" ? OLD_SCHEMA : NEW_SCHEMA;
  const rootValue = kind === "old" ? oldRoot(world) : newRoot(world);
  const documents = new Map<string, DocumentNode>();
  return async ({ query, variables }: Asked): Promise<unknown> => {
    const document = documents.get(query) ?? parse(query);
    documents.set(query, document);
    return execute({ schema, document, rootValue, variableValues: variables });
  };
}

/** A side without a server: `fetch` for a client of it. While `isBusy`, it answers 503. */
export function sideInMemory(kind: "old" | "new", world: World, isBusy = () => false): typeof fetch {
  const answer = answererOf(kind, world);
  return async (_, init) =>
    isBusy()
      ? new Response("busy", { status: 503 })
      : Response.json(await answer(JSON.parse(String(init?.body)) as Asked));
}

/** A side over real HTTP, that answers with what its world has at the moment. */
export async function startSide(kind: "old" | "new", world: World) {
  const asked: Asked[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const state: { interfere: Interference | undefined; inFlight: number; mostInFlight: number } = {
    ...{ interfere: undefined, inFlight: 0, mostInFlight: 0 },
  };
  const answerOf = answererOf(kind, world);
  const server = createServer(async (request, response) => {
    state.mostInFlight = Math.max(state.mostInFlight, ++state.inFlight);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { query, variables } = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
    asked.push({ query, variables });
    headers.push(request.headers);
    const answer = () => answerOf({ query, variables });
    const changed = await state.interfere?.({ query, variables }, answer);
    const { status = 200, headers: more = {}, body } = changed ?? { body: await answer() };
    state.inFlight--;
    response.writeHead(status, { "Content-Type": "application/json", ...more });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    asked,
    headers,
    state,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

export type SideStub = Awaited<ReturnType<typeof startSide>>;

/** A file that compares the two faces, with everything that they write differently. */
export const PARITY_YAML = `
old: { perSecond: 10000 }
new: { perSecond: 10000 }
control: 4
askAgain: { times: 1, after: 1s }
items:
  devices:
    from: old
    document: "query ($limit: Int, $nextToken: String) { listDevices(limit: $limit, nextToken: $nextToken) { items { id } nextToken } }"
    variables: { limit: 7 }
    pages: { items: listDevices.items, next: listDevices.nextToken, variable: nextToken }
    values: { id: id }
documents:
  device:
    items: devices
    old:
      document: "query ($id: ID!) { getDevice(id: $id) { id serial model dealerId dealerName tempF online lastSeen features } }"
      variables: { id: "{id}" }
      root: getDevice
    new:
      document: >-
        query ($key: String!) { device(key: $key) {
          key serialNumber model features dealer { dealerId name } report { indoorTemperatureC online reportedAt } } }
      variables: { key: "{id}" }
      root: device
    fields:
      key: { old: id }
      serialNumber: { old: { path: serial, nullIf: [""] } }
      model:
      dealer.dealerId: { old: dealerId }
      dealer.name: { old: dealerName }
      temperatureC: { old: { path: tempF, as: number, add: -32, multiply: 0.5555555555555556 }, new: report.indoorTemperatureC, tolerance: 0.01 }
      online: { old: { as: boolean }, new: report.online }
      reportedAt: { old: { path: lastSeen, as: time, zone: America/Chicago }, new: { path: report.reportedAt, as: time } }
      features: { order: any }
  alerts:
    items: devices
    old:
      document: "query ($id: ID!, $nextToken: String) { listAlertsByDevice(deviceId: $id, limit: 2, nextToken: $nextToken) { items { id level raised message } nextToken } }"
      variables: { id: "{id}" }
      root: listAlertsByDevice
      pages: { items: listAlertsByDevice.items, next: listAlertsByDevice.nextToken, variable: nextToken }
    new:
      document: >-
        query ($key: String!, $after: String) { device(key: $key) { alerts(first: 2, after: $after) {
          edges { node { alertId severity raisedAt text } } pageInfo { hasNextPage endCursor } } } }
      variables: { key: "{id}" }
      root: device
      pages: { items: device.alerts.edges, next: device.alerts.pageInfo.endCursor, more: device.alerts.pageInfo.hasNextPage, variable: after }
    fields:
      alerts:
        old: items
        new: alerts.edges[].node
        key: alertId
        fields:
          alertId: { old: id }
          severity: { old: { path: level, values: { HIGH: CRITICAL, MEDIUM: WARNING, LOW: INFO } } }
          raisedAt: { old: raised, as: time }
          text: { old: message }
`;
