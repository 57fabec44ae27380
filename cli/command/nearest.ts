/** The candidate that was most likely meant, or `undefined` where none is close enough to be named. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const longer = candidates.filter((each) => each.startsWith(word));
  if (longer.length === 1) return longer[0];
  const limit = Math.max(1, Math.floor(word.length / 3));
  const [closest] = candidates
    .map((each) => ({ each, distance: distanceBetween(word, each) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return closest?.each;
}

/** How many characters have to be added, removed, replaced or swapped with their neighbour (optimal string alignment). */
export function distanceBetween(a: string, b: string): number {
  let [beforeLast, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        at(last, j) + 1,
        at(row, j - 1) + 1,
        at(last, j - 1) + (isSame ? 0 : 1),
        isSwapped ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] as number;
