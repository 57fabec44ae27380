import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineProject } from "vitest/config";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export default defineProject({
  plugins: [cloudflareTest({ wrangler: { configPath: `${root}workers/metrics/wrangler.toml` } })],
  test: {
    name: "metrics",
    testTimeout: 20_000,
    root,
    isolate: false,
    include: ["test/workers/metrics/*.test.ts"],
  },
});
