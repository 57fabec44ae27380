import type { JsonSchema } from "#contracts/describe.ts";
import { findContract } from "#contracts/index.ts";
import type { ConcordEvent } from "#domain/event.ts";
import { sourceOf } from "#domain/event.ts";
import type { Outcome } from "#domain/outcome.ts";
import type { Lane } from "#queue/lane.ts";
import type { ReceivedRecord } from "#queue/receipt.ts";
import { kindOf, publicDataSchema } from "./stream-schema.ts";

/** A row of the stream that `streamSchema` describes. Times are RFC 3339 in UTC. */
export type StreamRow = Readonly<Record<string, unknown>>;

export type StreamedRecord = {
  readonly record: Pick<ReceivedRecord, "receipt" | "receivedAtMs" | "contractVersion">;
  readonly event: ConcordEvent;
  readonly outcome: Outcome;
  readonly settledAtMs: number;
  readonly lane: Lane;
};

/** A merged record as a row, without its personal values. `data` is in the current version of its contract. */
export function toStreamRow({ record, event, outcome, settledAtMs, lane }: StreamedRecord): StreamRow {
  const { topic, deviceKey, eventId, version, occurredAtMs } = event;
  return {
    receipt: record.receipt,
    source: sourceOf(deviceKey),
    topic,
    device_key: deviceKey,
    event_id: eventId,
    version,
    occurred_at: new Date(occurredAtMs).toISOString(),
    received_at: new Date(record.receivedAtMs).toISOString(),
    settled_at: new Date(settledAtMs).toISOString(),
    outcome,
    contract_version: record.contractVersion ?? 1,
    ...(lane === "backfill" && { lane }),
    ...columnsOf(event),
  };
}

/** A topic's kind of event, and the schema of what is public in it. */
const known = new Map<string, { readonly kind: string; readonly schema: JsonSchema } | null>();

function columnsOf({ topic, data, occurredAtMs }: ConcordEvent): StreamRow {
  let its = known.get(topic);
  if (its === undefined) {
    const contract = findContract(topic, occurredAtMs);
    its = contract ? { kind: kindOf(contract), schema: publicDataSchema(contract) } : null;
    known.set(topic, its);
  }
  const shown = its && publicOf(data, its.schema);
  return its && isObject(shown) ? { data: shown, ...(Object.keys(shown).length > 0 && { [its.kind]: shown }) } : {};
}

/** What a schema declares of a value. A schema without members is that of a value which is shown as a whole. */
function publicOf(value: unknown, { properties, items }: JsonSchema): unknown {
  if (Array.isArray(value)) return items ? value.map((each) => publicOf(each, items)) : value;
  if (!properties || !isObject(value)) return value;
  const members = Object.entries(properties).filter(([name]) => Object.hasOwn(value, name));
  return Object.fromEntries(members.map(([name, member]) => [name, publicOf(value[name], member)]));
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
