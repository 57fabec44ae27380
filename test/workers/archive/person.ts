import { runInDurableObject } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import { encodeLines } from "#archive/lines.ts";
import { rawKeyOf } from "#archive/names.ts";
import { type ArchivedRecord, toArchived } from "#archive/record.ts";
import type { DeviceKey } from "#domain/event.ts";
import { deviceKeyOf } from "#domain/event.ts";
import type { Outcome } from "#domain/outcome.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import type { DeviceSink } from "#objects/requests.ts";
import { parseStamped } from "#queue/contract-version.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import type { Env } from "../../../workers/archive/env.ts";
import { compactDay, DAY_BEGINS, type DayPlace } from "../../../workers/archive/files/compact-day.ts";
import { SERIES_BEGIN, type SeriesPlace, seriesOfDay } from "../../../workers/archive/series/series-of-day.ts";
import { recordOf } from "../../support/records.ts";

export const env = testEnv as unknown as Env & { readonly ARCHIVE: R2Bucket };

/** Every personal text begins with this word, and each names the place where it was planted. */
export const CANARY = "Zaphod";

let numbered = 0;

/** A customer of a source, the records that its sources publish about it, and where they are planted. */
export class Person {
  readonly id = `C-${++numbered}-${crypto.randomUUID().slice(0, 6)}`;
  readonly device = `t-${this.id}`;
  /** A device that it has no more. */
  readonly former = `former-${this.id}`;
  readonly key: DeviceKey = deviceKeyOf("elt", this.device);
  readonly formerKey: DeviceKey = deviceKeyOf("elt", this.former);

  assigned(where: string, more: { readonly deviceId?: string; readonly day?: number } = {}): QueuedRecord {
    const { deviceId = this.device, day = 1 } = more;
    return recordOf({
      topic: "device.elt.customer.assigned",
      eventId: `assigned-${where}-${this.id}`,
      deviceId,
      occurredAt: at(day),
      data: {
        customer: {
          customerId: this.id,
          name: `${CANARY} ${where}`,
          email: `${CANARY}.${where}@example.com`,
          phone: `${CANARY}-${where}`,
        },
      },
    });
  }

  profile(where: string, more: { readonly deviceId?: string; readonly day?: number } = {}): QueuedRecord {
    const { deviceId = this.device, day = 2 } = more;
    return recordOf({
      topic: "device.elt.profile.updated",
      eventId: `profile-${where}-${this.id}`,
      deviceId,
      occurredAt: at(day),
      data: { name: `${CANARY} ${where}`, location: { country: "CA", city: `${CANARY}ville ${where}` } },
    });
  }

  registered(where: string, more: { readonly deviceId?: string; readonly day?: number } = {}): QueuedRecord {
    const { deviceId = this.device, day = 1 } = more;
    return recordOf({
      topic: "device.elt.registration.created",
      eventId: `registered-${where}-${this.id}`,
      deviceId,
      occurredAt: at(day),
      data: {
        model: "M-1",
        serialNumber: `S-${deviceId}`,
        registeredAt: at(day),
        customer: { customerId: this.id, name: `${CANARY} ${where}` },
        location: { country: "CA", postalCode: `${CANARY}`.slice(0, 16), latitude: 45.4217 },
      },
    });
  }

  /** A record of the customer that its contract refuses. */
  broken(where: string, topic = "device.elt.customer.assigned"): QueuedRecord {
    const value = JSON.stringify({ deviceId: this.device, who: this.id, notes: [`${CANARY} ${where}`] });
    return { ...recordOf({ topic }), key: `${CANARY} key`, value };
  }

  report(more: { readonly deviceId?: string; readonly day?: number } = {}): QueuedRecord {
    const { deviceId = this.device, day = 4 } = more;
    return recordOf({
      topic: "device.elt.status.reported",
      eventId: `report-${day}-${this.id}`,
      deviceId,
      occurredAt: at(day),
      data: { online: true, indoorTemperatureC: 21 },
    });
  }
}

const at = (day: number): string => new Date(Date.UTC(2026, 10, day, 12)).toISOString();

export const eventIn = (record: QueuedRecord) => {
  const parsed = parseStamped(record, Date.now());
  if (!parsed.ok) throw new Error(`the test's own record is bad: ${JSON.stringify(parsed.rejection)}`);
  return parsed.event;
};

/** Into D1 and the object, as the consumer does. */
export async function consume(records: readonly QueuedRecord[]): Promise<void> {
  const { events } = await new FleetRepository(env.DB).merge(records.map(eventIn));
  for (const event of events)
    await (env.DEVICES.getByName(event.deviceKey) as unknown as DeviceSink).merge([event], null);
}

let receipts = 0;

/** As the consumer has settled them. */
export const archived = (records: readonly QueuedRecord[], outcome: Outcome = "applied"): ArchivedRecord[] =>
  records.map((record) => {
    const parsed = parseStamped(record, Date.now());
    const settled = {
      event: parsed.ok ? parsed.event : null,
      settledAtMs: record.receivedAtMs + 5,
      lane: "live",
    } as const;
    return toArchived(
      { ...record, receipt: `p.${++receipts}` },
      { ...settled, outcome: parsed.ok ? outcome : "deadLettered" },
    );
  });

export async function putRaw(records: readonly ArchivedRecord[]): Promise<string> {
  const key = await rawKeyOf(records);
  await env.ARCHIVE.put(key, await encodeLines(records));
  return key;
}

/** The same records, received on another day. */
export const receivedOn = (day: string, records: readonly QueuedRecord[]): QueuedRecord[] =>
  records.map((record) => ({ ...record, receivedAtMs: Date.parse(`${day}T12:30:00Z`) }));

/** Makes day files and series of everything raw. */
export async function compactAll(bucket: R2Bucket, day: string): Promise<void> {
  const nowMs = Date.now();
  for (let place: DayPlace | null = DAY_BEGINS; place !== null; )
    ({ place } = await compactDay({ bucket, nowMs, isKept: () => true }, day, place));
  for (let place: SeriesPlace | null = SERIES_BEGIN; place !== null; )
    place = await seriesOfDay({ bucket, nowMs }, day, place);
}

export const letters = new DeadLetterRepository(env.DB);

export const park = (id: string, record: QueuedRecord) =>
  letters.park([
    {
      id,
      record,
      stage: "consume",
      failure: { reason: "fault", error: { name: "Error", message: `near "${CANARY} error"` } },
      failedAtMs: Date.UTC(2026, 10, 20),
      workerVersion: "test",
    },
  ]);

/** All that the objects of devices store, as text. */
export const objectText = (key: DeviceKey): Promise<string> =>
  runInDurableObject(env.DEVICES.getByName(key), (_, { storage }) => JSON.stringify([...storage.kv.list<unknown>()]));
