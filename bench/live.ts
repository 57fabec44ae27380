import { performance } from "node:perf_hooks";
import { connect } from "../local/clients.ts";
import { percentile } from "../local/screen.ts";
import { startStack } from "../local/stack.ts";
import { openScreen, type Screen, type Through } from "./live-screen.ts";
import { sleep, until } from "./measure.ts";

/** Screens that subscribe to the same devices. */
export type LiveShape = {
  readonly screens: number;
  /** Devices in all, each with an event in each round. */
  readonly devices: number;
  /** Devices of a screen. Screens with fewer than all take turns. */
  readonly devicesAScreen: number;
  readonly through: Through;
  /** An office has one address, and so one hub; screens of different places have an address each, and up to sixteen hubs. */
  readonly addresses: "one" | "one a screen";
  /** A round is one request with an event of every device, or a request for each event. */
  readonly events: "together" | "apart";
};

export type LiveLoad = {
  /** With one subscription each, in the shapes of single subscriptions. */
  readonly sockets: number;
  /** With a subscription for each device, in the others. */
  readonly screens: number;
  readonly devices: number;
  readonly rounds: number;
  /**
   * The time between the beginnings of two rounds: the local queue runs one consumer, and a backlog would measure only
   * that.
   */
  readonly paceMs: number;
};

export type LiveRun = {
  readonly sockets: number;
  readonly subscriptions: number;
  readonly devices: number;
  readonly events: number;
  /** What all subscriptions together received. */
  readonly told: number;
  /** Revisions that a subscription did not receive, or received twice. */
  readonly missed: number;
  readonly repeated: number;
  /** Milliseconds from the beginning of the POST with an event until a socket received it. */
  readonly pushMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Milliseconds until that POST was answered, which is as soon as the queue had the event. */
  readonly postMs: { readonly p50: number; readonly p99: number };
  /** What Cloudflare bills as requests of objects: sockets, calls, and messages of clients at twenty to one. */
  readonly objectRequests: {
    /** Until every subscription had its first item. */
    readonly opening: number;
    /** From there until every event was delivered: merges into devices, and calls of hubs. */
    readonly events: number;
  };
};

/** Subscriptions each on a socket of its own, and screens with one for each device, through objects and through hubs. */
const shapesOf = ({ sockets, screens, devices }: LiveLoad) => {
  const own = { screens: sockets, devices, devicesAScreen: 1, addresses: "one a screen", events: "together" } as const;
  const all = { screens, devices, devicesAScreen: devices, addresses: "one a screen", events: "together" } as const;
  const apart = { ...all, screens: 1, events: "apart" } as const;
  return {
    sockets: { ...own, through: "objects" },
    socketsAtHubs: { ...own, through: "hub" },
    manySockets: { ...all, through: "objects" },
    oneSocket: { ...all, through: "hub", addresses: "one" },
    oneSocketAtHubs: { ...all, through: "hub" },
    oneScreenOfSockets: { ...apart, through: "objects" },
    oneScreen: { ...apart, through: "hub" },
  } as const satisfies Readonly<Record<string, LiveShape>>;
};

export type LiveFigures = Readonly<Record<keyof ReturnType<typeof shapesOf>, LiveRun>>;

/** Sockets of real clients, with updates flowing; each shape on a platform of its own. */
export async function benchLive(load: LiveLoad, say: (line: string) => void): Promise<LiveFigures> {
  const shapes = shapesOf(load);
  const figures = {} as Record<keyof LiveFigures, LiveRun>;
  for (const name of Object.keys(shapes) as (keyof LiveFigures)[]) {
    figures[name] = await runShape(shapes[name], load, say);
  }
  return figures;
}

const TOPIC = "device.elt.status.reported";

