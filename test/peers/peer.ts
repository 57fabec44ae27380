import type { Found } from "./build.ts";
import type { Kind, Outcome, PeerRecord } from "./records.ts";

/** What every peer is told: where to send, as whom, and to which topic. */
export type Connection = {
  readonly url: URL;
  readonly user: string;
  readonly password: string;
  readonly topic: string;
};

/** A peer at work. `send` hands it records; how they reach Concord is the peer's own affair. */
export type Running = { send(records: readonly PeerRecord[]): Promise<void>; stop(): Promise<void>; log(): string };

/** What becomes of a record that a peer changes on its way, or `not carried` where it cannot take it at all. */
export type Change = Outcome | "not carried";

export type Peer = {
  /** The topic that it sends to, if not that of the others: what is in Kafka is one peer's. */
  readonly topic?: string;
  /**
   * Where a record's outcome is another than that of the record as it is.
   * @param lines of the pretty-printed record
   */
  readonly changes?: (lines: number) => Partial<Readonly<Record<Kind, Change>>>;
  /** Its version, or why it cannot be run here; what it takes is built or fetched first. */
  prepare(): Promise<Found>;
  start(connection: Connection): Promise<Running>;
};
