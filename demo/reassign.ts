import type { Clients } from "../local/clients.ts";
import { clientOf, Listening, type Place } from "../local/live-client.ts";
import type { Scope } from "../src/shared/auth/scope.ts";

export type Shown = {
  readonly screen: string;
  /** What it was told. */
  readonly kind: string;
  /** Milliseconds from the beginning of the push. */
  readonly afterMs: number;
};

const KEY = "elt:demo-reassigned";
const TOPIC = "device.elt.dealer.assigned";

const DEVICE = "subscription ($key: String!) { deviceChanged(key: $key) { kind } }";
const FEED = "subscription ($dealerId: String!) { dealerFeed(dealerId: $dealerId) { kind } }";

/** Lets a device change hands while both dealers look at their screens. @throws Error when a screen shows nothing */
export async function reassign(url: URL, kafka: Clients): Promise<Shown[]> {
  await assign(kafka, "D-north", 1);
  await until(() => isKnown(kafka));
  const north: Scope = { role: "dealer", dealerIds: ["D-north"] };
  const south: Scope = { role: "dealer", dealerIds: ["D-south"] };
  const screens = [
    open(url, { screen: "the old dealer's page of the device", place: { device: KEY }, scope: north }),
    open(url, { screen: "the old dealer's feed", place: { dealer: "D-north" }, scope: north }),
    open(url, { screen: "the new dealer's feed", place: { dealer: "D-south" }, scope: south }),
  ];
  try {
    await until(() => screens.every(({ listening }) => listening.items.length === 1));
    const began = performance.now();
    const shown = Promise.all(screens.map((screen) => screen.next(began)));
    await assign(kafka, "D-south", 2);
    return await shown;
  } finally {
    await Promise.all(screens.map(({ client }) => client.dispose()));
  }
}

function open(url: URL, { screen, place, scope }: { screen: string; place: Place; scope: Scope }) {
  const client = clientOf(url, { place, scope, retryAttempts: 20 });
  const heard = () => listening.items.at(-1)?.kind as string;
  let onNext = () => {};
  const query = "device" in place ? DEVICE : FEED;
  const variables = "device" in place ? { key: place.device } : { dealerId: place.dealer };
  const listening: Listening = new Listening(client, query, variables, () => onNext());
  const next = (began: number) =>
    new Promise<Shown>((resolve, reject) => {
      onNext = () => resolve({ screen, kind: heard(), afterMs: performance.now() - began });
      setTimeout(() => reject(new Error(`${screen} showed nothing within 20 s`)), 20_000).unref();
    });
  return { client, listening, next };
}

const assign = (kafka: Clients, dealerId: string, minute: number) => {
  const occurredAt = new Date(Date.now() - (10 - minute) * 60_000).toISOString();
  const deviceId = KEY.slice("elt:".length);
  const value = { eventId: `assigned-${minute}`, occurredAt, deviceId, data: { dealer: { dealerId, name: dealerId } } };
  return kafka.push(TOPIC, [{ topic: TOPIC, key: deviceId, value: JSON.stringify(value) }]);
};

async function isKnown(kafka: Clients): Promise<boolean> {
  const { device } = await kafka.query<{ device: object | null }>(
    "query ($key: String!) { device(key: $key) { key } }",
    {
      key: KEY,
    },
  );
  return device !== null;
}

/** @throws Error after 20 seconds */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error("the device or the screens did not appear within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
