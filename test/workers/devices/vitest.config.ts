import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineProject } from "vitest/config";

const root = new URL("../../../", import.meta.url).pathname;

const LIBRARIES = [
  "@pothos/core",
  "@pothos/plugin-relay",
  "dataloader",
  "drizzle-orm",
  "drizzle-orm/d1",
  "drizzle-orm/sqlite-core",
  "graphql",
  "jose",
  "zod",
];

export default defineProject({
  plugins: [
    cloudflareTest(async () => ({
      // Re-exports the Worker and stands in for the metrics object, which lives in another one.
      main: `${root}test/workers/devices/main.ts`,
      wrangler: { configPath: `${root}workers/devices/wrangler.toml` },
      miniflare: {
        durableObjects: {
          DEVICES: { className: "DeviceObject", useSQLite: true },
          DEALER_FEEDS: { className: "DealerFeed", useSQLite: true },
          METRICS: { className: "FakeMetrics", useSQLite: true },
        },
        bindings: { MIGRATIONS: await readD1Migrations(`${root}migrations`) },
      },
    })),
  ],
  test: {
    name: "devices",
    root,
    include: ["test/workers/devices/*.test.ts"],
    // Bundled once for all files: workerd would otherwise fetch hundreds of modules for each.
    deps: { optimizer: { ssr: { enabled: true, include: LIBRARIES } } },
    setupFiles: ["test/workers/apply-migrations.ts"],
  },
});
