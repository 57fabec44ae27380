import { evictDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { expect, it, vi } from "vitest";
import type { Scope } from "#auth/scope.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { Offer } from "#objects/hub.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import { connected, deliverTo, freshAddress, holdingDeps, MANY } from "./hub-support.ts";
import {
  assign,
  consumeRecords,
  consumerDeps,
  dealerScope,
  freshDealer,
  freshDevice,
  hubOf,
  type Message,
  OPS,
  objectOf,
  report,
  type Socket,
} from "./support.ts";

type Step =
  | { readonly kind: "report" | "handOver" | "again" | "sleep"; readonly device: number }
  | { readonly kind: "deliver"; readonly offer: number }
  | { readonly kind: "lose"; readonly offer: number }
  | { readonly kind: "sleepHub" }
  | { readonly kind: "reconnect"; readonly client: number };

const device = fc.nat({ max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("report" as const), device }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("handOver", "again", "sleep"), device }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("deliver" as const), offer: fc.nat({ max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose" as const), offer: fc.nat({ max: 9 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "sleepHub" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("reconnect" as const), client: fc.nat({ max: 2 }) }) },
);

type Item = { readonly kind: string; readonly deviceKey: string; readonly revision: number; readonly cursor: string };

/** A client that keeps what it received, and resumes by the cursor of its last item. */
class Client {
  readonly dealerId: string | null;
  /** What each of its connections received. */
  readonly received: Item[][] = [];
  readonly #scope: Scope;
  readonly #keys: readonly DeviceKey[];
  readonly #address: string;
  #socket: Socket | undefined;

  constructor(dealerId: string | null, keys: readonly DeviceKey[], address: string) {
    this.dealerId = dealerId;
    this.#scope = dealerId === null ? OPS : dealerScope(dealerId);
    this.#keys = keys;
    this.#address = address;
  }

  get items(): Item[] {
    return [...this.received.flat(), ...this.#now()];
  }

  async connect(): Promise<void> {
    const items = this.#now();
    if (this.#socket) this.received.push(items);
    this.#socket?.close();
    const after = this.received.flat().at(-1)?.cursor ?? null;
    const { socket } = await connected(this.#scope, { address: this.#address });
    this.#socket = socket;
    socket.subscribe(MANY, { keys: this.#keys, after });
  }

  #now(): Item[] {
    const results = this.#socket?.messages.filter(({ type }: Message) => type === "next") ?? [];
    return results.map(({ payload }: Message) => payload.data.devicesChanged);
  }

  close(): void {
    this.#socket?.close();
  }
}

/**
 * What is wrong with the items of one device that a client received on all its connections. A model of its own: it knows
 * who had the device at each revision, and nothing of cursors, offers and journals.
 * @param holders by revision, from 1
 */
function faultIn(items: readonly Item[], holders: readonly string[], dealerId: string | null): string | undefined {
  const isOwn = (revision: number) => dealerId === null || holders[revision - 1] === dealerId;
  /** The first revision after one that is the dealer's, or is not; 0 if there is none. */
  const next = (after: number, own: boolean) => holders.findIndex((_, i) => i + 1 > after && isOwn(i + 1) === own) + 1;
  let at: number | null = null;
  let lostAt = 0;
  for (const { kind, revision } of items) {
    const where = `${kind} ${revision} after ${at ?? `the loss at ${lostAt}`}`;
    if (kind === "SNAPSHOT") {
      if (at !== null || !isOwn(revision)) return where;
      at = revision;
    } else if (kind === "EVENT") {
      // A client that resumes behind a loss gets what its dealer had later.
      const expected: number = at === null ? next(lostAt, true) : at + 1;
      if (revision !== expected || (at === null && lostAt === 0) || !isOwn(revision)) return where;
      at = revision;
    } else if (kind === "LOST") {
      if (dealerId === null || revision !== (at === null ? 0 : next(at, false))) return where;
      lostAt = revision;
      at = null;
    } else return where;
  }
  const missed = at === null ? 0 : holders.length - at;
  if (missed > 0) return `${missed} changes behind`;
  return dealerId === null && at === null ? "nothing at all" : undefined;
}

const sleep = (stub: ReturnType<typeof hubOf> | ReturnType<typeof objectOf>): Promise<void> =>
  evictDurableObject(stub).catch((thrown: Error) => {
    if (!/not currently running/.test(thrown.message)) throw thrown;
  });

it("each client of a hub receives each revision once and in order, whatever becomes of offers, sockets and sleep", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 24 }), async (steps) => {
      const keys = [freshDevice(), freshDevice()] as const;
      const dealers = [freshDealer(), freshDealer()] as const;
      const address = freshAddress();
      const hub = hubOf(address);
      const holders = new Map<DeviceKey, string[]>(keys.map((key) => [key, []]));
      const last = new Map<DeviceKey, QueuedRecord>();
      const pool: Offer[] = [];
      let second = 0;
      const publish = async (key: DeviceKey, record: QueuedRecord, holder: string, attempts = 1) => {
        const deps = holdingDeps();
        await consumeRecords([record], deps, attempts);
        pool.push(...deps.held.filter(({ hub: name }) => name === hub.name).flatMap(({ offers }) => offers));
        if (attempts === 1) holders.get(key)?.push(holder);
        last.set(key, record);
      };
      for (const key of keys) await publish(key, assign(key, ++second, dealers[0]), dealers[0]);
      const clients = [null, ...dealers].map((dealerId) => new Client(dealerId, keys, address));
      for (const client of clients) await client.connect();
      for (const one of steps) {
        if (one.kind === "deliver") {
          const offer = pool[one.offer % (pool.length || 1)];
          if (offer) await deliverTo(hub, [offer]);
        } else if (one.kind === "lose") pool.splice(one.offer % (pool.length || 1), 1);
        else if (one.kind === "sleepHub") await sleep(hub);
        else if (one.kind === "reconnect") await clients[one.client]?.connect();
        else {
          const key = keys[one.device] as DeviceKey;
          const holder = holders.get(key)?.at(-1) as string;
          const next = holder === dealers[0] ? dealers[1] : dealers[0];
          if (one.kind === "report") await publish(key, report(key, ++second), holder);
          else if (one.kind === "handOver") await publish(key, assign(key, ++second, next), next);
          else if (one.kind === "again") await publish(key, last.get(key) as QueuedRecord, holder, 2);
          else await sleep(objectOf(key));
        }
      }
      // The consumer comes back to what it may not have delivered.
      for (const key of keys) await consumeRecords([last.get(key) as QueuedRecord], consumerDeps(), 2);
      const faults = () =>
        clients.flatMap(({ items, dealerId }, client) =>
          keys.flatMap((key, at) => {
            const own = items.filter(({ deviceKey }) => deviceKey === key);
            const fault = faultIn(own, holders.get(key) ?? [], dealerId);
            const received = own.map(({ kind, revision }) => `${kind} ${revision}`).join(", ");
            return fault === undefined ? [] : [`client ${client}, device ${at}: ${fault} (${received})`];
          }),
        );
      await vi.waitFor(() => expect(faults()).toEqual([]), { timeout: 3_000, interval: 10 });
      for (const client of clients) client.close();
    }),
    { numRuns: 15 },
  );
}, 120_000);
