/** Size of the database in bytes, which D1 tells with every answer. The statement reads no row. */
export const readDatabaseBytes = (db: D1Database): Promise<number> =>
  db
    .prepare("SELECT 1")
    .run()
    .then(({ meta }) => meta.size_after);
