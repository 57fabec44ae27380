import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { environmentNames, readEnvironment } from "../deploy/environment.ts";
import { configPathOf, WORKER_NAMES } from "../deploy/tables/workers.ts";
import { LATE_BINDINGS, readWorkers } from "../deploy/workers.ts";
import { WORKER_CONFIGS } from "../local/stack.ts";

const CONFIGS = globSync("**/wrangler.{toml,json,jsonc}", { exclude: ["**/node_modules", "**/.*"] });

/** The part of a config that these tests read. */
type Config = {
  readonly name?: string;
  readonly main?: string;
  readonly workers_dev?: boolean;
  readonly preview_urls?: boolean;
  readonly route?: string;
  readonly routes?: readonly (string | { readonly pattern: string; readonly custom_domain?: boolean })[];
  readonly vars: Readonly<Record<string, unknown>>;
  readonly r2_buckets?: readonly unknown[];
  readonly ratelimits?: readonly { readonly namespace_id: string }[];
  readonly services?: readonly { readonly binding: string; readonly service: string }[];
  readonly durable_objects: {
    readonly bindings: readonly { readonly class_name: string; readonly script_name?: string }[];
  };
  readonly migrations: readonly { readonly tag: string; readonly new_sqlite_classes?: readonly string[] }[];
};

const ENVIRONMENTS = ["local", ...environmentNames()];

/** Each Worker as each of its environments deploys it, with the settings that it inherits. */
const WORKERS = CONFIGS.flatMap((config) => {
  const top = readConfig({ config }, { hideWarnings: true });
  const envs = [undefined, ...(top.definedEnvironments ?? [])];
  return envs.map(
    (env) => [config, env ?? "local", readConfig({ config, env }, { hideWarnings: true }) as Config] as const,
  );
});

it("the configurations of all Workers are checked", () => {
  expect(CONFIGS).toEqual(expect.arrayContaining(["wrangler.toml", "workers/api/wrangler.toml"]));
  for (const path of WORKER_CONFIGS) {
    const environments = WORKERS.filter(([config]) => config === path).map(([, env]) => env);
    expect([path, environments.sort()]).toEqual([path, [...ENVIRONMENTS].sort()]);
  }
  expect(WORKER_NAMES.map(configPathOf).sort()).toEqual([...WORKER_CONFIGS].sort());
});

it.each(WORKERS)("%s, %s: no version has an address, and only the deployed front door has one", (...worker) => {
  const [config, env, { workers_dev, preview_urls, route, routes = [] }] = worker;
  const address = config === "wrangler.toml" && env !== "local" ? readEnvironment(env).front_door.address : undefined;
  expect({ workers_dev, preview_urls }).toEqual({ workers_dev: address === "workers.dev", preview_urls: false });
  const domains = routes.flatMap((each) => (typeof each === "object" && each.custom_domain ? each.pattern : []));
  expect(domains).toEqual(address === undefined || address === "workers.dev" ? [] : [address]);
  // A route of its own would make another Worker answer from outside, and one beside workers.dev the front door twice.
  if (domains.length === 0) expect([route, routes]).toEqual([undefined, []]);
});

it("the archive's bucket is bound by the Worker that writes it and the one that reads it, and by no other", () => {
  const binding = WORKERS.filter(([, , { r2_buckets = [] }]) => r2_buckets.length > 0);
  expect([...new Set(binding.map(([config]) => config))].sort()).toEqual([
    "workers/archive/wrangler.toml",
    "workers/ingest/wrangler.toml",
  ]);
});

it("no two rate limits of one account are counted together", () => {
  const ours = WORKERS.filter(([config]) => WORKER_CONFIGS.some((each) => each === config));
  const ids = ours.flatMap(([, , { ratelimits = [] }]) => ratelimits.map(({ namespace_id }) => namespace_id));
  expect(ids.length).toBeGreaterThan(15);
  expect(new Set(ids).size).toBe(ids.length);
});

describe.each(ENVIRONMENTS)("the Workers of %s", (environment) => {
  const ours = WORKERS.filter(([config, env]) => env === environment && WORKER_CONFIGS.some((each) => each === config));
  const workers = new Map(ours.map(([path, , config]) => [config.name ?? "", { path, config }]));
  const classesOf = (name: string) =>
    workers.get(name)?.config.migrations.flatMap(({ new_sqlite_classes = [] }) => new_sqlite_classes) ?? [];
  const objects = ours.flatMap(([, , { name = "", durable_objects }]) =>
    durable_objects.bindings.map(({ class_name, script_name = name }) => [name, class_name, script_name] as const),
  );

  it("have the same value of a setting, wherever they have it", () => {
    const vars = ours.flatMap(([, , config]) => Object.entries(config.vars));
    const values = (name: string) => new Set(vars.flatMap(([key, value]) => (key === name ? [value] : [])));
    expect(vars.filter(([name]) => values(name).size > 1)).toEqual([]);
    expect([...values("ENVIRONMENT")]).toEqual([environment]);
  });

  it("are all deployed, each after those that it binds to, late bindings aside", () => {
    const order = readWorkers(environment === "local" ? undefined : environment).map((worker) => worker.name);
    const placeOf = (name: string) => order.indexOf(name);
    expect([...workers.keys()].map(placeOf).sort()).toEqual(order.map((_, i) => i));
    const bound = [
      ...ours.flatMap(([path, , { name = "", services = [] }]) => {
        const late = LATE_BINDINGS[dirname(path)] ?? [];
        return services.flatMap(({ binding, service }) => (late.includes(binding) ? [] : [[name, service] as const]));
      }),
      ...objects.flatMap(([name, , script]) => (script === name ? [] : [[name, script] as const])),
    ];
    expect(bound.length).toBeGreaterThan(5);
    expect(bound.filter(([name, to]) => placeOf(to) < 0 || placeOf(to) >= placeOf(name))).toEqual([]);
  });

  it("bind to classes that the Worker which has them makes, with one migration each, and exports", () => {
    expect(objects.filter(([, name, script]) => !classesOf(script).includes(name))).toEqual([]);
    for (const [name, { path, config }] of workers) {
      const made = classesOf(name);
      expect(new Set(made).size).toBe(made.length);
      if (made.length === 0) continue;
      const code = readFileSync(join(dirname(path), config.main?.split("/").at(-1) ?? ""), "utf8");
      expect(made.filter((each) => !code.includes(`export { ${each} } from`))).toEqual([]);
    }
  });

  it("have the migrations that each had in every release: tags that were applied stay known", () => {
    const tags = ours.flatMap(([path, , { migrations }]) =>
      migrations.length > 0 ? [[path, migrations.map(({ tag }) => tag)]] : [],
    );
    expect(Object.fromEntries(tags)).toEqual({
      "workers/archive/wrangler.toml": ["v1"],
      "workers/devices/wrangler.toml": ["v1", "v2"],
      // v1 created MetricsObject, which was transferred since: for a new account, a class that is not exported would be
      // refused.
      "workers/dlq/wrangler.toml": ["v2"],
      "workers/metrics/wrangler.toml": ["v1"],
    });
  });
});
