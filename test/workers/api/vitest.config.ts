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
  "graphql-yoga",
  "hono",
  "hono/cors",
  "jose",
  "zod",
];

export default defineProject({
  plugins: [
    cloudflareTest(async () => ({
      // Re-exports the Worker and has the objects beside it, which live in other Workers.
      main: `${root}test/workers/api/main.ts`,
      wrangler: { configPath: `${root}workers/api/wrangler.toml` },
      miniflare: {
        durableObjects: {
          DEVICES: { className: "DeviceObject", useSQLite: true },
          DEALER_FEEDS: { className: "DealerFeed", useSQLite: true },
          METRICS: { className: "MetricsObject", useSQLite: true },
        },
        // Tests of mutations bring commands of their own.
        serviceBindings: { INGEST_COMMANDS: () => new Response("no ingest Worker here", { status: 503 }) },
        bindings: { MIGRATIONS: await readD1Migrations(`${root}migrations`) },
      },
    })),
  ],
  test: {
    name: "api",
    root,
    include: ["test/workers/api/*.test.ts"],
    // Bundled once for all files: workerd would otherwise fetch hundreds of modules for each.
    deps: { optimizer: { ssr: { enabled: true, include: LIBRARIES } } },
    setupFiles: ["test/workers/apply-migrations.ts"],
  },
});
