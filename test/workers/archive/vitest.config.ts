import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineProject } from "vitest/config";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What properties are drawn by, for which `process.env` in the Workers' runtime is another one. */
const { PROPERTY_RUNS, PROPERTY_SEED } = process.env;

const LIBRARIES = ["drizzle-orm", "drizzle-orm/d1", "drizzle-orm/sqlite-core", "fast-check", "zod"];

/** Real R2, two D1 databases, and real objects of the devices Worker. */
export default defineProject({
  plugins: [
    cloudflareTest(async () => ({
      main: `${root}test/workers/archive/main.ts`,
      wrangler: { configPath: `${root}workers/archive/wrangler.toml` },
      miniflare: {
        durableObjects: {
          JOBS: { className: "ArchiveJob", useSQLite: true },
          TEST_JOBS: { className: "TestJob", useSQLite: true },
          DEVICES: { className: "DeviceObject", useSQLite: true },
          DEALER_FEEDS: { className: "DealerFeed", useSQLite: true },
          HUBS: { className: "LiveHub", useSQLite: true },
          RUNS: { className: "ReplayRun", useSQLite: true },
          METRICS: { className: "FakeMetrics", useSQLite: true },
        },
        bindings: {
          MIGRATIONS: await readD1Migrations(`${root}migrations`),
          ...(process.env.VERIFICATION_SEEDS && { VERIFICATION_SEEDS: process.env.VERIFICATION_SEEDS }),
        },
      },
    })),
  ],
  test: {
    name: "archive",
    testTimeout: 20_000,
    env: { ...(PROPERTY_RUNS && { PROPERTY_RUNS }), ...(PROPERTY_SEED && { PROPERTY_SEED }) },
    root,
    isolate: false,
    include: ["test/workers/archive/*.test.ts"],
    deps: { optimizer: { ssr: { enabled: true, include: LIBRARIES } } },
    setupFiles: ["test/workers/archive/apply-migrations.ts"],
  },
});
