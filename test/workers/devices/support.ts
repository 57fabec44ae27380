import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import { vi } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { parseRecord } from "#contracts/parse.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import type { DeadLetterMessage } from "#letters/letter.ts";
import { hubNameOf } from "#objects/hub-name.ts";
import type { ObjectWrites } from "#objects/object-writes.ts";
import type { Parcel, QueuedRecord } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import type { DealerFeed } from "../../../workers/devices/dealer-feed.ts";
import type { DeviceObject } from "../../../workers/devices/device-object.ts";
import type { Env } from "../../../workers/devices/env.ts";
import type { LiveHub } from "../../../workers/devices/hub/live-hub.ts";
import devices from "../../../workers/devices/index.ts";
import { LEASE_MS } from "../../../workers/devices/live/lease.ts";
import { type ConsumeDeps, consume } from "../../../workers/ingest/consume.ts";
import { objectCalls } from "../../../workers/ingest/env.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { recordOf } from "../../support/records.ts";

export const env = testEnv as unknown as Omit<Env, "DEVICES" | "DEALER_FEEDS" | "HUBS"> & {
  readonly DEVICES: DurableObjectNamespace<DeviceObject>;
  readonly DEALER_FEEDS: DurableObjectNamespace<DealerFeed>;
  readonly HUBS: DurableObjectNamespace<LiveHub>;
};

export const OPS: Scope = { role: "ops" };
export const dealerScope = (...dealerIds: string[]): Scope => ({ role: "dealer", dealerIds });

export const CHANGED = `subscription ($key: String!, $afterRevision: Int) {
  deviceChanged(key: $key, afterRevision: $afterRevision) {
    kind revision event { topic } device { key report { indoorTemperatureC } }
  }
}`;

export const FEED = `subscription ($dealerId: String!, $after: String, $minSeverity: AlertSeverity) {
  dealerFeed(dealerId: $dealerId, after: $after, minSeverity: $minSeverity) {
    kind cursor deviceKey topic occurredAt alert { alertId }
  }
}`;

let named = 0;
/** A device that no other test knows. */
export const freshDevice = (): DeviceKey => `elt:live-${++named}`;
export const freshDealer = (): string => `D-live-${++named}`;

const START_MS = Date.UTC(2026, 10, 23, 9);

/** An event of a device, so many seconds into the tests' day. */
export function eventRecord(key: DeviceKey, topic: string, second: number, data?: unknown): QueuedRecord {
  const occurredAt = new Date(START_MS + second * 1_000).toISOString();
  return recordOf({ topic: `device.elt.${topic}`, deviceId: key.slice("elt:".length), occurredAt, data });
}

export const report = (key: DeviceKey, second: number): QueuedRecord =>
  eventRecord(key, "status.reported", second, { online: true, indoorTemperatureC: second / 4 });

export const assign = (key: DeviceKey, second: number, dealerId: string): QueuedRecord =>
  eventRecord(key, "dealer.assigned", second, { dealer: { dealerId, name: dealerId } });

export const raise = (key: DeviceKey, second: number, severity = "critical"): QueuedRecord =>
  eventRecord(key, "alert.raised", second, { alertId: `a-${second}`, code: "E-1", severity, text: "It is wrong." });

/** A record as the consumer reads it. */
export function eventOf(record: QueuedRecord): ConcordEvent {
  const parsed = parseRecord(record, Date.now());
  if (!parsed.ok) throw new Error(`the test's own event is bad: ${JSON.stringify(parsed.rejection)}`);
  return parsed.event;
}

/** The consumer over the real stores; queues take what it sends on. */
export function consumerDeps(
  objectWrites: ObjectWrites = "always",
): ConsumeDeps & { readonly events: FakeQueue<Parcel> } {
  return {
    fleet: new FleetRepository(env.DB.withSession("first-primary")),
    objectWrites,
    ...objectCalls(env),
    events: new FakeQueue<Parcel>(),
    backfill: new FakeQueue<Parcel>(),
    deadLetters: new FakeQueue<DeadLetterMessage>(),
    now: Date.now,
    random: () => 0.5,
    workerVersion: "test",
  };
}

/** Hands records to the consumer as one message. */
export const consumeRecords = (records: readonly QueuedRecord[], deps: ConsumeDeps = consumerDeps(), attempts = 1) =>
  consume(deps, [{ body: { kind: "parcel", records }, attempts }]);

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects
export type Message = any;

/** Where a socket is opened; with neither, in a hub. */
export type Place = { device: string } | { dealer: string } | Record<string, never>;

