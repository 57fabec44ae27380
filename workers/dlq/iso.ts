/** A time as the operations API has it: ISO 8601 in UTC, or `null` for what has not happened. */
export const toIso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
