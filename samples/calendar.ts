/** The samples are of one fixed year, so that they depend on the seed and never on the clock. */
export const YEAR_START_MS = Date.UTC(2025, 10, 1);
export const YEAR_END_MS = Date.UTC(2026, 9, 31, 23, 59, 59);

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** In North America, as in 2026: from 8 March to 1 November. A day more or less makes no difference here. */
export function isSummerTime(ms: number): boolean {
  const monthAndDay = new Date(ms).toISOString().slice(5, 10);
  return monthAndDay >= "03-08" && monthAndDay < "11-01";
}
