/**
 * The libraries of the schema. They are bundled once, since two copies of graphql would not recognise each other's
 * types.
 */
export const GRAPHQL_LIBRARIES = [
  "@pothos/core",
  "@pothos/plugin-relay",
  "dataloader",
  "drizzle-orm",
  "drizzle-orm/d1",
  "drizzle-orm/sqlite-core",
  "graphql",
  "jose",
  "zod",
];
