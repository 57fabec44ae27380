import { type Moment, momentOf, rfc3339Of } from "./time.ts";

/**
 * When something happened, as text that sorts: `2026-11-23T13:00:00.123Z/evt-1`, or with what the source's clock knows
 * beyond milliseconds `2026-11-23T13:00:00.123Z456/evt-1`. `/` sorts before every digit, so comparing the text compares
 * (moment, event id).
 */
export type Version = string & { readonly __version: true };

/** @param moment `parseTime` of `occurredAt`, or milliseconds since 1970 UTC, before the year 10000 */
export function versionOf(moment: Moment | number, eventId: string): Version {
  return `${typeof moment === "number" ? momentOf(moment) : moment}/${eventId}` as Version;
}

/** No moment has a slash; an event id may. */
export const momentIn = (version: Version): Moment => version.slice(0, version.indexOf("/")) as Moment;

export const eventIdIn = (version: Version): string => version.slice(version.indexOf("/") + 1);

/** When it happened: RFC 3339 in UTC, for readers. */
export const occurredAtOf = (version: Version): string => rfc3339Of(momentIn(version));

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
