import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineProject } from "vitest/config";
import { GRAPHQL_LIBRARIES } from "./graphql-libraries.ts";
import { ROOMS } from "./rooms.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

type Options = {
  /** The class behind each name: objects of other Workers are in the tests' main module. */
  readonly objects: Readonly<Record<string, string>>;
  readonly libraries?: readonly string[];
  /** D1 databases beside the Worker's own, empty. */
  readonly databases?: readonly string[];
  readonly serviceBindings?: Readonly<Record<string, () => Response>>;
  /** What is built before the tests. */
  readonly globalSetup?: readonly string[];
};

/** The tests of a Worker that answers GraphQL, inside workerd, with its own bindings and real D1. */
export function graphqlProject(
  worker: string,
  { objects, libraries = [], databases = [], serviceBindings = {}, globalSetup = [] }: Options,
) {
  const durableObjects = Object.entries(objects).map(([name, className]) => [name, { className, useSQLite: true }]);
  return defineProject({
    resolve: { alias: ROOMS },
    plugins: [
      cloudflareTest(async () => ({
        main: `${root}test/workers/${worker}/main.ts`,
        wrangler: { configPath: `${root}workers/${worker}/wrangler.toml` },
        miniflare: {
          durableObjects: Object.fromEntries(durableObjects),
          // Tests send more requests than any client may, all from one address.
          ratelimits: Object.fromEntries(
            ["REQUESTS", "REQUESTS_BY_ADDRESS", "FAILED_SIGN_INS", "RATE_LIMIT"].map((name) => [
              name,
              { namespace_id: name, simple: { limit: 1_000_000, period: 60 as const } },
            ]),
          ),
          serviceBindings,
          d1Databases: Object.fromEntries(databases.map((name) => [name, name])),
          bindings: {
            MIGRATIONS: await readD1Migrations(`${root}migrations`),
            // Of conformance.test.ts: a Worker does not have the environment of the test runner.
            CONFORMANCE_WORLDS: process.env.CONFORMANCE_WORLDS ?? "10",
            CONFORMANCE_SEED: process.env.CONFORMANCE_SEED ?? "",
          },
        },
      })),
    ],
    test: {
      name: worker,
      isolate: false,
      // A hundred new objects take a while on a busy machine.
      testTimeout: 20_000,
      root,
      include: [`test/workers/${worker}/*.test.ts`],
      // Bundled once for all files: workerd would otherwise load hundreds of modules for each.
      deps: { optimizer: { ssr: { enabled: true, include: [...GRAPHQL_LIBRARIES, ...libraries] } } },
      globalSetup: [...globalSetup],
      setupFiles: ["test/workers/apply-migrations.ts"],
    },
  });
}
