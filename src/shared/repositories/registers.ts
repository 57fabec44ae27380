import { type Column, type SQL, sql } from "drizzle-orm";
import type { Registers } from "#domain/party.ts";

/** The index of a source's register, as SQL. */
export function registerRank(registers: Registers, source: Column | SQL): SQL {
  const cases = registers.flatMap((register, rank) =>
    register.map((name) => sql`WHEN ${name} THEN ${sql.raw(String(rank))}`),
  );
  return sql`CASE ${source} ${sql.join(cases, sql` `)} ELSE ${sql.raw(String(registers.length))} END`;
}

/** The source of a device's key, as SQL. */
export const keySource = (key: Column | SQL): SQL => sql`substr(${key}, 1, instr(${key}, ':') - 1)`;
