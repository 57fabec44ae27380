import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApolloClient, gql, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Scope } from "#auth/scope.ts";
import { concordLink } from "#client/apollo/links.ts";
import { keepSeen } from "#client/consistency.ts";
import { type Clients, connect } from "../../local/clients.ts";
import { type Edge, startEdge } from "../../local/edge.ts";
import { createToken } from "../../local/live-client.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { ROLLOUT, Versions } from "../deploy/under-load/versions.ts";
import { type DeviceItem, type NewsItem, openPage, type Page } from "../support/apollo-page.ts";
import { outcomesAtRest } from "../support/outcomes.ts";
import { eventValue } from "../support/records.ts";

const DEALERS = ["O-1", "O-2"];
const KEYS = Array.from({ length: 50 }, (_, i) => `elt:one-${i}`);
const SCOPE: Scope = { role: "dealer", dealerIds: DEALERS };
const TOKEN_SECONDS = 6;
const START_MS = Date.UTC(2026, 10, 24, 10);

let stack: Stack;
let edge: Edge;
let clients: Clients;
let versions: Versions;
let folder: string;
/** No socket is let in. */
let isAway = false;
const upgrades: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "concord-one-socket-"));
  versions = new Versions(folder);
  stack = await startStack({ configOf: versions.configOf });
  edge = await startEdge({
    target: () => stack.url,
    intercept: ({ path, headers }) => {
      if (!headers.upgrade) return undefined;
      if (isAway) return { status: 503 };
      upgrades.push(path);
      return undefined;
    },
  });
  clients = await connect(stack.url);
}, 120_000);

