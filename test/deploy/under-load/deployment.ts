import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { type Clients, connect, type Outcomes } from "../../../local/clients.ts";
import { type Edge, startEdge } from "../../../local/edge.ts";
import { startStack } from "../../../local/stack.ts";
import { type Counted, type FinalDevice, judge, type Verdict } from "./oracle.ts";
import { Producers } from "./producers.ts";
import { type Received, Subscriber } from "./subscribers.ts";
import { ROLLOUT, Versions } from "./versions.ts";

export type LoadPlan = {
  readonly sockets: number;
  readonly devices: number;
  readonly eventsPerSecond: number;
  /** How long events flow between two deployments. */
  readonly secondsBetween: number;
  /** How long after each deployment no socket is let in, while events flow. */
  readonly secondsAway: number;
  readonly say: (line: string) => void;
};

export type LoadFigures = Verdict & {
  readonly sockets: number;
  readonly reconnects: number;
  readonly slowestReconnectMs: number;
  /** Revisions that were delivered after a reconnect, of events that occurred before it. */
  readonly caughtUpOn: number;
  readonly events: number;
  readonly counted: Counted;
  readonly refusals: ReadonlyMap<string, number>;
  readonly deployments: readonly { readonly name: string; readonly drainMs: number; readonly replaceMs: number }[];
};

/** How long the platform may take to have an outcome for all that it accepted. */
const DRAIN_WITHIN_MS = 60_000;

/** How long subscribers may take until all are connected, or have what there is. */
const CATCH_UP_WITHIN_MS = 120_000;

/**
 * Replaces each Worker of a local platform in turn, while sockets are open and events flow, and judges what came of it.
 * Locally a deployment replaces the whole runtime, and its queues are in memory. So producers get 503 until the queues
 * are empty and the runtime is there again, and every socket is closed each time. Then events flow for a while before
 * the first socket is let in again: docs/decisions/0037.
 */
