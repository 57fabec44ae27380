import { SOURCE_SPECS } from "#contracts/all-sources.ts";
import type { Contract } from "#contracts/define.ts";
import { type Envelope, type Json, writeValue } from "#contracts/envelope.ts";
import { findContract } from "#contracts/index.ts";
import { describeRejection, type Parsed, parseRecord } from "#contracts/parse.ts";

/** The time at which these records are parsed. */
export const NOW_MS = Date.UTC(2026, 10, 23, 14);

export const parse = (topic: string, value: unknown) => parseRecord({ topic, value: JSON.stringify(value) }, NOW_MS);

/** The record value of a contract's example, with some members of the envelope or of the data replaced. */
export function record(topic: string, envelope: object = {}, data: object = {}) {
  const { source, example, places } = findContract(topic, NOW_MS) as Contract;
  const ours = { eventId: "evt-1", ...SOURCE_SPECS[source].example, ...envelope };
  return writeValue({ ...ours, data: { ...(example as object), ...data } }, places) as Json & Envelope;
}

/** The event of a record that its contract accepts. @throws Error with the rejection */
export function eventIn(parsed: Parsed) {
  if (!parsed.ok) throw new Error(describeRejection(parsed.rejection));
  return parsed.event;
}