afterAll(async () => {
  await edge?.close();
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

type Sent = { readonly key: string; readonly eventId: string; readonly occurredAt: string };
const sent: Sent[] = [];

/** Publishes an event of each of these devices; no two events have the same time. */
async function publish(topic: string, keys: readonly string[], dataOf: (i: number) => object): Promise<void> {
  const events = keys.map((key, i) => {
    const occurredAt = new Date(START_MS + (sent.length + i) * 1_000).toISOString();
    return { key, eventId: `one-${sent.length + i}`, occurredAt, data: dataOf(sent.length + i) };
  });
  const records = events.map(({ key, eventId, occurredAt, data }) => {
    const deviceId = key.slice("elt:".length);
    return { topic, key: deviceId, value: JSON.stringify(eventValue({ topic, eventId, deviceId, occurredAt, data })) };
  });
  await clients.push(topic, records);
  sent.push(...events);
}

const report = (keys: readonly string[]) =>
  publish("device.elt.status.reported", keys, (i) => ({ online: true, indoorTemperatureC: i / 8 }));

/** Events of five devices after the other, until `isDone`. */
async function reportUntil(isDone: () => boolean, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (let turn = 0; !isDone(); turn++) {
    if (Date.now() > deadline) throw new Error(`events flowed for ${withinMs} ms in vain`);
    await report(Array.from({ length: 5 }, (_, i) => KEYS[(turn * 5 + i) % KEYS.length] as string));
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

const everyListOf = (page: Page) => [
  ...page.devices.values(),
  ...page.together.values(),
  ...page.dealers.values(),
  ...page.dealersTogether.values(),
];

const begun = (page: Page) =>
  vi.waitFor(
    () => {
      expect(page.ends).toEqual([]);
      expect(everyListOf(page).filter(({ length }) => length === 0)).toHaveLength(0);
    },
    { timeout: 30_000 },
  );

const eventsOf = (key: string, from: number) => sent.slice(from).filter((event) => event.key === key);
const dealerOf = (key: string) => DEALERS[KEYS.indexOf(key) % 2];

/** What is wrong with a list of one device that must have each revision once, in order, and end with the newest event. */
function faultsOfDevice(items: readonly DeviceItem[], wanted: readonly Sent[]): string[] {
  const [first, ...rest] = items;
  if (first?.kind !== "SNAPSHOT") return [`began with ${first?.kind}`];
  return [
    ...rest.flatMap(({ kind, revision }, i) =>
      kind === "EVENT" && revision === first.revision + i + 1 ? [] : [`${kind} ${revision} at ${i + 1}`],
    ),
    ...differences(
      rest.map(({ eventId }) => eventId),
      wanted.map(({ eventId }) => eventId),
    ),
  ];
}

/** The same of a dealer's feed. Between two devices there is no order but the feed's own. */
function faultsOfDealer(items: readonly NewsItem[], wanted: readonly Sent[]): string[] {
  const [first, ...rest] = items;
  if (first?.kind !== "STARTED") return [`began with ${first?.kind}`];
  return [
    ...rest.flatMap(({ kind }) => (kind === "DEVICE_CHANGED" ? [] : [`a ${kind}`])),
    ...differences(
      rest.map(({ told }) => told).sort(),
      wanted.map(({ key, occurredAt }) => `${key} ${occurredAt}`).sort(),
    ),
    ...KEYS.flatMap((key) => {
      const own = rest.filter(({ told }) => told?.startsWith(`${key} `)).map(({ told }) => told);
      return String(own) === String(own.toSorted()) ? [] : [`${key} is out of order`];
    }),
  ];
}

const differences = (got: readonly unknown[], wanted: readonly unknown[]): string[] =>
  JSON.stringify(got) === JSON.stringify(wanted) ? [] : [`got ${got.join()} in place of ${wanted.join()}`];

/** What is wrong with a list that begins anew after each drop. */
function faultsOfUnchanged(items: readonly DeviceItem[], newest: number): string[] {
  const revisions = items.filter(({ kind }) => kind === "EVENT").map(({ revision }) => revision);
  const repeated = revisions.filter((revision, i) => revisions.indexOf(revision) < i);
  const backwards = items.filter(({ kind, revision }, i) => {
    const before = items[i - 1]?.revision ?? 0;
    return kind === "SNAPSHOT" ? revision < before : revision !== before + 1;
  });
  return [
    ...repeated.map((revision) => `revision ${revision} twice`),
    ...backwards.map(({ kind, revision }) => `${kind} ${revision} in the wrong place`),
    ...(items.at(-1)?.revision === newest ? [] : [`ended with ${items.at(-1)?.revision} in place of ${newest}`]),
  ];
}

const faultsIn = <Item>(lists: ReadonlyMap<string, Item[]>, faultsOf: (name: string, items: Item[]) => string[]) =>
  [...lists].flatMap(([name, items]) => faultsOf(name, items).map((fault) => `${name}: ${fault}`));

describe("fifty devices and two dealers on one Apollo link", () => {
  /** The tokens that each link has asked for. */
  const tokens = { ours: 0, unchanged: 0 };
  let [ours, unchanged]: (Page | undefined)[] = [];
  let apollo: ApolloClient;
  let before = 0;
  let openedAtMs = 0;

  beforeAll(async () => {
    await publish("device.elt.dealer.assigned", KEYS, (i) => {
      const dealerId = DEALERS[i % 2] as string;
      return { dealer: { dealerId, name: dealerId } };
    });
    await report(KEYS);
    await outcomesAtRest(clients);
    openedAtMs = Date.now();
    const token = (whose: keyof typeof tokens) => () => {
      tokens[whose]++;
      return createToken(SCOPE, `${TOKEN_SECONDS}s`);
    };
    const cache = () => new InMemoryCache();
    const link = concordLink({ origin: edge.url.origin, token: token("ours"), seen: keepSeen() });
    ours = openPage(new ApolloClient({ link, cache: cache() }), KEYS, DEALERS);
    const url = new URL("/graphql", edge.url).href.replace("http", "ws");
    const connectionParams = async () => ({ Authorization: `Bearer ${await token("unchanged")()}` });
    // As docs/graphql.md has it.
    const socket = createClient({ url, connectionParams, retryAttempts: 1_000, shouldRetry: () => true });
    apollo = new ApolloClient({ link: new GraphQLWsLink(socket), cache: cache() });
    unchanged = openPage(apollo, KEYS, DEALERS);
    await Promise.all([ours, unchanged].map(begun));
    before = sent.length;
  }, 120_000);

  it("get each revision once and in order, while tokens expire and every Worker is replaced", async () => {
    await reportUntil(() => tokens.ours >= 2 && tokens.unchanged >= 2);
    await outcomesAtRest(clients);
    // Locally a deployment replaces the whole runtime, and its queues are in memory.
    for (const worker of ROLLOUT) versions.raise(worker);
    isAway = true;
    await stack.redeploy(versions.configOf);
    await versions.running(stack);
    const [missed, known] = [sent.length + 50, { ...tokens }];
    await reportUntil(() => sent.length >= missed);
    isAway = false;
    await reportUntil(() => tokens.ours > known.ours && tokens.unchanged > known.unchanged);
    await outcomesAtRest(clients);
    const newestOf = (dealerId: string) => sent.filter(({ key }) => dealerOf(key) === dealerId).length;
    await vi.waitFor(
      () => {
        for (const page of [ours, unchanged]) expect(page?.ends).toEqual([]);
        const faults = [
          ...faultsIn(ours?.devices ?? new Map(), (key, items) => faultsOfDevice(items, eventsOf(key, before))),
          ...faultsIn(ours?.together ?? new Map(), (key, items) => faultsOfDevice(items, eventsOf(key, before))),
          ...[ours?.dealers, ours?.dealersTogether].flatMap((lists) =>
            faultsIn(lists ?? new Map<string, NewsItem[]>(), (dealerId, items) =>
              faultsOfDealer(
                items,
                sent.slice(before).filter(({ key }) => dealerOf(key) === dealerId),
              ),
            ),
          ),
        ];
        expect(faults).toEqual([]);
      },
      { timeout: 30_000, interval: 500 },
    );
    expect(DEALERS.map(newestOf).reduce((a, b) => a + b)).toBe(sent.length);
  }, 180_000);

  it("get each revision at most once with Apollo's own link, and after a drop a state that is not older", async () => {
    await vi.waitFor(
      () => {
        const newest = (key: string) => eventsOf(key, 0).length;
        const faults = [unchanged?.devices, unchanged?.together].flatMap((lists) =>
          faultsIn(lists ?? new Map<string, DeviceItem[]>(), (key, items) => faultsOfUnchanged(items, newest(key))),
        );
        expect(faults).toEqual([]);
        const told = [...(unchanged?.dealers.values() ?? []), ...(unchanged?.dealersTogether.values() ?? [])];
        for (const items of told) {
          const each = items.filter(({ kind }) => kind !== "STARTED").map((item) => item.told);
          expect(new Set(each).size).toBe(each.length);
        }
      },
      { timeout: 30_000, interval: 500 },
    );
    const snapshots = unchanged?.devices.get(KEYS[0] ?? "")?.filter(({ kind }) => kind === "SNAPSHOT").length ?? 0;
    expect(snapshots).toBeGreaterThan(1);
    expect(snapshots).toBeLessThanOrEqual(tokens.unchanged);
  }, 60_000);

  it("share a socket for as long as a token lasts", () => {
    expect(upgrades.filter((path) => path === "/live")).toHaveLength(tokens.ours);
    expect(upgrades.filter((path) => path === "/graphql")).toHaveLength(tokens.unchanged);
    // The first, one for the deployment, and one whenever a token has run out.
    const most = 2 + (Date.now() - openedAtMs) / (TOKEN_SECONDS * 1_000);
    expect(tokens.ours).toBeLessThanOrEqual(most);
  });

  it("leave room on Apollo's own link for queries and mutations", async () => {
    const [key = ""] = KEYS;
    const query = gql`
      query OverSocket($key: String!) {
        device(by: { key: $key }) { id key dealer { id dealerId } }
      }
    `;
    const read = await apollo.query({ query, variables: { key } });
    expect(read.data).toMatchObject({ device: { key, dealer: { dealerId: "O-1" } } });
    const mutation = gql`
      mutation OverSocket($key: String!) {
        setDesiredState(input: { by: { key: $key }, desired: { mode: HEAT, heatSetpointC: 21 } }) {
          outcome
          userErrors { code message }
        }
      }
    `;
    const written = await apollo.mutate({ mutation, variables: { key } });
    expect(written.data).toMatchObject({ setDesiredState: { outcome: "APPLIED", userErrors: [] } });
    await vi.waitFor(
      () => {
        const [own, others] = [ours, unchanged].map((page) => page?.devices.get(key)?.at(-1)?.revision);
        expect([own, others]).toEqual([eventsOf(key, 0).length + 1, eventsOf(key, 0).length + 1]);
      },
      { timeout: 15_000 },
    );
    ours?.close();
    unchanged?.close();
  });
});
