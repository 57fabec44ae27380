import type { DatabaseSection, Environment } from "./environment.ts";
import type { Worker } from "./workers.ts";

/** A database of an environment: what the Workers call it, and what the environment's file says of it. */
export type Database = {
  readonly name: string;
  /** The table of environments/{name}.toml that has its id. */
  readonly section: DatabaseSection;
  readonly id: string;
  /** A Worker that binds to it, by whose config wrangler finds its migrations. */
  readonly owner: Worker;
  /** Whether it has the platform's state, to which a bookmark can go back. */
  readonly isLive: boolean;
  readonly isReplicated: boolean;
};

/** The live database, and then the empty one of a rebuild, where the environment has one. */
export function databasesOf(environment: Environment, workers: readonly Worker[]): readonly Database[] {
  const { database, archive } = environment;
  const find = (binding: string, rest: Omit<Database, "name" | "owner">): Database[] => {
    const owner = workers.find(({ databases }) => databases.some((each) => each.binding === binding));
    const name = owner?.databases.find((each) => each.binding === binding)?.name;
    return owner && name !== undefined ? [{ ...rest, owner, name }] : [];
  };
  const rebuilt = archive.rebuilt?.id;
  return [
    ...find("DB", { section: "database", id: database.id, isLive: true, isReplicated: database.read_replication }),
    ...(rebuilt === undefined
      ? []
      : find("REBUILT", { section: "archive.rebuilt", id: rebuilt, isLive: false, isReplicated: false })),
  ];
}