export async function deployUnderLoad(plan: LoadPlan): Promise<LoadFigures> {
  const { say } = plan;
  const folder = await mkdtemp(join(tmpdir(), "concord-under-load-"));
  const versions = new Versions(folder);
  const stack = await startStack({ configOf: versions.configOf });
  /** The first segments of the paths that the edge refuses. */
  const refused = new Set<string>();
  const edge = await startEdge({
    target: () => stack.url,
    intercept: ({ path }) =>
      refused.has(path.split(/[/?]/)[1] ?? "")
        ? { status: 503, headers: { "Retry-After": "1" }, body: "{}" }
        : undefined,
  });
  const devices = Array.from({ length: plan.devices }, (_, i) => `load-${i}`);
  const producers = new Producers(edge.url, devices);
  let subscribers: readonly Subscriber[] = [];
  try {
    const clients = await connect(edge.url);
    await producers.introduce();
    await settled(clients);
    subscribers = await subscribeAll(edge, devices, plan.sockets);
    say(`${subscribers.length} sockets are open, on ${devices.length} devices`);
    producers.start(plan.eventsPerSecond);
    const deployments: LoadFigures["deployments"][number][] = [];
    for (const worker of ROLLOUT) {
      await wait(plan.secondsBetween * 1_000);
      const startedAt = performance.now();
      refused.add("topics");
      await until(() => producers.inRequest === 0, "producers to have their answers");
      await settled(clients);
      const drainedAt = performance.now();
      versions.raise(worker);
      refused.add("live");
      await stack.redeploy(versions.configOf);
      refused.delete("topics");
      const replacedAt = performance.now();
      await versions.running(stack);
      deployments.push({ name: worker.name, drainMs: drainedAt - startedAt, replaceMs: replacedAt - drainedAt });
      say(
        `${worker.name}: drained in ${seconds(drainedAt - startedAt)}, replaced in ${seconds(replacedAt - drainedAt)}`,
      );
      await wait(plan.secondsAway * 1_000);
      refused.delete("live");
      await until(() => subscribers.every(({ isConnected }) => isConnected), "all sockets to be open again");
    }
    await wait(plan.secondsBetween * 1_000);
    await producers.stop();
    const counted = countedOf(await settled(clients));
    await caughtUp(subscribers);
    const shown = await finalDevices(clients, devices);
    const verdict = judge({ accepted: producers.accepted, streams: subscribers, devices: shown, counted });
    const occurred = new Map(producers.accepted.map(({ eventId, occurredAtMs }) => [eventId, occurredAtMs]));
    const isCaughtUpOn = ({ eventId, connectedAtMs }: Received): boolean =>
      (occurred.get(eventId ?? "") ?? Number.POSITIVE_INFINITY) < connectedAtMs;
    const reconnectMs = subscribers.flatMap((subscriber) => subscriber.reconnectMs);
    return {
      ...verdict,
      sockets: subscribers.length,
      reconnects: reconnectMs.length,
      slowestReconnectMs: reconnectMs.reduce((a, b) => Math.max(a, b), 0),
      caughtUpOn: subscribers.flatMap(({ received }) => received.filter(isCaughtUpOn)).length,
      events: producers.accepted.length,
      counted,
      refusals: producers.refusals,
      deployments,
    };
  } finally {
    for (const subscriber of subscribers) subscriber.stop();
    await edge.close();
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function subscribeAll(edge: Edge, devices: readonly string[], sockets: number): Promise<readonly Subscriber[]> {
  const url = new URL("/live", edge.url).href.replace(/^http/, "ws");
  const token = await signToken({ role: "service" }, LOCAL_TOKEN_SECRET, "1h");
  const subscribers = Array.from(
    { length: sockets },
    // Half of them through hubs; a device has some of both.
    (_, i) => {
      const isDirect = Math.floor(i / devices.length) % 2 === 0;
      return new Subscriber(devices[i % devices.length] as string, { url, token, isDirect });
    },
  );
  await until(() => subscribers.every(({ received }) => received.length > 0), "every subscriber to have its snapshot");
  return subscribers;
}

/** Waits until everything that was accepted has an outcome. */
async function settled(clients: Clients): Promise<Outcomes> {
  let outcomes = await clients.outcomes();
  const deadline = Date.now() + DRAIN_WITHIN_MS;
  // Twice, since a count may be on its way.
  for (let calm = 0; calm < 2; ) {
    if (Date.now() > deadline) throw new Error(`${outcomes.inFlight} accepted records have no outcome after a minute.`);
    await wait(100);
    outcomes = await clients.outcomes();
    calm = outcomes.inFlight === 0 ? calm + 1 : 0;
  }
  return outcomes;
}

/** Waits until no subscriber has got anything for two seconds; the oracle says what is missing. */
async function caughtUp(subscribers: readonly Subscriber[]): Promise<void> {
  const count = () => subscribers.reduce((sum, { received }) => sum + received.length, 0);
  const deadline = Date.now() + CATCH_UP_WITHIN_MS;
  for (let before = -1; before !== count() && Date.now() < deadline; ) {
    before = count();
    await wait(2_000);
  }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + CATCH_UP_WITHIN_MS;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`Waited ${CATCH_UP_WITHIN_MS / 1_000} s for ${what}.`);
    await wait(50);
  }
}

const DEVICE = `query Final($key: String!) {
  device(key: $key) { report { indoorTemperatureC } history(first: 100) { edges { node { eventId } } } }
}`;

type Shown = {
  readonly device: {
    readonly report: { readonly indoorTemperatureC: number } | null;
    readonly history: { readonly edges: readonly { readonly node: { readonly eventId: string } }[] };
  } | null;
};

async function finalDevices(clients: Clients, devices: readonly string[]): Promise<FinalDevice[]> {
  const found: FinalDevice[] = [];
  for (const id of devices) {
    const { device } = await clients.query<Shown>(DEVICE, { key: `ecobee:${id}` });
    if (!device) continue;
    const history = device.history.edges.map(({ node }) => node.eventId);
    found.push({ device: id, indoorTemperatureC: device.report?.indoorTemperatureC ?? null, history });
  }
  return found;
}

const countedOf = ({ deadLettered, ...counted }: Outcomes): Counted => ({
  ...counted,
  deadLettered: deadLettered.total,
});

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
