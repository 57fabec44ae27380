/** The newest file in migrations/, by the name that D1 records; `npm run generate:check` compares them. */
export const LATEST_MIGRATION = "0013_forgotten.sql";