/** A client's end of a socket, without a library, so that it can send what no library would. */
export class Socket {
  readonly messages: Message[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => void this.messages.push(JSON.parse(String(data))));
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
    });
    socket.accept();
  }

  /** @param address the client's IP address */
  static async open(place: Place, address?: string): Promise<Socket> {
    const headers: Record<string, string> = address === undefined ? {} : { "CF-Connecting-IP": address };
    const { status, webSocket } = await requestSocket(
      `/live?${new URLSearchParams(place as Record<string, string>)}`,
      headers,
    );
    if (!webSocket) throw new Error(`no socket: ${status}`);
    return new Socket(webSocket);
  }

  /** Opens a socket and authenticates. */
  static async authenticated(place: Place, scope = OPS, expiresIn = "2h", address?: string): Promise<Socket> {
    const socket = await Socket.open(place, address);
    const token = await signToken(scope, LOCAL_TOKEN_SECRET, expiresIn);
    socket.send({ type: "connection_init", payload: { Authorization: `Bearer ${token}` } });
    await socket.received(({ type }) => type === "connection_ack");
    return socket;
  }

  /** Sends a token, and does not wait for the answer. */
  authenticate(token: string): void {
    this.send({ type: "connection_init", payload: { Authorization: `Bearer ${token}` } });
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  close(): void {
    this.#socket.close(1000, "bye");
  }

  subscribe(query: string, variables: object = {}, id = "1"): void {
    this.send({ type: "subscribe", id, payload: { query, variables } });
  }

  async received(wanted: (message: Message) => boolean): Promise<Message> {
    return vi.waitFor(
      () => {
        const found = this.messages.find(wanted);
        if (!found) throw new Error(`received only ${JSON.stringify(this.messages)} ${JSON.stringify(this.closed)}`);
        return found;
      },
      { timeout: 5_000, interval: 5 },
    );
  }

  /** The values of the one field of each `next` of a subscription, once there are at least `count`. */
  async items(count: number, id = "1"): Promise<Message[]> {
    const results = () => this.messages.filter((message) => message.type === "next" && message.id === id);
    await vi.waitFor(
      () => {
        if (results().length < count) throw new Error(`received only ${JSON.stringify(this.messages)}`);
      },
      { timeout: 5_000, interval: 5 },
    );
    return results().map(({ payload }) => Object.values(payload.data ?? {})[0]);
  }

  async closing(): Promise<{ code: number; reason: string }> {
    return vi.waitFor(
      () => {
        if (!this.closed) throw new Error(`still open: ${JSON.stringify(this.messages)}`);
        return this.closed;
      },
      { timeout: 5_000, interval: 5 },
    );
  }
}

export const requestSocket = (path: string, headers: Record<string, string> = {}, its = env): Promise<Response> =>
  devices.fetch(
    new Request(`https://concord.example${path}`, {
      headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": "graphql-transport-ws", ...headers },
    }) as never,
    its,
  ) as unknown as Promise<Response>;

/** How a socket is refused: its close code and reason, which browsers can read. */
export async function refusalOf(path: string, headers: Record<string, string> = {}, its = env) {
  const { status, webSocket } = await requestSocket(path, headers, its);
  if (!webSocket) throw new Error(`no socket: ${status}`);
  return new Socket(webSocket).closing();
}

export const objectOf = (key: DeviceKey) => env.DEVICES.getByName(key);
/** The RPC type of what holds `unknown` is `never`. */
export const snapshotOf = (key: DeviceKey) => (objectOf(key) as unknown as DeviceSnapshotSource).snapshot();
export const hubOf = (address: string) => env.HUBS.getByName(hubNameOf({}, address));
export const feedOf = (dealerId: string) => env.DEALER_FEEDS.getByName(dealerId);

type Stub = ReturnType<typeof objectOf> | ReturnType<typeof hubOf> | ReturnType<typeof feedOf>;

export const socketsOf = (stub: Stub): Promise<number> =>
  runInDurableObject(stub as never, (_, ctx) => ctx.getWebSockets().length);

export const alarmOf = (stub: Stub): Promise<number | null> =>
  runInDurableObject(stub as never, (_, ctx) => ctx.storage.getAlarm());

/** Lets the time pass that D1 and an object remember a watch for. */
export async function endLease(stub: Stub): Promise<void> {
  await env.DB.prepare("UPDATE watches SET until_ms = until_ms - ?1").bind(LEASE_MS).run();
  const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() + LEASE_MS);
  await runDurableObjectAlarm(stub as never);
  clock.mockRestore();
}

/** Every object with subscribers renews its watch within half of the lease. @returns the time that it is then */
export async function passHalfALease(stub: Stub): Promise<number> {
  const now = Date.now() + LEASE_MS / 2;
  vi.spyOn(Date, "now").mockReturnValue(now);
  await runDurableObjectAlarm(stub as never);
  return now;
}

/** A device of a dealer, and a subscriber of that dealer's feed, who has got its first item. */
export async function watchedDealer() {
  const [key, dealerId] = [freshDevice(), freshDealer()];
  await consumeRecords([assign(key, 1, dealerId)]);
  const feed = await Socket.authenticated({ dealer: dealerId }, dealerScope(dealerId));
  feed.subscribe(FEED, { dealerId });
  await feed.items(1);
  return { key, dealerId, feed };
}

/** Lets an object see another environment, as its deployment would. */
export const redeploy = (stub: Stub, vars: Partial<Env>): Promise<void> =>
  runInDurableObject(stub as never, (instance) => {
    Object.assign(instance, { env: { ...env, ...vars } });
  });

export const watchesOf = async (id: string): Promise<number | null> =>
  env.DB.prepare("SELECT until_ms FROM watches WHERE id = ?1").bind(id).first<number>("until_ms");
