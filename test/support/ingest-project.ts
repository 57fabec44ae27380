import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineProject } from "vitest/config";

const root = fileURLToPath(new URL("../../", import.meta.url).href);

const LIBRARIES = ["drizzle-orm", "drizzle-orm/d1", "drizzle-orm/sqlite-core", "fast-check", "hono", "jose", "zod"];

type Options = {
  readonly bindings?: Readonly<Record<string, string>>;
  readonly libraries?: readonly string[];
  readonly testTimeout?: number;
};

/**
 * The tests of a folder inside workerd, with the ingest Worker's bindings: real D1 and real device objects. Only the
 * tests consume the queues. The project has the name of its folder.
 */
export function ingestProject(folder: string, { bindings, libraries = [], testTimeout }: Options = {}) {
  return defineProject({
    plugins: [
      cloudflareTest(async () => ({
        // Re-exports the Worker and the objects of the devices Worker, and replaces the metrics object.
        main: `${root}test/workers/ingest/main.ts`,
        wrangler: { configPath: `${root}workers/ingest/wrangler.toml` },
        miniflare: {
          durableObjects: {
            DEVICES: { className: "DeviceObject", useSQLite: true },
            DEALER_FEEDS: { className: "DealerFeed", useSQLite: true },
            HUBS: { className: "LiveHub", useSQLite: true },
            METRICS: { className: "FakeMetrics", useSQLite: true },
          },
          queueConsumers: {},
          bindings: { MIGRATIONS: await readD1Migrations(`${root}migrations`), ...bindings },
        },
      })),
    ],
    test: {
      name: folder.split("/").at(-1) ?? folder,
      root,
      isolate: false,
      include: [`test/${folder}/*.test.ts`],
      // Bundled once for all files: workerd would otherwise load each of their modules for each file.
      deps: { optimizer: { ssr: { enabled: true, include: [...new Set([...LIBRARIES, ...libraries])] } } },
      setupFiles: ["test/workers/apply-migrations.ts"],
      ...(testTimeout && { testTimeout }),
    },
  });
}
