import { runInDurableObject } from "cloudflare:test";
import type { Scope } from "#auth/scope.ts";
import type { DeviceKey } from "#domain/event.ts";
import { HOUR_MS } from "#domain/time.ts";
import type { Followable, Offer } from "#objects/hub.ts";
import type { LiveTarget } from "#objects/item.ts";
import type { OperationCall } from "#objects/operations.ts";
import { liveRequestHeaders, OBJECT_PATHS, objectUrl } from "#objects/wire.ts";
import type { ConsumeDeps } from "../../../workers/ingest/consume.ts";
import {
  consumeRecords,
  consumerDeps,
  env,
  freshDevice,
  hubOf,
  type Message,
  OPS,
  redeploy,
  report,
  Socket,
} from "./support.ts";

export const MANY = `subscription ($keys: [String!]!, $after: String) {
  devicesChanged(keys: $keys, after: $after) { kind deviceKey revision cursor device { key } event { topic } }
}`;
export const FEEDS = `subscription ($dealerIds: [String!]!, $after: String, $minSeverity: AlertSeverity) {
  dealersFeed(dealerIds: $dealerIds, after: $after, minSeverity: $minSeverity) { kind dealerId cursor deviceKey }
}`;

let addresses = 0;
/** An address that no other test has. Its hub may be another's too. */
export const freshAddress = () => `10.0.${++addresses}.1`;

/** An authenticated socket, and the hub that it ends in. */
export async function connected(scope = OPS, { expiresIn = "2h", address = freshAddress() } = {}) {
  const socket = await Socket.authenticated({}, scope, expiresIn, address);
  return { socket, hub: hubOf(address), address };
}

export const revisionsOf = (items: readonly Message[]) => items.map(({ kind, revision }) => `${kind} ${revision}`);
export const byDevice = (items: readonly Message[], key: DeviceKey) =>
  revisionsOf(items.filter(({ deviceKey }) => deviceKey === key));

/** Devices that have reported once. */
export async function devicesWith(count: number): Promise<DeviceKey[]> {
  const keys = Array.from({ length: count }, freshDevice);
  await consumeRecords(keys.map((key) => report(key, 1)));
  return keys;
}

/** A consumer whose calls of hubs a test makes itself. */
export function holdingDeps(): ConsumeDeps & { readonly held: { hub: string; offers: readonly Offer[] }[] } {
  const held: { hub: string; offers: readonly Offer[] }[] = [];
  return { ...consumerDeps(), held, deliver: async (hub, offers) => void held.push({ hub, offers }) };
}

type Hub = ReturnType<typeof hubOf>;

export const nameOf = (address: string): string => hubOf(address).name ?? "";

export const deliverTo = (hub: Hub, offers: readonly Offer[]): Promise<void> =>
  (hub as unknown as { deliver(offers: readonly Offer[]): Promise<void> }).deliver(offers);

/** The rows of a hub about these objects. Its other rows may be those of other tests. */
export const followsIn = (hub: Hub, objects: readonly string[]): Promise<number> =>
  runInDurableObject(hub as never, (_, { storage }) =>
    Number(
      storage.sql
        .exec(
          "SELECT count(*) AS n FROM follows WHERE object IN (SELECT value FROM json_each(?))",
          JSON.stringify(objects),
        )
        .one().n,
    ),
  );

/** The hubs that an object has stored as its followers. */
export const followersOf = (stub: unknown): Promise<string[]> =>
  runInDurableObject(stub as never, (_, { storage }) =>
    (storage.kv.get<{ hubs: { hub: string }[] }>("followers")?.hubs ?? []).map(({ hub }) => hub),
  );

/** Lets a hub send its queries and mutations to a test. */
export const withOperations = (hub: Hub, execute: (call: OperationCall) => Promise<string>): Promise<void> =>
  runInDurableObject(hub as never, (instance) => {
    Object.assign(instance, { env: { ...env, OPERATIONS: { execute } } });
  });

/** Lets a hub call other objects than the real ones. */
export const withObjects = (hub: Hub, object: Partial<Followable>): Promise<void> =>
  redeploy(hub, {
    DEVICES: { getByName: () => ({ unfollow: async () => {}, ...object }) } as unknown as DurableObjectNamespace,
  });

/** A socket as the API opens it for a client of server-sent events. */
export async function workerSocket(target: LiveTarget, scope: Scope = OPS): Promise<Socket> {
  const who = { scope, token: null, caller: "worker", address: freshAddress(), expiresAtMs: Date.now() + HOUR_MS };
  const headers = liveRequestHeaders({ ...who, target });
  const { webSocket } = await hubOf(who.address).fetch(objectUrl(OBJECT_PATHS.items), { headers });
  if (!webSocket) throw new Error("no socket");
  return new Socket(webSocket);
}
