import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { HubClient } from "./hub-client.ts";
import { isBehind, problemsOf, type Truth } from "./listening.ts";

const { DEVICES, DEALER_FEEDS, HUBS } = env as unknown as Record<string, DurableObjectNamespace>;

/** Within which everybody has to have everything, once nothing goes wrong any more. */
const SETTLED_WITHIN_MS = 4_000;

/**
 * Clients of two hubs, with the scopes of a service and of two dealers, who subscribe to the devices and dealers of a stream.
 */
export class Audience {
  readonly #clients: readonly HubClient[];
  readonly #hubs: readonly string[];

  /** @param name of the stream */
  constructor(name: string) {
    const devices = [1, 2, 3, 4].map((n) => `elt:${name}-${n}`);
    const dealers = [1, 2, 3].map((n) => `${name}-D${n}`);
    const dealer = (n: number): Scope => ({ role: "dealer", dealerIds: [dealers[n] as string] });
    const [all, some] = [
      { of: "devices", names: devices },
      { of: "devices", names: devices.slice(1, 3) },
    ] as const;
    const feeds = { of: "dealers", names: dealers } as const;
    const feed = (n: number) => ({ of: "dealers", names: dealers.slice(n, n + 1) }) as const;
    const [first, second] = [`${name}-hub-1`, `${name}-hub-2`];
    this.#hubs = [first, second];
    this.#clients = [
      new HubClient(first, { role: "service" }, [all, feeds]),
      new HubClient(first, { role: "service" }, [some, some, feed(0)]),
      new HubClient(first, dealer(0), [all, feed(0)]),
      new HubClient(second, dealer(1), [all, feed(1)]),
      new HubClient(second, { role: "service" }, [{ of: "devices", names: devices.slice(0, 1) }, feeds]),
    ];
  }

  /** A client opens a socket, or loses the one that it has and opens another. */
  async connect(nth: number): Promise<void> {
    await this.#clients[nth % this.#clients.length]?.connect();
  }

  drop(nth: number): void {
    this.#clients[nth % this.#clients.length]?.drop();
  }

  /** A hub goes to sleep: its sockets stay. */
  async evict(hub: string): Promise<void> {
    await evictDurableObject(HUBS?.getByName(hub) as DurableObjectStub).catch(() => undefined);
  }

  /** A hub is deployed anew, or dies: its memory and its sockets are gone. */
  async reset(hub: string): Promise<void> {
    const stub = HUBS?.getByName(hub) as DurableObjectStub;
    await runInDurableObject(stub, (_, ctx) => ctx.abort("reset")).catch(() => undefined);
    for (const client of this.#clients) {
      if (client.hub !== hub || !client.isConnected) continue;
      client.drop();
      client.isLost = true;
    }
  }

  hubOf(nth: number): string {
    return this.#hubs[nth % this.#hubs.length] as string;
  }

  /** Those whose connection was lost open another, as clients do. */
  async tend(): Promise<void> {
    for (const client of this.#clients) if (client.isLost) await client.connect();
  }

  /**
   * Once all is settled: everybody connects who is not connected, and has to have heard what the objects have, each
   * revision once and in order. @returns the number of items that were heard
   */
  async expectHeard(): Promise<number> {
    for (const client of this.#clients) if (!client.isConnected) await client.connect();
    const truths = new Map<string, Truth>();
    for (const { name, of } of this.#named()) truths.set(name, await truthOf(of, name));
    const hearings = this.#clients.flatMap(({ hearings, scope }) => hearings.map((hearing) => ({ hearing, scope })));
    await vi
      .waitFor(
        async () => {
          await this.tend();
          if (hearings.some(({ hearing, scope }) => isBehind(hearing, scope, truths))) throw new Error("behind");
        },
        { timeout: SETTLED_WITHIN_MS, interval: 5 },
      )
      .catch(() => {});
    const problems = hearings.flatMap(({ hearing, scope }) => problemsOf(hearing, scope, truths));
    for (const client of this.#clients) client.drop();
    expect(problems, "every subscriber heard each revision once and in order, and nobody is behind").toEqual([]);
    return hearings.reduce((sum, { hearing }) => sum + hearing.heard.length, 0);
  }

  #named() {
    const wishes = this.#clients.flatMap(({ hearings }) => hearings.map(({ wish }) => wish));
    return wishes.flatMap(({ of, names }) => names.map((name) => ({ of, name })));
  }
}

type Memory = {
  readonly journal: {
    readonly revision: number;
    readonly steps: readonly { readonly topic: string }[];
    readonly holder: { readonly dealerId: string | null };
  };
};
type Feed = { readonly sequence: number; readonly items: readonly { readonly topic: string }[] };

/** What an object has stored. Nothing of it is read by the hub. */
async function truthOf(of: "devices" | "dealers", name: string): Promise<Truth> {
  const stub = (of === "devices" ? DEVICES : DEALER_FEEDS)?.getByName(name) as DurableObjectStub;
  return runInDurableObject(stub, (_, { storage }) => {
    if (of === "dealers") {
      const { sequence = 0, items = [] } = storage.kv.get<Feed>("feed") ?? {};
      return { last: sequence, topics: items.map(({ topic }) => topic), dealerId: name };
    }
    const journal = storage.kv.get<Memory>("memory")?.journal;
    return {
      last: journal?.revision ?? 0,
      topics: journal?.steps.map(({ topic }) => topic) ?? [],
      dealerId: journal?.holder.dealerId ?? null,
    };
  });
}
