import { performance } from "node:perf_hooks";
import type { Client } from "graphql-ws";
import { connect } from "../local/clients.ts";
import { createLiveClient, LiveSubscription } from "../local/live-client.ts";
import { percentile } from "../local/screen.ts";
import { startStack } from "../local/stack.ts";
import { sleep, until } from "./measure.ts";

export type LiveLoad = {
  readonly devices: number;
  readonly socketsADevice: number;
  /** Each is an event of every device. */
  readonly rounds: number;
  /**
   * The time between the beginnings of two rounds: the local queue runs one consumer, and a backlog would measure only
   * that.
   */
  readonly paceMs: number;
};

export type LiveFigures = {
  readonly sockets: number;
  readonly devices: number;
  readonly events: number;
  /** What all sockets together received. */
  readonly told: number;
  /** Revisions that a socket did not receive, or received twice. */
  readonly missed: number;
  readonly repeated: number;
  /** Milliseconds from the beginning of the POST with an event until a socket received it. */
  readonly pushMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Milliseconds until that POST was answered, which is as soon as the queue had the event. */
  readonly postMs: { readonly p50: number; readonly p99: number };
};

const TOPIC = "device.elt.status.reported";
const CHANGED = `subscription ($key: String!) {
  deviceChanged(key: $key) { kind revision event { data } device { status report { indoorTemperatureC } } }
}`;

/** Sockets of real clients on real objects, with updates flowing. */
export async function benchLive(load: LiveLoad, say: (line: string) => void): Promise<LiveFigures> {
  const stack = await startStack();
  const clients: Client[] = [];
  try {
    const kafka = await connect(stack.url);
    const names = Array.from({ length: load.devices }, (_, i) => `bench-${i}`);
    const beganAt: number[] = [];
    const posts: number[] = [];
    const push = async (round: number) => {
      beganAt[round] = performance.now();
      const records = names.map((deviceId) => ({ topic: TOPIC, key: deviceId, value: recordValue(deviceId, round) }));
      await kafka.push(TOPIC, records);
      posts.push(performance.now() - (beganAt[round] ?? 0));
    };
    await push(0);
    say(`${names.length} devices are there; opening ${load.devices * load.socketsADevice} sockets`);
    const pushes: number[] = [];
    const listeners: LiveSubscription[] = [];
    for (const name of names) {
      for (let i = 0; i < load.socketsADevice; i++) {
        const client = createLiveClient(stack.url, { target: { device: `elt:${name}` }, retryAttempts: 20 });
        clients.push(client);
        const listening: LiveSubscription = new LiveSubscription(client, CHANGED, { key: `elt:${name}` }, () => {
          const { kind, event } = listening.items.at(-1) ?? {};
          if (kind === "EVENT") pushes.push(performance.now() - (beganAt[event.data.indoorTemperatureC] ?? 0));
        });
        listeners.push(listening);
      }
      await until(() => listeners.every(({ items }) => items.length > 0), "the sockets");
    }
    say(`${listeners.length} sockets are told; ${load.rounds} rounds of ${names.length} events begin`);
    for (let round = 1; round <= load.rounds; round++) {
      const began = performance.now();
      await push(round);
      await sleep(Math.max(0, load.paceMs - (performance.now() - began)));
      if (round % 10 === 0) say(`round ${round} of ${load.rounds}: ${pushes.length} pushes`);
    }
    await until(() => listeners.every(({ items }) => items.length > load.rounds), "the last push").catch(
      () => undefined,
    );
    const told = listeners.map(({ items }) => items.map(({ revision }) => revision as number));
    return {
      sockets: listeners.length,
      devices: names.length,
      events: load.rounds * names.length,
      told: pushes.length,
      missed: sum(told.map((revisions) => load.rounds + 1 - new Set(revisions).size)),
      repeated: sum(told.map((revisions) => revisions.length - new Set(revisions).size)),
      pushMs: { p50: percentile(pushes, 0.5), p99: percentile(pushes, 0.99), max: percentile(pushes, 1) },
      postMs: { p50: percentile(posts, 0.5), p99: percentile(posts, 0.99) },
    };
  } finally {
    await Promise.all(clients.map((client) => client.dispose()));
    await stack.stop();
  }
}

/** The temperature is the round's number, so that a subscriber can tell when its round began. */
const recordValue = (deviceId: string, round: number): string =>
  JSON.stringify({
    eventId: `${deviceId}-${round}`,
    occurredAt: new Date(Date.now() - 1_000).toISOString(),
    deviceId,
    data: { online: true, indoorTemperatureC: round },
  });

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
