/** What a cursor of ours counts; NaN for one that is none. */
export const numberIn = (cursor: string): number => (/^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.NaN);
