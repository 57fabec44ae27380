import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineProject } from "vitest/config";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export default defineProject({
  plugins: [
    cloudflareTest(async () => ({
      wrangler: { configPath: `${root}workers/dlq/wrangler.toml` },
      miniflare: {
        // The tests hand the batches over themselves.
        queueConsumers: {},
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
    setupFiles: ["test/workers/apply-migrations.ts"],
  },
});
