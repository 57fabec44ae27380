import { counted } from "../../cli/terminal/counted.ts";
import type { BridgeEvent } from "../events.ts";
import { nameOf, type Position, type TopicPartition } from "../kafka-record.ts";

export const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

/**
 * What a line of a log tells. The names of attributes are OpenTelemetry's where it has one
 * (opentelemetry.io/docs/specs/semconv/registry/attributes/messaging, and /kafka); none holds anything of a record but
 * its place.
 */
export type LogEntry = {
  readonly level: Level;
  /** For machines: `bridge.session_opened`. */
  readonly event: string;
  /** For people. */
  readonly message: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
};

type Attributes = LogEntry["attributes"];

/** So many partitions are named in one line. */
const SHOWN = 20;

/** What of an event is worth a line, or `undefined`. */
export function entryOf(event: BridgeEvent): LogEntry | undefined {
  switch (event.kind) {
    case "session.opened": {
      const { length } = event.partitions;
      const names = event.partitions.slice(0, SHOWN).map(nameOf).join(", ");
      const message = `${counted(length, "partition")} assigned${names && `: ${names}`}${length > SHOWN ? ", …" : ""}`;
      return entry("info", "session_opened", message, { partitions: length });
    }
    case "session.ended": {
      const again = event.retryInMs > 0 ? `joining again in ${seconds(event.retryInMs)}` : "joining again";
      const message = `the session is over: ${event.reason}; ${again}`;
      const attributes = { reason: event.reason, failed: event.failed, "retry.in_ms": event.retryInMs };
      return entry(event.failed ? "warn" : "info", "session_ended", message, attributes);
    }
    case "topics.ignored": {
      const message = `these topics are left out, since Concord takes none of their names: ${event.topics.join(", ")}`;
      return entry("warn", "topics_ignored", message, { topics: event.topics.join(",") });
    }
    case "topics.missing": {
      const message = `these topics are not there, or these credentials may not see them: ${event.topics.join(", ")}; they are read once they are`;
      return entry("warn", "topics_missing", message, { topics: event.topics.join(",") });
    }
    case "position.reset": {
      const { committed, to } = event;
      const message = `${nameOf(event)}: offset ${committed} of the group is behind the end of the log, as after a topic was made anew; reading goes on at ${to}`;
      return entry("warn", "position_reset", message, { ...atPosition({ ...event, offset: to }), committed });
    }
    case "undecodable": {
      const { at, part, schemaId, message: why } = event;
      const message = `${placeOf(at)}: its ${part} cannot be decoded by schema ${schemaId}, and is sent as it is: ${why}`;
      return entry("warn", "undecodable", message, { ...atPosition(at), "schema.id": schemaId, "error.message": why });
    }
    case "registry.retried": {
      const message = `waiting for the schema registry (${event.reason}), again in ${seconds(event.waitMs)}`;
      return entry("warn", "registry_retried", message, { reason: event.reason, "retry.in_ms": event.waitMs });
    }
    case "delivered":
      return entryOfDelivered(event);
    case "delivery.retried": {
      const { topic, reason, waitMs } = event;
      const message = `${topic}: waiting for Concord (${reason}), again in ${seconds(waitMs)}`;
      return entry("warn", "delivery_retried", message, { ...atTopic(topic), reason, "retry.in_ms": waitMs });
    }
    case "record.refused": {
      const { at, status, message: why } = event;
      const message = `${placeOf(at)}: Concord refuses the record (${status}: ${why}); what identifies it is sent in its place`;
      const attributes = { ...atPosition(at), "http.response.status_code": status, "error.message": why };
      return entry("error", "record_refused", message, attributes);
    }
    case "committed": {
      const places = event.positions.map((at) => `${nameOf(at)} at ${at.offset}`).join(", ");
      return entry("debug", "committed", `committed ${places}`, { partitions: event.positions.length });
    }
    case "commit.failed": {
      const message = `offsets may not be committed: ${event.message}; the next commit makes up for it`;
      return entry("warn", "commit_failed", message, { "error.message": event.message });
    }
    case "gap":
      return entryOfGap(event);
    case "ended":
      return entry(event.failed ? "error" : "info", "ended", `the bridge has ended: ${event.reason}`, {
        reason: event.reason,
      });
    case "consumed":
    case "buffered":
    case "lag":
      return undefined;
    default:
      return event satisfies never;
  }
}

function entryOfDelivered(event: Extract<BridgeEvent, { kind: "delivered" }>): LogEntry {
  const { topic, accepted, deadLettered, notKept, bytes, durationMs } = event;
  const parts = [
    `${accepted} accepted`,
    ...(deadLettered > 0 ? [`${deadLettered} became dead letters`] : []),
    ...(notKept > 0 ? [`${notKept} not kept, and sent again`] : []),
  ];
  return entry(deadLettered > 0 ? "warn" : "debug", "delivered", `${topic}: ${parts.join(", ")}`, {
    ...atTopic(topic),
    "messaging.batch.message_count": accepted + deadLettered + notKept,
    accepted,
    dead_lettered: deadLettered,
    not_kept: notKept,
    bytes,
    duration_ms: durationMs,
  });
}

function entryOfGap(event: Extract<BridgeEvent, { kind: "gap" }>): LogEntry {
  const { from, to, cause } = event;
  const attributes = { ...atPosition({ ...event, offset: from }), "gap.to": to, cause };
  const where = `${placeOf({ ...event, offset: from })} to ${to - 1}`;
  switch (cause) {
    case "retention":
      return entry(
        "error",
        "gap",
        `${where}: ${to - from} records are LOST, retention deleted them before they were read`,
        attributes,
      );
    case "unknown":
      return entry("warn", "gap", `${where}: no records came, and the source cannot tell why`, attributes);
    case "compaction or transactions":
      return entry("debug", "gap", `${where}: no records, by compaction or transactions`, attributes);
  }
}

const entry = (level: Level, event: string, message: string, attributes: Attributes): LogEntry => ({
  level,
  event: `bridge.${event}`,
  message,
  attributes,
});

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const placeOf = (at: Position): string => `${nameOf(at)} offset ${at.offset}`;

const atTopic = (topic: string) => ({ "messaging.destination.name": topic });

const atPartition = ({ topic, partition }: TopicPartition) => ({
  ...atTopic(topic),
  "messaging.destination.partition.id": String(partition),
});

const atPosition = (at: Position) => ({ ...atPartition(at), "kafka.offset": at.offset });
