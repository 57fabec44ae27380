import { redactEvent } from "#contracts/redact.ts";
import type { ConcordEvent } from "#domain/event.ts";
import {
  type Forgotten,
  type ForgottenId,
  type ForgottenKeys,
  findForgotten,
  forgottenIdsOf,
} from "#domain/forgotten.ts";
import type { Write, WriteRow } from "./guarded-writes.ts";

export type ForgottenRow = { readonly id: ForgottenId; readonly until_ms: number; readonly request_id: string };

/** Its one parameter is a JSON array of keys. */
export const READ_FORGOTTEN = `SELECT f.id, f.until_ms, f.request_id FROM json_each(?1) j JOIN forgotten f ON f.id = j.value`;

/** A device that was found since is noted, so that the job redacts what is stored of it. */
const WRITE_FOUND = `INSERT INTO forgotten (id, until_ms, request_id, redacted_at_ms)
  SELECT j.value->>'k', j.value->>'u', j.value->>'r', NULL FROM json_each(?1) j WHERE true
  ON CONFLICT (id) DO UPDATE SET until_ms = excluded.until_ms, request_id = excluded.request_id, redacted_at_ms = NULL
  WHERE excluded.until_ms > forgotten.until_ms`;

export const forgottenKeys = (rows: readonly ForgottenRow[]): ForgottenKeys =>
  new Map(rows.map(({ id, until_ms, request_id }) => [id, { untilMs: until_ms, requestId: request_id }]));

/** The keys to look up for events. */
export const forgottenIds = (events: readonly ConcordEvent[]): ForgottenId[] => [
  ...new Set(events.flatMap(forgottenIdsOf)),
];

/** The events as they may be merged, in order: those of somebody who was forgotten are redacted, others are the same objects. */
export function withoutForgotten(
  events: readonly ConcordEvent[],
  keys: ForgottenKeys,
): { readonly events: readonly ConcordEvent[]; readonly found: ReadonlyMap<ForgottenId, Forgotten> } {
  if (keys.size === 0) return { events, found: new Map() };
  const { isForgotten, found } = findForgotten(events, keys);
  return { events: events.map((event, i) => (isForgotten[i] ? redactEvent(event) : event)), found };
}

export const foundWrite = (found: ReadonlyMap<ForgottenId, Forgotten>): Write => ({
  sql: WRITE_FOUND,
  rows: [...found].map(([k, { untilMs, requestId }]): WriteRow => ({ k, u: untilMs, r: requestId })),
  guarded: false,
});
