import { LATEST_MIGRATION } from "./latest-migration.ts";

/**
 * Whether the newest migration that this code needs has been applied.
 * @throws if no migration was ever applied, or D1 does not answer
 */
export const isMigrated = (db: D1Database): Promise<boolean> =>
  db
    .prepare("SELECT 1 FROM d1_migrations WHERE name = ?1")
    .bind(LATEST_MIGRATION)
    .first()
    .then((row) => row !== null);
