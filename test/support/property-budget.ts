import fc from "fast-check";

/**
 * How many cases a property is tried with that says nothing of it itself, and from which seed; `npm run nightly` sets
 * both. fast-check draws a seed where there is none, and prints it with a failure.
 */
const { PROPERTY_RUNS, PROPERTY_SEED } = process.env;
fc.configureGlobal({
  ...(PROPERTY_RUNS && { numRuns: Number(PROPERTY_RUNS) }),
  ...(PROPERTY_SEED && { seed: Number(PROPERTY_SEED) }),
});
