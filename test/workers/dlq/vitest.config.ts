import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineProject } from "vitest/config";
import { GRAPHQL_LIBRARIES } from "../../support/graphql-libraries.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

const LIBRARIES = ["fast-check", "hono", "hono/factory", "hono/streaming"];

export default defineProject({
  plugins: [
    cloudflareTest(async () => ({
      main: `${root}test/workers/dlq/main.ts`,
      wrangler: { configPath: `${root}workers/dlq/wrangler.toml` },
      miniflare: {
        // The tests hand the batches over themselves.
        queueConsumers: {},
        serviceBindings: { ARCHIVE_SERVICE: () => new Response("no archive Worker here", { status: 503 }) },
        durableObjects: {
          METRICS: { className: "MetricsObject", useSQLite: true },
          DEVICES: { className: "DeviceObject", useSQLite: true },
        },
        bindings: { MIGRATIONS: await readD1Migrations(`${root}migrations`) },
      },
    })),
  ],
  test: {
    name: "dlq",
    testTimeout: 20_000,
    root,
    isolate: false,
    include: ["test/workers/dlq/*.test.ts"],
    globalSetup: ["local/console.ts"],
    deps: { optimizer: { ssr: { enabled: true, include: [...GRAPHQL_LIBRARIES, ...LIBRARIES] } } },
    setupFiles: ["test/workers/apply-migrations.ts"],
  },
});
