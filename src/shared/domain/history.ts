import { canonicalText } from "./register.ts";
import { compareText, compareVersions, type Version } from "./version.ts";

/** Events that a device's history holds. Our choice: enough for a technician's visit, small enough for one stored value. */
export const HISTORY_LIMIT = 100;

/** An event of a device's history, with its data in the source's own shape. */
export type HistoryEntry = { readonly version: Version; readonly topic: string; readonly data: unknown };

/** The newest `HISTORY_LIMIT` events, newest first. */
export type History = readonly HistoryEntry[];

/**
 * The newest entries of both lists. A bounded join is still a join: an entry that is dropped is older than all that
 * stay, and would be dropped from every later join too.
 */
export function joinHistories(a: History, b: History, limit = HISTORY_LIMIT): History {
  const joined: HistoryEntry[] = [];
  let changed = a.length > limit; // stored when the limit was larger
  let i = 0;
  let j = 0;
  while (joined.length < limit) {
    const ours = a[i];
    const theirs = b[j];
    if (!theirs && !ours) break;
    const order = !theirs ? 1 : !ours ? -1 : compareEntries(ours, theirs);
    if (order >= 0) i++;
    if (order <= 0) j++;
    const takeTheirs = order < 0 || (order === 0 && isGreater(theirs as HistoryEntry, ours as HistoryEntry));
    joined.push((takeTheirs ? theirs : ours) as HistoryEntry);
    changed ||= takeTheirs;
  }
  return changed ? joined : a;
}

export const hasEntry = (history: History, entry: HistoryEntry): boolean =>
  history.some((known) => compareEntries(known, entry) === 0);

const compareEntries = (a: HistoryEntry, b: HistoryEntry): number =>
  compareVersions(a.version, b.version) || compareText(a.topic, b.topic);

const isGreater = (a: HistoryEntry, b: HistoryEntry): boolean =>
  compareText(canonicalText(a.data), canonicalText(b.data)) > 0;
