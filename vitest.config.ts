import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { Order } from "./test/support/order.ts";
import { ROOMS } from "./test/support/rooms.ts";
import { Slowest } from "./test/support/slowest.ts";

/** The Workers' bundles, for the stacks of tests. */
const BUNDLES = "test/support/bundles.ts";

/** Four rings: pure tests beside their files, each Worker inside workerd, all together over real HTTP, and in a browser. */
export default defineConfig({
  test: {
    // Tests of faults log those faults; only a failing test's log is worth reading.
    silent: "passed-only",
    reporters: ["default", new Slowest()],
    // Much of the time is spent starting runtimes, so even two cores have room for two at once.
    maxWorkers: Math.max(3, availableParallelism()),
    sequence: { sequencer: Order },
    projects: [
      {
        // As Node itself resolves: with "development" among them, there would be a second graphql beside its peers'.
        ssr: { resolve: { conditions: ["module", "node"] } },
        resolve: { alias: ROOMS },
        test: {
          name: "pure",
          isolate: false,
          setupFiles: ["test/support/property-budget.ts"],
          // Property tests take what they need, and a busy machine takes longer; `npm run nightly` has up to sixty times
          // as many cases.
          testTimeout: process.env.PROPERTY_RUNS ? 600_000 : 30_000,
          hookTimeout: 30_000,
          include: [
            "src/**/*.test.ts",
            "workers/**/*.test.ts",
            "samples/**/*.test.ts",
            "backfill/**/*.test.ts",
            "bridge/**/*.test.ts",
            "capacity/**/*.test.ts",
            "cli/**/*.test.ts",
            "console/**/*.test.ts",
            "deploy/**/*.test.ts",
            "packages/**/*.test.ts",
            "parity/**/*.test.ts",
            "scripts/**/*.test.ts",
            "examples/**/*.test.ts",
            "bench/**/*.test.ts",
          ],
        },
      },
      {
        resolve: { alias: ROOMS },
        test: {
          name: "deploy",
          // What Workers serve is compared, so it is built before a test looks at it.
          globalSetup: ["local/console.ts", "local/graphiql.ts", BUNDLES],
          include: ["test/deploy/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: "bridge", include: ["test/bridge/**/*.test.ts"], testTimeout: 30_000 } },
      "test/workers/*/vitest.config.ts",
      "test/simulation/vitest.config.ts",
      "test/guarantees/vitest.config.ts",
      {
        resolve: { alias: ROOMS },
        test: {
          name: "flow",
          globalSetup: [BUNDLES],
          include: ["test/flow/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Files share a stack: test/support/shared-stack.ts.
          isolate: false,
        },
      },
      {
        resolve: { alias: ROOMS },
        test: {
          name: "clients",
          globalSetup: [BUNDLES],
          include: ["test/clients/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "console",
          globalSetup: [BUNDLES],
          include: ["test/console/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Files share a stack: test/support/shared-stack.ts.
          isolate: false,
        },
      },
    ],
  },
});
