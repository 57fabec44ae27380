import { countDifference } from "#archive/compare/count.ts";
import type { Difference } from "#archive/compare/difference.ts";
import { type CountPair, LiveCounts } from "../repositories/live-counts.ts";

/** Dealers of one step: each is a transaction that counts all that the dealer has. Ours. */
const DEALERS_A_STEP = 20;

export type ComparedCounts = {
  readonly differences: readonly Difference[];
  /** Dealers with more devices than one statement should count. */
  readonly uncounted: number;
  readonly rowsRead: number;
  /** The last dealer, behind whom the next page begins; `null` if there is none. */
  readonly next: string | null;
};

/**
 * Compares the kept counts of a page of dealers with what counting finds, in one transaction a dealer.
 * @param after the last dealer of the page before; `null` for the first page
 * @param isWanted whether to count a dealer
 */
export async function compareKeptCounts(
  db: D1Database,
  after: string | null,
  isWanted: (dealerId: string) => boolean = () => true,
): Promise<ComparedCounts> {
  const counts = new LiveCounts(db);
  if (after === null && !(await counts.areFilled())) {
    return { differences: [], uncounted: 0, rowsRead: counts.rowsRead, next: null };
  }
  const dealers = await counts.dealersFrom(after, DEALERS_A_STEP);
  const differences: Difference[] = [];
  let uncounted = 0;
  for (const dealerId of dealers.filter(isWanted)) {
    const { pairs } = await counts.read(dealerId);
    if (pairs === null) uncounted += 1;
    differences.push(...(pairs ?? []).filter(({ kept, counted }) => kept !== counted).map(toDifference));
  }
  const next = dealers.length < DEALERS_A_STEP ? null : (dealers.at(-1) ?? null);
  return { differences, uncounted, rowsRead: counts.rowsRead, next };
}

const toDifference = ({ kind, group, kept, counted }: CountPair): Difference =>
  countDifference({ place: kind, subject: group, kept, counted });
