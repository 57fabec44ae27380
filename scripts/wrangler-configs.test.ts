import { globSync } from "node:fs";
import { expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";

const CONFIGS = globSync("**/wrangler.{toml,json,jsonc}", { exclude: ["**/node_modules", "**/.*"] });

/** Each Worker as each of its environments deploys it, with what that inherits. */
const WORKERS = CONFIGS.flatMap((config) => {
  const top = readConfig({ config }, { hideWarnings: true });
  const envs = [undefined, ...(top.definedEnvironments ?? [])];
  return envs.map((env) => [config, env ?? "local", readConfig({ config, env }, { hideWarnings: true })] as const);
});

it("All Workers are looked at", () => {
  expect(CONFIGS).toEqual(expect.arrayContaining(["wrangler.toml", "workers/api/wrangler.toml"]));
  expect(WORKERS.filter(([config]) => config === "wrangler.toml").map(([, env]) => env)).toEqual([
    ...["local", "staging", "production"],
  ]);
});

it.each(WORKERS)("%s, %s: no version has an address, and only the deployed front door has one", (...worker) => {
  const [config, env, { workers_dev, preview_urls }] = worker;
  const isOpen = config === "wrangler.toml" && env !== "local";
  expect({ workers_dev, preview_urls }).toEqual({ workers_dev: isOpen, preview_urls: false });
});
