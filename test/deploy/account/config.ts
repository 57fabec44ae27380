import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";
import { ROOT } from "../../../local/tool.ts";

type List<T> = readonly T[] | undefined;

/** The part of a wrangler.toml that the stand-in reads, as an environment has it. */
export type Config = {
  readonly name: string;
  /** Beside the config. */
  readonly main?: string;
  readonly workers_dev?: boolean;
  readonly vars?: Record<string, string>;
  readonly services?: List<{ readonly binding: string; readonly service: string; readonly entrypoint?: string }>;
  readonly d1_databases?: List<{ readonly binding: string; readonly database_name: string }>;
  readonly r2_buckets?: List<{
    readonly binding: string;
    readonly bucket_name: string;
    readonly jurisdiction?: string;
  }>;
  readonly ratelimits?: List<{ readonly name: string }>;
  readonly queues?: {
    readonly producers?: List<{ readonly binding: string; readonly queue: string }>;
    readonly consumers?: List<{ readonly queue: string; readonly dead_letter_queue?: string }>;
  };
  readonly durable_objects?: {
    readonly bindings: List<{ readonly name: string; readonly class_name: string; readonly script_name?: string }>;
  };
  readonly migrations?: List<{
    readonly tag: string;
    readonly new_sqlite_classes?: readonly string[];
    readonly transferred_classes?: readonly {
      readonly from: string;
      readonly from_script: string;
      readonly to: string;
    }[];
  }>;
  readonly secrets?: { readonly required?: readonly string[] };
  readonly triggers?: { readonly crons?: readonly string[] };
  readonly version_metadata?: { readonly binding: string };
  readonly assets?: { readonly binding?: string };
};

const parsed = new Map<string, Record<string, unknown>>();

/** @param environment the top of the file if undefined, as with wrangler */
export function readConfig(path: string, environment: string | undefined): Config {
  const file = join(ROOT, path);
  const text = readFileSync(path.startsWith("/") ? path : file, "utf8");
  const toml = parsed.get(text) ?? (parse(text) as Record<string, unknown>);
  parsed.set(text, toml);
  if (environment === undefined) return toml as unknown as Config;
  const config = (toml.env as Record<string, Config> | undefined)?.[environment];
  if (!config) throw new Error(`No environment found in configuration with name "${environment}".`);
  return { main: toml.main as string, ...("assets" in toml && { assets: toml.assets as object }), ...config };
}

/** Names of the classes that a Worker's main file exports: its entrypoints, and its Durable Objects. */
export function exportsOf(path: string, { main = "" }: Config): readonly string[] {
  const code = readFileSync(join(path.startsWith("/") ? "" : ROOT, dirname(path), main), "utf8");
  const lists = [...code.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names = ""]) => names.split(","));
  const classes = [...code.matchAll(/^export class (\w+)/gm)].map(([, name = ""]) => name);
  return [...lists.map((name) => name.trim()).filter(Boolean), ...classes];
}

export const migrationFiles = (): string[] =>
  readdirSync(join(ROOT, "migrations"))
    .filter((file) => file.endsWith(".sql"))
    .sort();

export function bindingsOf(config: Config): { type: string; name: string; text?: string }[] {
  const { services, d1_databases, r2_buckets, ratelimits, queues, durable_objects, vars, version_metadata, assets } =
    config;
  const of = (type: string, names: readonly (string | undefined)[] = []) =>
    names.flatMap((name) => (name ? [{ type, name }] : []));
  return [
    ...of(
      "service",
      services?.map(({ binding }) => binding),
    ),
    ...of(
      "d1",
      d1_databases?.map(({ binding }) => binding),
    ),
    ...of(
      "r2_bucket",
      r2_buckets?.map(({ binding }) => binding),
    ),
    ...of(
      "ratelimit",
      ratelimits?.map(({ name }) => name),
    ),
    ...of(
      "queue",
      queues?.producers?.map(({ binding }) => binding),
    ),
    ...of(
      "durable_object_namespace",
      durable_objects?.bindings?.map(({ name }) => name),
    ),
    ...of("version_metadata", [version_metadata?.binding]),
    ...of("assets", [assets?.binding]),
    ...Object.entries(vars ?? {}).map(([name, text]) => ({ type: "plain_text", name, text })),
  ];
}
