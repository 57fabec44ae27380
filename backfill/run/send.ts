import type { Send } from "../../bridge/delivery/boundary.ts";
import { Delivery } from "../../bridge/delivery/delivery.ts";
import { type Encoded, encode } from "../../bridge/delivery/encode.ts";
import type { BridgeEvent } from "../../bridge/events.ts";
import type { KafkaRecord } from "../../bridge/kafka-record.ts";
import type { MadeEvent } from "../mapping/table.ts";
import type { Pace } from "./pace.ts";
import type { Tally } from "./tally.ts";

/** Where an event of a row is from: said in the headers of what becomes a dead letter. */
export type Outgoing = MadeEvent & { readonly file: string; readonly place: string };

export type SendSettings = {
  /** Requests at the same time. */
  readonly requests: number;
  /** Records of one request. */
  readonly records: number;
};

export type SendDeps = {
  readonly send: Send;
  readonly pace: Pace;
  /** A request that is sent again: why, and after how many milliseconds. */
  readonly onRetry: (reason: string, waitMs: number) => void;
};

/** Bytes of one request before it is compressed, which keeps its memory small on both sides. */
const REQUEST_BYTES = 1024 * 1024;
const CLOSE_GRACE_MS = 5_000;

/**
 * Sends events until the boundary has answered for each, and counts what it said. Their order does not matter, so each
 * is a lane of its own: what the queue did not take is sent again alone.
 * @throws StopError when trying again cannot help
 */
export async function sendEvents(
  events: readonly Outgoing[],
  { requests, records }: SendSettings,
  { send, pace, onRetry }: SendDeps,
): Promise<Pick<Tally, "accepted" | "deadLettered" | "refused">> {
  const said = { accepted: 0, deadLettered: 0, refused: 0 };
  const emit = (event: BridgeEvent) => {
    if (event.kind === "delivered") {
      said.accepted += event.accepted;
      said.deadLettered += event.deadLettered;
    } else if (event.kind === "record.refused") said.refused += 1;
    else if (event.kind === "delivery.retried") onRetry(event.reason, event.waitMs);
  };
  const delivery = new Delivery(
    { requests, records, bytes: REQUEST_BYTES, lingerMs: 0, bufferBytes: Number.POSITIVE_INFINITY },
    {
      ...{ send, emit, encode: encodeEvent, onGap: () => undefined, random: Math.random },
      describePlace: ({ topic, partition }) => {
        const { file, place } = events[partition] as Outgoing;
        return `${file} ${place}, of ${topic},`;
      },
    },
  );
  try {
    for (let at = 0; at < events.length && !delivery.failed.aborted; at += pace.step) {
      const some = events.slice(at, at + pace.step);
      await pace.take(some.length, delivery.failed);
      await delivery.take(some.map((event, i) => recordOf(event, at + i)));
    }
    await delivery.drain();
  } finally {
    await delivery.close(CLOSE_GRACE_MS);
  }
  if (delivery.failed.aborted) throw delivery.failed.reason;
  return said;
}

function recordOf({ topic, deviceId, value, occurredAtMs, fault, file, place }: Outgoing, lane: number): KafkaRecord {
  const headers = fault
    ? [
        ["concord-backfill-file", file],
        ["concord-backfill-place", place],
        ["concord-backfill-fault", `${fault.reason}: ${fault.message}`],
      ]
    : [];
  return {
    ...{ topic, partition: lane, offset: 0, timestampMs: occurredAtMs },
    key: deviceId === null ? null : Buffer.from(deviceId),
    value: Buffer.from(value),
    headers: headers.map(([name = "", text = ""]) => [name, Buffer.from(text.slice(0, 500))]),
  };
}

/** A row has no place in Kafka: two files have a row 1 each. */
const encodeEvent = (record: KafkaRecord): Encoded => encode(record, false);
