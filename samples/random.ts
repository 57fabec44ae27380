/** Pseudorandom numbers that depend on the seed only. */
export type Random = {
  /** 0 ≤ x < 1 */
  readonly next: () => number;
  /** A whole number from `low` to `high`, both inclusive. */
  readonly int: (low: number, high: number) => number;
  readonly between: (low: number, high: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(items: readonly T[]) => T;
  readonly shuffle: <T>(items: readonly T[]) => T[];
  readonly digits: (length: number) => string;
  readonly hex: (length: number) => string;
  /** A sequence of its own, so that a change in one part of the samples does not change the others. */
  readonly fork: (label: string) => Random;
};

export function randomOf(seed: number): Random {
  const next = mulberry32(seed);
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  const between = (low: number, high: number) => low + next() * (high - low);
  const written = (length: number, radix: number) =>
    Array.from({ length }, () => int(0, radix - 1).toString(radix)).join("");
  return {
    next,
    int,
    between,
    chance: (probability) => next() < probability,
    pick: <T>(items: readonly T[]) => items[int(0, items.length - 1)] as T,
    shuffle: (items) => shuffled(items, int),
    digits: (length) => written(length, 10),
    hex: (length) => written(length, 16),
    fork: (label) => randomOf(hashOf(`${seed}/${label}`)),
  };
}

/** Tommy Ettinger's mulberry32: 32 bits of state are plenty for samples. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The Fisher-Yates shuffle. */
function shuffled<T>(items: readonly T[], int: Random["int"]): T[] {
  const deck = [...items];
  for (let i = deck.length - 1; i > 0; i--) {
    const j = int(0, i);
    [deck[i], deck[j]] = [deck[j] as T, deck[i] as T];
  }
  return deck;
}
