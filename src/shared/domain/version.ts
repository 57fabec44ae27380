import { formatRfc3339, type Moment, toMoment } from "./time.ts";

/**
 * The time and the id of an event as text that sorts: `2026-11-23T13:00:00.123Z/evt-1`, or with digits beyond
 * milliseconds `2026-11-23T13:00:00.123Z456/evt-1`. `/` sorts before every digit, so comparing the text compares
 * (time, event id).
 */
export type Version = string & { readonly __version: true };

/** @param moment `parseTime` of `occurredAt`, or milliseconds since 1970 UTC, before the year 10000 */
export function toVersion(moment: Moment | number, eventId: string): Version {
  return `${typeof moment === "number" ? toMoment(moment) : moment}/${eventId}` as Version;
}

/** The time in a version. It has no slash; the event id after it may. */
export const versionMoment = (version: Version): Moment => version.slice(0, version.indexOf("/")) as Moment;

export const versionEventId = (version: Version): string => version.slice(version.indexOf("/") + 1);

/** The time in a version, for readers: RFC 3339 in UTC. */
export const formatOccurredAt = (version: Version): string => formatRfc3339(versionMoment(version));

/** Negative if `a` is older than `b`, 0 if they are the same, positive if `a` is newer: for sorting oldest first. */
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

/** Surrogates encode code points above U+FFFF, so they sort after every other unit. */
const codePointRank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
