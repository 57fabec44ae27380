import { type Parcel, packParcels, type QueuedRecord } from "#queue/parcel.ts";
import { generate } from "../../../samples/generate.ts";
import { recordOf } from "../../support/records.ts";

const DAY_MS = 86_400_000;

/** Days before today on which records are received. All of them are over. */
export const DAYS = 16;
/** Times of a day at which they are, each in an hour of its own. */
const TIMES_A_DAY = 2;
const DEVICES_OF_A_PERSON = 6;

/** A customer with some devices, of whom every personal text begins with a word that nothing else has. */
export class Person {
  readonly id: string;
  readonly word: string;

  constructor(id: string, word: string) {
    this.id = id;
    this.word = word;
  }

  get devices(): string[] {
    return Array.from({ length: DEVICES_OF_A_PERSON }, (_, i) => `t-${this.id}-${i}`);
  }

  /** What is published of the customer and one of the devices on a day: more than one source topic, and a record that no contract reads. */
  recordsOf(day: number, occurredAt: string): QueuedRecord[] {
    const deviceId = this.devices[day % DEVICES_OF_A_PERSON] as string;
    const place = { deviceId, occurredAt };
    const customer = {
      customerId: this.id,
      name: `${this.word} the ${day}th`,
      email: `${this.word}.${day}@example.com`,
    };
    const broken = JSON.stringify({ deviceId, who: this.id, notes: [`${this.word} was here`] });
    return [
      recordOf({
        ...{ ...place, topic: "device.elt.customer.assigned", eventId: `assigned-${this.id}-${day}` },
        data: { customer },
      }),
      recordOf({
        ...{ ...place, topic: "device.elt.profile.updated", eventId: `profile-${this.id}-${day}` },
        data: { name: `${this.word}'s hall`, location: { country: "CA", city: `${this.word}ville` } },
      }),
      ...(day % 5 === 0 ? [{ ...recordOf({ topic: "device.elt.customer.assigned" }), value: broken }] : []),
    ];
  }
}

/** A fleet's year and what is published of these people, received on days of the past and today, as parcels of the queue. */
export function parcelsOf(people: readonly Person[], nowMs: number): Parcel[] {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const timeOf = (place: number) => {
    const time = Math.floor(place * DAYS * TIMES_A_DAY) / TIMES_A_DAY;
    return today - (DAYS + 1) * DAY_MS + time * DAY_MS;
  };
  const fleet = generate({ seed: 5, devices: 30, events: 480 }).map(({ topic, key, value }, i, all) => ({
    ...{ topic, key, value, receivedAtMs: timeOf(i / all.length) },
  }));
  const theirs = people.flatMap((person) =>
    Array.from({ length: DAYS }, (_, day) => {
      const receivedAtMs = timeOf(day / DAYS);
      const records = person.recordsOf(day, new Date(receivedAtMs - 60_000).toISOString());
      return records.map((record) => ({ ...record, receivedAtMs }));
    }).flat(),
  );
  const ofToday = people.flatMap((person) =>
    person
      .recordsOf(DAYS, new Date(nowMs - 60_000).toISOString())
      .map((record) => ({ ...record, receivedAtMs: nowMs })),
  );
  const byTime = Map.groupBy([...fleet, ...theirs, ...ofToday], ({ receivedAtMs }) => receivedAtMs);
  return [...byTime.values()].flatMap((records) => packParcels(records));
}
