import fc from "fast-check";

/**
 * The number of cases of a property, and the seed. `npm run nightly` sets both. Without a seed, fast-check draws one and
 * prints it with a failure.
 */
const { PROPERTY_RUNS, PROPERTY_SEED } = process.env;
fc.configureGlobal({
  ...(PROPERTY_RUNS && { numRuns: Number(PROPERTY_RUNS) }),
  ...(PROPERTY_SEED && { seed: Number(PROPERTY_SEED) }),
});

/** For a property with a number of cases of its own, which the nightly run raises too. */
export const cases = (numRuns: number) => ({ numRuns: Math.max(numRuns, Number(PROPERTY_RUNS ?? 0)) });
