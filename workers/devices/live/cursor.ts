/** The number in a cursor; NaN if it is not one of ours. */
export const parseCursor = (cursor: string): number => (/^\d{1,15}$/.test(cursor) ? Number(cursor) : Number.NaN);
