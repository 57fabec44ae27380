import type { D1Migration } from "cloudflare:test";

/**
 * All migrations as the last of them, since a batch each takes four times as long. A database that has them names only
 * the last one, which is what a Worker asks for.
 */
export const asOne = (migrations: readonly D1Migration[]): D1Migration[] => [
  { name: migrations.at(-1)?.name ?? "", queries: migrations.flatMap(({ queries }) => queries) },
];
