import { Buffer } from "node:buffer";
import type { ExactLetter } from "../../local/clients.ts";
import { generate } from "../../samples/generate.ts";
import type { SampleRecord } from "../../samples/record.ts";
import type { Outgoing, Placed } from "./cluster.ts";

export type Fleet = {
  /** The records of the samples, from which devices are folded. */
  readonly samples: readonly SampleRecord[];
  /** Those as they are published, and others that are beside the samples. */
  readonly records: readonly Outgoing[];
  /** Of each device that a tombstone removes: its key in Concord. */
  readonly removed: readonly string[];
  /** How many records become dead letters. */
  readonly dead: number;
};

const REMOVED = 6;
const UNREADABLE = 4;
const OVERSIZED = 2;
const REGISTRATION = "device.elt.registration.created";

/**
 * A year of the sample fleet with headers and timestamps; registrations whose devices are removed by a tombstone; values
 * that are not UTF-8; and values that are larger than the boundary keeps.
 */
export function fleetRecords(seed: number, events: number): Fleet {
  const samples = generate({ seed, devices: 400, events });
  const records = samples.map((sample, index) => outgoing(sample.topic, sample.key, sample.value, index));
  const removed: string[] = [];
  for (let i = 0; i < REMOVED; i++) {
    const deviceId = `removed-${seed}-${i}`;
    removed.push(`elt:${deviceId}`);
    const at = Math.floor((records.length * (i + 1)) / (REMOVED + 2));
    // A tombstone happens at its record's time, which is after the registration's.
    const tombstone = { ...outgoing(REGISTRATION, deviceId, null, at), timestampMs: Date.UTC(2026, 5, 1) };
    records.splice(at, 0, registrationOf(deviceId), tombstone);
  }
  for (let i = 0; i < UNREADABLE; i++) {
    const value = Buffer.concat([Buffer.from([0xff, 0xc3, 0x28]), Buffer.from(`unreadable ${seed} ${i}`)]);
    const record = { ...outgoing("device.ecobee.status.reported", `unreadable-${i}`, "", i), value };
    records.splice(Math.floor((records.length * (i + 1)) / (UNREADABLE + 1)), 0, record);
  }
  for (let i = 0; i < OVERSIZED; i++) {
    const value = JSON.stringify({ eventId: `oversized-${seed}-${i}`, padding: "x".repeat(600 * 1024) });
    records.splice(Math.floor(records.length / 3) * (i + 1), 0, outgoing(REGISTRATION, `oversized-${i}`, value, i));
  }
  const dead = samples.filter(({ fault }) => fault).length + UNREADABLE + OVERSIZED;
  return { samples, records, removed, dead };
}

/** A registration that its contract accepts. */
export function registrationOf(deviceId: string, topic = REGISTRATION): Outgoing {
  const occurredAt = "2026-02-03T04:05:06.000Z";
  const data = { model: "P-1", serialNumber: `SN-${deviceId}`, registeredAt: occurredAt };
  const value = JSON.stringify({ eventId: `registered-${deviceId}`, occurredAt, deviceId, data });
  return outgoing(topic, deviceId, value, 0);
}

function outgoing(topic: string, key: string, value: string | null, index: number): Outgoing {
  return {
    topic,
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: [
      ["trace", Buffer.from(`t-${index}`)],
      // One name twice, and in this order.
      ["hop", Buffer.from("first")],
      ["hop", Buffer.from("second")],
    ],
    timestampMs: Date.UTC(2026, 0, 1) + index,
  };
}

/** What is wrong with letters of records that were published: one is missing, strange, or not as it was. */
export function letterViolations(
  published: readonly Placed[],
  letters: readonly ExactLetter[],
  dead: number,
): string[] {
  const violations: string[] = [];
  const byPlace = new Map(published.map((record) => [placeOf(record), record]));
  for (const letter of letters) {
    const record = byPlace.get(placeOf(letter));
    if (!record) {
      violations.push(`a letter (${letter.reason}) of ${placeOf(letter)}, where nothing was published`);
      continue;
    }
    if (letter.key !== (record.key?.toString() ?? null))
      violations.push(`${placeOf(letter)}: its key is ${letter.key}`);
    if (letter.timestampMs !== record.timestampMs)
      violations.push(`${placeOf(letter)}: its timestamp is ${letter.timestampMs}, not ${record.timestampMs}`);
    const headers = (record.headers ?? []).map(([name, value]) => [name, value.toString("base64")]);
    if (JSON.stringify(letter.headers) !== JSON.stringify(headers))
      violations.push(`${placeOf(letter)}: its headers are ${JSON.stringify(letter.headers)}`);
    const payload = letter.payload === null ? null : Buffer.from(letter.payload, encodingOf(letter));
    const isWhole = letter.reason === "too_large" || equals(payload, record.value);
    if (!isWhole) violations.push(`${placeOf(letter)}: its payload is ${letter.payload?.slice(0, 80)}`);
  }
  if (letters.length !== dead) violations.push(`${dead} records are bad, and there are ${letters.length} letters`);
  return violations;
}

const encodingOf = ({ payloadEncoding }: ExactLetter) => (payloadEncoding === "base64" ? "base64" : "utf8");

const equals = (a: Buffer | null, b: Buffer | null): boolean => (a && b ? a.equals(b) : a === b);

const placeOf = ({ topic, partition, offset }: Pick<ExactLetter, "topic" | "partition" | "offset">): string =>
  `${topic}-${partition} offset ${offset}`;
