import { Buffer } from "node:buffer";

/** A record as Kafka has it. A peer that reads lines sends the value only. */
export type PeerRecord = { readonly key: string; readonly value: Buffer | null };

/** What becomes of records: so many are merged, and so many are dead letters for this reason. */
export type Outcome = { readonly merged: number; readonly letters: Readonly<Record<string, number>> };

export type Kind =
  | "good"
  | "schema mismatch"
  | "no JSON"
  | "no UTF-8"
  | "empty"
  | "over 512 KiB"
  | "pretty-printed"
  | "tombstone"
  | "100 of 50 KB";

const merged = (count: number): Outcome => ({ merged: count, letters: {} });
export const letters = (reason: string, count = 1): Outcome => ({ merged: 0, letters: { [reason]: count } });

/** The records of one peer, all of one device, and what becomes of them where the peer carries each as it is. */
export function recordsOf(deviceId: string) {
  let hour = 0;
  const event = (members: object = {}, data: object = {}) => {
    hour += 1;
    const occurredAt = new Date(Date.UTC(2026, 9, 1, hour)).toISOString();
    const created = { model: "P-1", serialNumber: `SN-${hour}`, registeredAt: occurredAt, ...data };
    return { eventId: `${deviceId}-${hour}`, occurredAt, deviceId, data: created, ...members };
  };
  const record = (value: Buffer | string | null): PeerRecord => ({
    key: deviceId,
    value: typeof value === "string" ? Buffer.from(value) : value,
  });
  const good = () => record(JSON.stringify(event()));
  const padded = (bytes: number) => record(JSON.stringify(event({ padding: "x".repeat(bytes) })));
  const pretty = JSON.stringify(event(), null, 2);

  const kinds: Readonly<Record<Kind, { readonly records: readonly PeerRecord[]; readonly outcome: Outcome }>> = {
    good: { records: [good(), good()], outcome: merged(2) },
    "schema mismatch": {
      records: [record(JSON.stringify(event({}, { model: 7 })))],
      outcome: letters("schema_mismatch"),
    },
    "no JSON": { records: [record(`no JSON, "${deviceId}`)], outcome: letters("not_json") },
    "no UTF-8": {
      records: [
        record(
          Buffer.concat([Buffer.from(`{"eventId":"${deviceId}-`), Buffer.from([0xff, 0xc3, 0x28]), Buffer.from('"}')]),
        ),
      ],
      outcome: letters("not_json"),
    },
    empty: { records: [record("")], outcome: letters("empty_value") },
    "over 512 KiB": { records: [padded(600 * 1024)], outcome: letters("too_large") },
    "pretty-printed": { records: [record(pretty)], outcome: merged(1) },
    "100 of 50 KB": { records: Array.from({ length: 100 }, () => padded(50_000)), outcome: merged(100) },
    tombstone: { records: [record(null)], outcome: merged(1) },
  };
  return { kinds, good, bad: () => record(`{"broken": "${deviceId}"`), lines: pretty.split("\n").length };
}
