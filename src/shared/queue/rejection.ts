import { findContract } from "#contracts/index.ts";
import { parseRecord, type Rejection } from "#contracts/parse.ts";
import { declaredVersion } from "./contract-version.ts";
import { findExceededLimit } from "./limits.ts";
import { decodeRecord, type QueuedRecord } from "./parcel.ts";

/** A record, and what was found out about it while it was read. */
export type ReadRecord = {
  readonly record: Omit<QueuedRecord, "receivedAtMs">;
  /** What `JSON.parse` makes of its value. */
  readonly json?: unknown;
  /** Why it cannot be applied, where that is known before its contract is asked: then the record is what is kept of it. */
  readonly beyond?: Rejection | undefined;
};

/** What the boundary decides about a record. */
export type Reading = {
  /** Why it becomes a dead letter; `undefined` for one that is accepted. */
  readonly rejection: Rejection | undefined;
  /** The version of the contract by which it was read; `undefined` if no contract has its topic. */
  readonly version: number | undefined;
};

/** Reads a record by the version of its contract that its producer declares, or else by the current one. */
export function readRecord({ record, json, beyond }: ReadRecord, nowMs: number): Reading {
  const exceeded = beyond ?? findExceededLimit(record);
  if (exceeded) return { rejection: exceeded, version: findContract(record.topic, nowMs)?.version };
  const decoded = decodeRecord(record);
  const contractVersion = declaredVersion(decoded, json);
  const parsed = parseRecord({ receivedAtMs: nowMs, ...decoded, json, contractVersion }, nowMs);
  return { rejection: parsed.ok ? undefined : parsed.rejection, version: parsed.version };
}

/** Why a record becomes a dead letter at the boundary, or `undefined` for one that is accepted. */
export const findRejection = (read: ReadRecord, nowMs: number): Rejection | undefined =>
  readRecord(read, nowMs).rejection;
