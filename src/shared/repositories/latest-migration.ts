/** The last file in migrations/, by the name that D1 knows it by; `npm run generate:check` compares. */
export const LATEST_MIGRATION = "0007_letter_group_filters.sql";
