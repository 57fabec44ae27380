import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineProject } from "vitest/config";

const root = fileURLToPath(new URL("../../", import.meta.url));

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

type Options = {
  /** The class that stands behind each name: objects of other Workers live in the test's main module. */
  readonly objects: Readonly<Record<string, string>>;
  readonly libraries?: readonly string[];
  readonly serviceBindings?: Readonly<Record<string, () => Response>>;
};

/** The tests of a Worker that answers GraphQL, inside workerd, with its own bindings and real D1. */
export function graphqlProject(worker: string, { objects, libraries = [], serviceBindings = {} }: Options) {
  const durableObjects = Object.entries(objects).map(([name, className]) => [name, { className, useSQLite: true }]);
  return defineProject({
    plugins: [
      cloudflareTest(async () => ({
        main: `${root}test/workers/${worker}/main.ts`,
        wrangler: { configPath: `${root}workers/${worker}/wrangler.toml` },
        miniflare: {
          durableObjects: Object.fromEntries(durableObjects),
          // Tests ask more often than any client may, all from one address.
          ratelimits: Object.fromEntries(
            ["REQUESTS", "REQUESTS_BY_ADDRESS", "FAILED_SIGN_INS", "RATE_LIMIT"].map((name) => [
              name,
              { namespace_id: name, simple: { limit: 1_000_000, period: 60 as const } },
            ]),
          ),
          serviceBindings,
          bindings: { MIGRATIONS: await readD1Migrations(`${root}migrations`) },
        },
      })),
    ],
    test: {
      name: worker,
      isolate: false,
      // A busy machine takes its time over a hundred new objects.
      testTimeout: 20_000,
      root,
      include: [`test/workers/${worker}/*.test.ts`],
      // Bundled once for all files: workerd would otherwise fetch hundreds of modules for each.
      deps: { optimizer: { ssr: { enabled: true, include: [...LIBRARIES, ...libraries] } } },
      setupFiles: ["test/workers/apply-migrations.ts"],
    },
  });
}
