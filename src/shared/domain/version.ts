/**
 * When something happened, as text that sorts: `2026-11-23T13:00:00.123Z/evt-1`.
 * The time comes first and has a fixed width, so comparing the text compares (occurredAtMs, eventId).
 */
export type Version = string & { readonly __version: true };

const TIME_WIDTH = "2026-11-23T13:00:00.123Z".length;
const DAY_WIDTH = "2026-11-23".length;

/** @param occurredAtMs milliseconds since 1970 UTC, before the year 10000 (contracts see to both). */
export function versionOf(occurredAtMs: number, eventId: string): Version {
  return `${new Date(occurredAtMs).toISOString()}/${eventId}` as Version;
}

/** The time part of a version: RFC 3339 in UTC with milliseconds. */
export const occurredAtOf = (version: Version): string => version.slice(0, TIME_WIDTH);

/** The UTC day of a time in UTC, or of a version: `2026-11-23`. */
export const dayOf = (time: string): string => time.slice(0, DAY_WIDTH);

export const compareVersions = (a: Version, b: Version): number => compareText(a, b);

export const laterVersion = (a: Version, b: Version): Version => (compareVersions(a, b) >= 0 ? a : b);

/**
 * Orders text as SQLite's BINARY collation does, by code point, so that D1 and we agree on every tie.
 * JavaScript's own `<` compares UTF-16 units, which puts U+1F600 before U+FB01.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF and so sort behind every other unit. */
const codePointRank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
