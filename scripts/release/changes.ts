import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Release } from "#contracts/releases.ts";
import { latestVersions } from "#contracts/releases.ts";
import type { History } from "../history.ts";
import { migrationFiles } from "../migrations/shipped.ts";
import { type SchemaChanges, schemaChanges } from "../schema-changes.ts";
import { type Bump, breakingBump } from "./version.ts";

/** What callers and operators get with a release, compared with the release before. */
export type Changes = {
  readonly schema: Pick<SchemaChanges, "breaking" | "allowed" | "dangerous" | "safe">;
  /** As `device.elt.status.reported, version 2`. */
  readonly contracts: readonly string[];
  readonly migrations: readonly string[];
};

const SCHEMA = "schema.graphql";
const CONTRACTS = "src/shared/contracts/releases/index.json";

/** @param tag of the release before, as `v0.1.0` @throws Error if git does not have what the tag had */
export async function changesSince(tag: string, { git }: History, root: string): Promise<Changes> {
  const before = (path: string): string => {
    const text = git("show", `${tag}:${path}`);
    if (text === null)
      throw new Error(`git has no ${path} at ${tag}: fetch the history (git fetch --unshallow --tags).`);
    return text;
  };
  const now = (path: string) => readFileSync(join(root, path), "utf8");
  const releases = (text: string) => latestVersions(JSON.parse(text) as readonly Release[]);
  const known = releases(before(CONTRACTS));
  const shipped = new Set((git("ls-tree", "--name-only", tag, "migrations/") ?? "").split("\n"));
  return {
    schema: await schemaChanges(before(SCHEMA), now(SCHEMA), now("schema-breaks.txt")),
    contracts: [...releases(now(CONTRACTS))]
      .filter(([topic, version]) => known.get(topic) !== version)
      .map(([topic, version]) => `${topic}, version ${version}`),
    migrations: migrationFiles(root).filter((file) => !shipped.has(`migrations/${file}`)),
  };
}

/** The least step that a release with these changes may be, and why. */
export function leastBump(previous: string, { schema, contracts }: Changes): { bump: Bump; why: string } {
  const [broken] = schema.allowed;
  if (broken) return { bump: breakingBump(previous), why: `schema.graphql breaks queries: ${broken.change.message}` };
  const [added] = [...schema.dangerous, ...schema.safe];
  if (added) return { bump: "minor", why: `schema.graphql has grown: ${added.message}` };
  const [contract] = contracts;
  if (contract) return { bump: "minor", why: `contracts have grown: ${contract}` };
  return { bump: "patch", why: "schema.graphql and the contracts are what they were" };
}

/** For the tag's message and the release's notes: what an operator has to know before the commits. */
export function describeChanges({ schema, contracts, migrations }: Changes): string {
  const count = schema.dangerous.length + schema.safe.length;
  const lines = [
    ...(migrations.length > 0 ? [`Migrations: ${migrations.join(", ")}.`] : []),
    ...(contracts.length > 0 ? [`Contracts: ${contracts.join("; ")}.`] : []),
    ...schema.allowed.map(({ change, reason }) => `Breaks queries: ${change.message} (${reason}).`),
    ...(count > 0
      ? [
          `schema.graphql: ${count} ${count === 1 ? "change" : "changes"} after which every query of before is still valid.`,
        ]
      : []),
  ];
  return lines.join("\n") || "No migration, no new version of a contract, and the schema.graphql of before.";
}
