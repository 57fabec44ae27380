import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineProject } from "vitest/config";

const root = new URL("../../../", import.meta.url).pathname;

export default defineProject({
  plugins: [
    cloudflareTest(async () => ({
      // Re-exports the Worker and stands in for the metrics object, which lives in another Worker.
      main: `${root}test/workers/ingest/main.ts`,
      wrangler: { configPath: `${root}workers/ingest/wrangler.toml` },
      miniflare: {
        durableObjects: {
          DEVICES: { className: "DeviceObject", useSQLite: true },
          METRICS: { className: "FakeMetrics", useSQLite: true },
        },
        // The tests call the consumer themselves.
        queueConsumers: {},
        bindings: { MIGRATIONS: await readD1Migrations(`${root}migrations`) },
      },
    })),
  ],
  test: {
    name: "ingest",
    root,
    include: ["test/workers/ingest/*.test.ts"],
    setupFiles: ["test/workers/apply-migrations.ts"],
  },
});
