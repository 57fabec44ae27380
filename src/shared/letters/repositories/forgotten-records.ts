import { type ForgottenRow, forgottenKeys, READ_FORGOTTEN } from "#repositories/forgotten.ts";
import { forgottenIdsIn, type Kept, remainderOfLetter } from "../forgotten-record.ts";

/** D1, or a session of it. */
type Handle = Pick<D1Database, "prepare">;

/**
 * Failed records as they may be kept: those of somebody who was forgotten are redacted, or emptied if their contract
 * refuses them, and then say so by `emptiedAtMs`. Others are the same objects. One query, however many there are.
 * @throws what D1 throws
 */
export async function withoutForgottenRecords<K extends Kept>(
  db: Handle,
  failed: readonly K[],
  nowMs: number,
): Promise<K[]> {
  const records = failed.flatMap(({ record, edited }) => [record, ...(edited ? [{ ...record, value: edited }] : [])]);
  const ids = new Set(records.flatMap((record) => forgottenIdsIn(record, nowMs)));
  if (ids.size === 0) return [...failed];
  const { results } = await db
    .prepare(READ_FORGOTTEN)
    .bind(JSON.stringify([...ids]))
    .all<ForgottenRow>();
  const keys = forgottenKeys(results);
  return keys.size === 0 ? [...failed] : failed.map((each) => remainderOfLetter(each, { keys, nowMs }) ?? each);
}
