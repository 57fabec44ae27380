import { fnv1a } from "#base/fnv.ts";
import { CONTRACTS } from "#contracts/index.ts";

/**
 * Counts up whenever the same records are folded to something else than before. A test holds the fold of drawn records
 * against a hash, so that nobody forgets it.
 */
export const FOLDING = 1;

/** A fold that was stored under another version is not used: its records are read again from the archive's beginning. */
export const FOLD_VERSION = `${FOLDING}-${fnv1a(
  JSON.stringify(CONTRACTS.map(({ topic, version }) => [topic, version])),
).toString(16)}`;
