import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buildSchema, graphql } from "graphql";
import type { ApiDealer, ApiFleet, Shown } from "./api-fleet.ts";

/** As Amplify makes it of a model: a get and a list for each type, and AppSync's scalars. */
const SCHEMA = buildSchema(`
  scalar AWSDateTime
  scalar AWSJSON
  type Query {
    getDevice(id: ID!): Device
    listDevices(limit: Int, nextToken: String): DeviceConnection!
    getDealer(id: ID!): Dealer
    listAlertsByDevice(deviceId: ID!, limit: Int, nextToken: String): AlertConnection!
  }
  type DeviceConnection { items: [Device!]! nextToken: String }
  type AlertConnection { items: [Alert!]! nextToken: String }
  type Device {
    id: ID! source: String! serial: String model: String firmware: String displayName: String state: String!
    features: AWSJSON city: String registeredAt: AWSDateTime lastSeen: AWSDateTime isOnline: Boolean mode: String
    temperature: Float humidity: Float dealerId: ID dealerName: String customerId: ID customerName: String
  }
  type Dealer { id: ID! dealerName: String! phone: String email: String website: String }
  type Alert {
    id: ID! code: String level: String message: String state: String! raisedAt: AWSDateTime clearedAt: AWSDateTime
  }
`);

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

export type ApiOptions = {
  /** What the views show now. */
  readonly fleet: () => ApiFleet;
  /** Of the header `x-api-key`. */
  readonly apiKey: string;
  /** A free port without it. */
  readonly port?: number;
};

export type OldApi = { readonly url: URL; readonly stop: () => Promise<void> };

/** Serves the old API as AppSync does, at `POST /graphql`. */
export async function serveApi({ fleet, apiKey, port = 0 }: ApiOptions): Promise<OldApi> {
  const server = createServer((request, response) => {
    answer(request, { fleet: fleet(), apiKey })
      .catch(() => refusal(400, "MalformedHttpRequestException", "Unable to parse GraphQL query."))
      .then(({ status, body }) => send(response, status, body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: new URL(`http://127.0.0.1:${bound}/graphql`), stop };
}

type Answer = { readonly status: number; readonly body: object };

const refusal = (status: number, errorType: string, message: string): Answer => ({
  status,
  body: { errors: [{ errorType, message }] },
});

async function answer(
  request: IncomingMessage,
  { fleet, apiKey }: { fleet: ApiFleet; apiKey: string },
): Promise<Answer> {
  if (request.method !== "POST" || request.url !== "/graphql")
    return refusal(404, "NotFoundException", "There is only POST /graphql.");
  if (request.headers["x-api-key"] !== apiKey)
    return refusal(401, "UnauthorizedException", "You are not authorized to make this call.");
  const text = Buffer.concat(await request.toArray()).toString();
  const { query, variables } = JSON.parse(text) as { query: string; variables?: Record<string, unknown> };
  const result = await graphql({
    schema: SCHEMA,
    source: query,
    rootValue: rootOf(fleet),
    ...(variables && { variableValues: variables }),
  });
  return { status: 200, body: result };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json;charset=UTF-8" });
  response.end(JSON.stringify(body));
}

const indexes = new WeakMap<ApiFleet, ReadonlyMap<string, Shown>>();

/** Ids of the old system name no source: the sources' own do not overlap. */
function byId(fleet: ApiFleet): ReadonlyMap<string, Shown> {
  const index = indexes.get(fleet) ?? new Map([...fleet.values()].map((shown) => [shown.device.id, shown]));
  indexes.set(fleet, index);
  return index;
}

type ListArguments = { readonly limit?: number | null; readonly nextToken?: string | null };

function rootOf(fleet: ApiFleet) {
  const find = (id: string) => byId(fleet).get(id);
  return {
    getDevice: ({ id }: { id: string }) => find(id)?.device ?? null,
    listDevices: (list: ListArguments) =>
      pageOf(
        [...fleet.values()].map(({ device }) => device),
        list,
      ),
    getDealer: ({ id }: { id: string }) => {
      const dealer = [...fleet.values()].find(({ device }) => device.dealerId === id)?.device.dealer;
      return dealer ? apiDealer(dealer) : null;
    },
    listAlertsByDevice: ({ deviceId, ...list }: { deviceId: string } & ListArguments) =>
      pageOf(find(deviceId)?.alerts ?? [], list),
  };
}

const apiDealer = ({ dealerId, name, ...contact }: ApiDealer) => ({ id: dealerId, dealerName: name, ...contact });

/** A token is the number of items before the page, made unreadable. @throws Error for a token that is none */
function pageOf<T>(all: readonly T[], { limit, nextToken }: ListArguments) {
  const size = limit ?? DEFAULT_LIMIT;
  if (size < 1 || size > MAX_LIMIT) throw new Error(`limit has to be from 1 to ${MAX_LIMIT}.`);
  const from = nextToken ? Number(Buffer.from(nextToken, "base64").toString()) : 0;
  if (!Number.isSafeInteger(from) || from < 0) throw new Error("Invalid pagination token given.");
  const to = from + size;
  return { items: all.slice(from, to), nextToken: to < all.length ? Buffer.from(String(to)).toString("base64") : null };
}
