import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineProject } from "vitest/config";

const root = new URL("../../", import.meta.url).pathname;

/** Real handlers, real D1, real device objects; the queues between them are the simulation's own. */
export default defineProject({
  plugins: [
    cloudflareTest(async () => ({
      main: `${root}test/workers/ingest/main.ts`,
      wrangler: { configPath: `${root}workers/ingest/wrangler.toml` },
      miniflare: {
        durableObjects: {
          DEVICES: { className: "DeviceObject", useSQLite: true },
          METRICS: { className: "FakeMetrics", useSQLite: true },
        },
        queueConsumers: {},
        bindings: {
          MIGRATIONS: await readD1Migrations(`${root}migrations`),
          SIMULATE_RUNS: process.env.SIMULATE_RUNS ?? "30",
          SIMULATE_SEED: process.env.SIMULATE_SEED ?? "",
          SIMULATE_PATH: process.env.SIMULATE_PATH ?? "",
        },
      },
    })),
  ],
  test: {
    name: "simulation",
    root,
    include: ["test/simulation/*.test.ts"],
    setupFiles: ["test/workers/apply-migrations.ts"],
    testTimeout: 3_600_000,
  },
});
