import type { Scope } from "#auth/scope.ts";
import type { Clients } from "./clients.ts";
import { createLiveClient, LiveSubscription, type LiveTarget } from "./live-client.ts";

export type Shown = {
  readonly screen: string;
  /** What it received. */
  readonly kind: string;
  /** Milliseconds from the beginning of the push. */
  readonly afterMs: number;
};

export type Dealer = { readonly dealerId: string; readonly name: string };

export type Move = {
  /** `{source}:{deviceId}` of a device that the first dealer has. */
  readonly key: string;
  readonly from: Dealer;
  readonly to: Dealer;
};

const DEVICE = "subscription ($key: String!) { deviceChanged(key: $key) { kind } }";
const FEED = "subscription ($dealerId: String!) { dealerFeed(dealerId: $dealerId) { kind } }";

/**
 * Assigns a device to another dealer while both dealers are subscribed. @throws Error if a subscriber receives nothing
 */
export async function reassign(url: URL, kafka: Clients, { key, from, to }: Move): Promise<Shown[]> {
  const before: Scope = { role: "dealer", dealerIds: [from.dealerId] };
  const after: Scope = { role: "dealer", dealerIds: [to.dealerId] };
  const screens = [
    open(url, { screen: "the old dealer's page of the device", target: { device: key }, scope: before }),
    open(url, { screen: "the old dealer's feed", target: { dealer: from.dealerId }, scope: before }),
    open(url, { screen: "the new dealer's feed", target: { dealer: to.dealerId }, scope: after }),
  ];
  try {
    await until(() => screens.every(({ listening }) => listening.items.length === 1));
    const began = performance.now();
    const shown = Promise.all(screens.map((screen) => screen.next(began)));
    await assign(kafka, { key, dealer: to, atMs: Date.now() });
    return await shown;
  } finally {
    await Promise.all(screens.map(({ client }) => client.dispose()));
  }
}

function open(url: URL, { screen, target, scope }: { screen: string; target: LiveTarget; scope: Scope }) {
  const client = createLiveClient(url, { target, scope, retryAttempts: 20 });
  const heard = () => listening.items.at(-1)?.kind as string;
  let onNext = () => {};
  const query = "device" in target ? DEVICE : FEED;
  const variables = "device" in target ? { key: target.device } : { dealerId: target.dealer };
  const listening: LiveSubscription = new LiveSubscription(client, query, variables, () => onNext());
  const next = (began: number) =>
    new Promise<Shown>((resolve, reject) => {
      onNext = () => resolve({ screen, kind: heard(), afterMs: performance.now() - began });
      setTimeout(() => reject(new Error(`${screen} showed nothing within 20 s`)), 20_000).unref();
    });
  return { client, listening, next };
}

type Assignment = { readonly key: string; readonly dealer: Dealer; readonly atMs: number };

/** Publishes that a dealer has a device from that time on. @throws Error if the event is dead-lettered */
export async function assign(kafka: Clients, { key, dealer, atMs }: Assignment): Promise<void> {
  const [source = "", deviceId = ""] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
  const topic = `device.${source}.dealer.${source === "infinity" ? "setup" : "assigned"}`;
  const value = { eventId: `assigned-${atMs}`, occurredAt: new Date(atMs).toISOString(), deviceId, data: { dealer } };
  const { deadLettered } = await kafka.push(topic, [{ topic, key: deviceId, value: JSON.stringify(value) }]);
  if (deadLettered > 0) throw new Error(`${key}: the assignment to ${dealer.name} was dead-lettered`);
}

/** Waits until GraphQL shows a device. @throws Error after 20 seconds */
export const isShown = (kafka: Clients, key: string): Promise<void> =>
  until(async () => {
    const document = "query ($key: String!) { device(key: $key) { key } }";
    return (await kafka.query<{ device: object | null }>(document, { key })).device !== null;
  });

/** @throws Error after 20 seconds */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error("the device or the screens did not appear within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
