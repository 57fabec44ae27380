import { type ArchiveBucket, listKeys } from "./bucket.ts";
import { DAYS_PREFIX, RAW_PREFIX } from "./names.ts";

/** What names of a store begin with, up to their day: raw objects, and what day files are made of. */
const PREFIXES = { raw: RAW_PREFIX, parts: `${DAYS_PREFIX}day=` } as const;

/** Where names are that begin with their day. */
export type DayStore = keyof typeof PREFIXES;

/** A day is `2026-11-23`. */
const DAY_WIDTH = "2026-11-23".length;

/** The day of a name of a store. */
export const dayIn = (store: DayStore, key: string): string =>
  key.slice(PREFIXES[store].length, PREFIXES[store].length + DAY_WIDTH);

/** All names of days behind this one sort after it: "0" sorts just behind "/", which ends a day. `null` for the beginning. */
export const behindDay = (store: DayStore, day: string | null): string | null =>
  day === null ? null : `${PREFIXES[store]}${day}0`;

/** The first day behind another that has a name in the store; `null` if none has. */
export async function firstDay(
  bucket: Pick<ArchiveBucket, "list">,
  store: DayStore,
  behind: string | null,
): Promise<string | null> {
  const { keys } = await listKeys(bucket, { prefix: PREFIXES[store], after: behindDay(store, behind), limit: 1 });
  const [key] = keys;
  return key === undefined ? null : dayIn(store, key);
}
