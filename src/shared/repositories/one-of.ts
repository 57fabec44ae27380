import { type Column, type SQL, sql } from "drizzle-orm";

/** Whether a column is one of many texts: as one parameter, since D1 takes a hundred in a statement. */
export const isOneOf = (column: Column, texts: readonly string[]): SQL =>
  sql`${column} IN (SELECT value FROM json_each(${JSON.stringify(texts)}))`;
