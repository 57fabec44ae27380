import { type Environment, EnvironmentError } from "../environment.ts";
import type { Table } from "./config.ts";

/** One table of the local environment, such as an item of `[[services]]`, as a deployed environment has it, if at all. */
export type Rule = (
  table: Table,
  context: { readonly environment: Environment; readonly limits: Limits },
) => Table | undefined;

/** Requests per period by the name of a rate limit. */
export type Limits = Readonly<Record<string, number>>;

/** Limits whose local number is out of the way of load tests, so that each environment has to say its own. */
export const FOR_LOAD_TESTS = ["api.REQUESTS_BY_ADDRESS"] as const;

const same: Rule = (table) => table;

/** Appends the environment's name to these members, where a table has them. */
const named =
  (members: readonly string[], join = "-"): Rule =>
  (table, { environment }) =>
    Object.fromEntries(
      Object.entries(table).map(([key, value]) => [
        key,
        members.includes(key) ? `${value}${join}${environment.name.replaceAll("-", join)}` : value,
      ]),
    );

/** The second database, of a rebuild, is optional, and of no use without the archive. */
const database: Rule = (table, context) => {
  const { database: live, archive } = context.environment;
  const id = table.binding === "REBUILT" ? archive.enabled && archive.rebuilt?.id : live.id;
  return id ? { ...named(["database_name"])(table, context), database_id: id } : undefined;
};

/** The archive is the only bucket, and optional. */
const bucket: Rule = (table, context) => {
  const { enabled, jurisdiction } = context.environment.archive;
  return enabled ? { ...named(["bucket_name"])(table, context), ...(jurisdiction && { jurisdiction }) } : undefined;
};

/** The namespace of a local limit is the first of ten; an environment adds its number. */
const limited: Rule = (table, { environment, limits }) => {
  const { name, namespace_id, simple } = table as { name: string; namespace_id: string; simple: Table };
  const limit = limits[name];
  return {
    ...table,
    namespace_id: String(Number(namespace_id) + environment.number),
    simple: limit === undefined ? simple : { ...simple, limit },
  };
};

/**
 * What becomes of each table of bindings. wrangler inherits none of them, so all are written out. A member's name stands
 * after its table's, as in `queues.producers`.
 */
export const RULES: Readonly<Record<string, Rule>> = {
  version_metadata: same,
  ratelimits: limited,
  d1_databases: database,
  r2_buckets: bucket,
  analytics_engine_datasets: named(["dataset"], "_"),
  "queues.producers": named(["queue"]),
  "queues.consumers": named(["queue", "dead_letter_queue"]),
  "durable_objects.bindings": named(["script_name"]),
  services: named(["service"]),
  // wrangler would inherit these. They are written out because a transfer of objects edits those of one environment:
  // deploy/rollout/metrics-transfer.ts.
  migrations: same,
};

/** What wrangler inherits: each environment has it as it is above. A test asks wrangler's schema whether that is so. */
export const INHERITED = [
  ...["main", "compatibility_date", "compatibility_flags", "assets", "triggers"],
  ...["limits", "placement", "rules", "tsconfig", "minify", "keep_names", "upload_source_maps"],
] as const;

/** What each environment has of its own: see `deriveTables`. */
export const OWN = ["name", "workers_dev", "preview_urls", "observability", "vars"] as const;

/** @throws EnvironmentError for a table that no rule knows, so that none is missing in a deployment */
export function ruleOf(path: string, config: string): Rule {
  const rule = RULES[path];
  if (rule) return rule;
  throw new EnvironmentError(
    `${config} has ${path}, and it is not known what a deployed environment has instead. ` +
      "Add it to RULES or INHERITED in deploy/tables/rules.ts. Nothing was written.",
  );
}
