import type { RejectionReason } from "#contracts/parse.ts";

/** Why a row, or an event of it, is bad. What the contracts and the limits refuse has their own reasons. */
export type FaultReason =
  | "unreadable_row"
  | "missing_key"
  | "bad_time"
  | "unknown_source"
  | "unknown_value"
  | "bad_value"
  | "no_lookup_row"
  | RejectionReason;

/** A value that could not be made. Its message names columns and never what they hold, which may be personal. */
export class Fault {
  readonly reason: FaultReason;
  readonly message: string;

  constructor(reason: FaultReason, message: string) {
    this.reason = reason;
    this.message = message;
  }
}
