import { brief, type FrontDoor } from "./front-door.ts";
import { SmokeProblem } from "./problem.ts";

/**
 * The one device of all smoke tests. It has no dealer and no customer, so no dealer sees it and no feed announces it.
 * After a test it is a removed device: one row in D1, and one object.
 */
export const DEVICE_ID = "concord-smoke";
export const DEVICE_KEY = `elt:${DEVICE_ID}`;

export const CREATED = "device.elt.registration.created";
const REMOVED = "device.elt.registration.removed";

/** An event of this smoke test. */
export type SmokeEvent = {
  readonly eventId: string;
  readonly occurredAt: string;
  readonly serialNumber: string | null;
};

/** The device as GraphQL shows it. */
type Shown = { readonly status: string; readonly serialNumber: string | null; readonly updatedAt: string };

/** The events of one run: unlike those of any other, and each newer than the one before. */
export class SmokeEvents {
  readonly #run: string;
  #count = 0;
  #lastMs: number;

  /** @param newestMs the time of the newest event of earlier runs, whose machine's clock may have been ahead of ours */
  constructor(run: string, newestMs: number) {
    this.#run = run;
    this.#lastMs = newestMs;
  }

  next(): SmokeEvent {
    this.#lastMs = Math.max(Date.now(), this.#lastMs + 1);
    const eventId = `smoke-${this.#run}-${++this.#count}`;
    return { eventId, occurredAt: new Date(this.#lastMs).toISOString(), serialNumber: eventId };
  }
}

const envelope = ({ eventId, occurredAt }: SmokeEvent, data: object) => ({
  eventId,
  occurredAt,
  deviceId: DEVICE_ID,
  data,
});

/** The value of a registration; `further` members may break its contract. */
export const registration = (event: SmokeEvent, further: object = {}): object =>
  envelope(event, {
    model: "smoke test",
    serialNumber: event.serialNumber,
    registeredAt: event.occurredAt,
    ...further,
  });

export const register = (door: FrontDoor, event: SmokeEvent) => publishGood(door, CREATED, registration(event));

export const remove = (door: FrontDoor, event: SmokeEvent) =>
  publishGood(door, REMOVED, envelope(event, { reason: "the smoke test is over" }));

async function publishGood(door: FrontDoor, topic: string, value: object): Promise<void> {
  const { status, body, entry } = await door.publish(topic, value);
  if (status === 200 && entry?.error_code === null) return;
  const credential = door.target.credential.split(":")[0];
  const cause =
    status === 401 || status === 403
      ? `Look at INGEST_CREDENTIALS: whether it has "${credential}", and lets it write ${topic}`
      : "Look at the ingest Worker's log and at /ingest/readyz";
  throw new SmokeProblem(
    `POST /topics/${topic} sent one good record of ${DEVICE_KEY} and was answered ${status} ${brief(entry ?? body)}. ${cause}. The record was not accepted.`,
  );
}

const QUERY = "query Smoke($key: String!) { device(key: $key) { status serialNumber updatedAt } }";

export async function findDevice(door: FrontDoor): Promise<Shown | null> {
  return (await door.graphql<{ device: Shown | null }>(QUERY, { key: DEVICE_KEY })).device;
}

/** Waits until GraphQL shows an event's effect, or that of a newer one, of another smoke test that runs now. */
export async function seeInGraphql(door: FrontDoor, event: SmokeEvent, what: string): Promise<void> {
  let last: Shown | null = null;
  const seen = await door.eventually(async () => {
    last = await findDevice(door);
    return last && shows(last, event) ? last : undefined;
  });
  if (seen) return;
  throw new SmokeProblem(
    `GraphQL did not show ${what} of ${DEVICE_KEY} ${door.within}: ${brief(last)} in place of serialNumber ${event.serialNumber}, updatedAt ${event.occurredAt}. ` +
      "It was accepted, so it waits in the queue or became a dead letter. Look at the consumer: the ingest Worker's log, the queue's backlog and the letters of the device.",
  );
}

function shows(device: Shown, { occurredAt, serialNumber }: SmokeEvent): boolean {
  const [found, wanted] = [Date.parse(device.updatedAt), Date.parse(occurredAt)];
  if (found !== wanted) return found > wanted;
  return device.serialNumber === serialNumber && device.status === (serialNumber === null ? "RETIRED" : "REGISTERED");
}