async function runShape(shape: LiveShape, load: LiveLoad, say: (line: string) => void): Promise<LiveRun> {
  const { screens: count, devices, devicesAScreen, through, addresses } = shape;
  const stack = await startStack();
  const screens: Screen[] = [];
  try {
    const kafka = await connect(stack.url);
    const names = Array.from({ length: devices }, (_, i) => `bench-${i}`);
    const beganAt = new Map<string, number>();
    const posts: number[] = [];
    const post = async (round: number, group: readonly string[]) => {
      const at = performance.now();
      for (const name of group) beganAt.set(`${name} ${round}`, at);
      await kafka.push(
        TOPIC,
        group.map((name) => ({ topic: TOPIC, key: name, value: recordValue(name, round) })),
      );
      posts.push(performance.now() - at);
    };
    await post(0, names);
    const requests = () => countRequests(stack.url, kafka.authorization, screens);
    await until(async () => (await kafka.outcomes()).inFlight === 0, "the devices");
    const before = await requests();
    say(`${count} screens of ${devicesAScreen} devices open their sockets, through ${through}`);
    const pushes: number[] = [];
    const onEvent = (name: string, round: number) => {
      pushes.push(performance.now() - (beganAt.get(`${name} ${round}`) ?? 0));
    };
    for (let i = 0; i < count; i++) {
      const own = Array.from({ length: devicesAScreen }, (_, j) => names[(i * devicesAScreen + j) % devices] as string);
      screens.push(
        openScreen(stack.url, { devices: own, through, address: addressOf(addresses === "one" ? 0 : i), onEvent }),
      );
      if (i % 25 === 24 || i === count - 1) {
        await until(() => screens.every((screen) => screen.isOpen()), "the sockets");
      }
    }
    await sleep(COUNTED_AFTER_MS);
    const opened = await requests();
    const subscriptions = screens.flatMap(({ revisions }) => [...revisions.values()]);
    say(`${subscriptions.length} subscriptions are open; ${load.rounds} rounds of ${devices} events begin`);
    for (let round = 1; round <= load.rounds; round++) {
      const began = performance.now();
      if (shape.events === "together") await post(round, names);
      else for (const name of names) await post(round, [name]);
      await sleep(Math.max(0, load.paceMs - (performance.now() - began)));
      if (round % 10 === 0) say(`round ${round} of ${load.rounds}: ${pushes.length} pushes`);
    }
    await until(() => subscriptions.every((each) => each.length > load.rounds), "the last push").catch(() => undefined);
    await sleep(COUNTED_AFTER_MS);
    const after = await requests();
    return {
      sockets: sum(screens.map(({ sockets }) => sockets())),
      subscriptions: subscriptions.length,
      devices,
      events: load.rounds * devices,
      told: pushes.length,
      missed: sum(subscriptions.map((revisions) => load.rounds + 1 - new Set(revisions).size)),
      repeated: sum(subscriptions.map((revisions) => revisions.length - new Set(revisions).size)),
      pushMs: { p50: percentile(pushes, 0.5), p99: percentile(pushes, 0.99), max: percentile(pushes, 1) },
      postMs: { p50: percentile(posts, 0.5), p99: percentile(posts, 0.99) },
      objectRequests: { opening: opened - before, events: after - opened },
    };
  } finally {
    await Promise.all(screens.map((screen) => screen.close()));
    await stack.stop();
  }
}

const addressOf = (number: number): string => `10.0.${number >> 8}.${number & 255}`;

/** Counters trail what they count. */
const COUNTED_AFTER_MS = 3_000;

/** Calls by the consumer, calls by hubs, sockets, and what clients have sent. Metrics objects are left out. */
const CALLS = ["concord_object_calls_total", "concord_hub_calls_total", "concord_live_sockets_opened_total"];
const MESSAGES_A_REQUEST = 20;

async function countRequests(url: URL, authorization: string, screens: readonly Screen[]): Promise<number> {
  const response = await fetch(new URL("/ops/metrics", url), { headers: { Authorization: authorization } });
  if (!response.ok) throw new Error(`GET /ops/metrics: ${response.status}`);
  const lines = (await response.text()).split("\n");
  const calls = CALLS.map((name) =>
    sum(lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`)).map(countIn)),
  );
  return sum(calls) + sum(screens.map(({ sent }) => sent())) / MESSAGES_A_REQUEST;
}

const countIn = (line: string): number => Number(line.split(" ").at(-1));

/** The temperature is the round's number, so that a subscriber can tell when its round began. */
const recordValue = (deviceId: string, round: number): string =>
  JSON.stringify({
    eventId: `${deviceId}-${round}`,
    occurredAt: new Date(Date.now() - 1_000).toISOString(),
    deviceId,
    data: { online: true, indoorTemperatureC: round },
  });

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
