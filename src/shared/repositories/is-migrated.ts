import { LATEST_MIGRATION } from "./latest-migration.ts";

/**
 * Whether D1 has the tables that this code was written for.
 * @throws where no migration was ever applied, or D1 does not answer
 */
export const isMigrated = (db: D1Database): Promise<boolean> =>
  db
    .prepare("SELECT 1 FROM d1_migrations WHERE name = ?1")
    .bind(LATEST_MIGRATION)
    .first()
    .then((row) => row !== null);
