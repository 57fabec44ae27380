import type { KafkaRecord, Position, TopicPartition } from "./kafka-record.ts";
import type { PartitionRange } from "./source.ts";

/** Everything that the bridge tells about itself. Logs, metrics and the status line are all made from these. */
export type BridgeEvent =
  | { readonly kind: "session.opened"; readonly partitions: readonly PartitionRange[] }
  | { readonly kind: "session.ended"; readonly reason: string; readonly failed: boolean; readonly retryInMs: number }
  | { readonly kind: "topics.ignored"; readonly topics: readonly string[] }
  /** Listed topics that do not exist yet, or that the credentials may not see. They are read once they are there. */
  | { readonly kind: "topics.missing"; readonly topics: readonly string[] }
  /** The group's position is behind the log's end, as after a topic was made anew. Reading goes on at the log's beginning. */
  | (TopicPartition & { readonly kind: "position.reset"; readonly committed: number; readonly to: number })
  | { readonly kind: "consumed"; readonly records: readonly KafkaRecord[] }
  /** A key or a value in the registry's wire format that no schema can read. The record is sent as it is. */
  | {
      readonly kind: "undecodable";
      readonly at: Position;
      readonly part: "key" | "value";
      readonly schemaId: number;
      readonly message: string;
    }
  /** The schema registry gave no answer, or one that asks to try again. Records wait for it. */
  | { readonly kind: "registry.retried"; readonly reason: string; readonly waitMs: number }
  | {
      readonly kind: "delivered";
      readonly topic: string;
      readonly accepted: number;
      readonly deadLettered: number;
      /** Records that the boundary could not keep now. They are sent again. */
      readonly notKept: number;
      readonly bytes: number;
      readonly durationMs: number;
    }
  /** A request without an answer, or with one that asks to try again. */
  | { readonly kind: "delivery.retried"; readonly topic: string; readonly reason: string; readonly waitMs: number }
  /** The boundary refused a record whatever came with it. What identifies the record is sent in its place. */
  | { readonly kind: "record.refused"; readonly at: Position; readonly status: number; readonly message: string }
  | { readonly kind: "committed"; readonly positions: readonly Position[] }
  | { readonly kind: "commit.failed"; readonly message: string }
  | (TopicPartition & {
      readonly kind: "gap";
      /** The first offset that is missing, and the first behind it that is there. */
      readonly from: number;
      readonly to: number;
      /** Retention has deleted records that were not read. Compaction and transactions leave gaps without a loss. */
      readonly cause: "retention" | "compaction or transactions" | "unknown";
    })
  /** What waits in memory or is on the wire: told every second while there is a session. */
  | { readonly kind: "buffered"; readonly records: number; readonly bytes: number }
  | { readonly kind: "lag"; readonly partitions: readonly PartitionRange[] }
  | { readonly kind: "ended"; readonly reason: string; readonly failed: boolean };

export type Listener = (event: BridgeEvent) => void;
