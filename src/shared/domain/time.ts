/**
 * A moment in UTC as text that sorts: RFC 3339 with milliseconds, and behind the `Z` whatever is finer, without zeros
 * at its end. `2026-11-23T13:00:00.123Z` is followed by `2026-11-23T13:00:00.123Z001`, and that by
 * `2026-11-23T13:00:00.124Z`. Text without a finer part is what was stored before there was one, so old and new sort
 * together. It is ASCII: JavaScript's `<` and SQLite's BINARY agree on it.
 */
export type Moment = string & { readonly __moment: true };

/** `2026-11-23T13:00:00.123Z`: what every moment begins with. */
const MILLISECONDS_WIDTH = "2026-11-23T13:00:00.123Z".length;
const NANOSECONDS_WIDTH = MILLISECONDS_WIDTH + 6;
const SECONDS_WIDTH = "2026-11-23T13:00:00".length;
const DAY_WIDTH = "2026-11-23".length;

/** Digits of a second's fraction that a time may have: attoseconds. Ours; RFC 3339 has no bound, and storage needs one. */
export const MAX_FRACTION_DIGITS = 18;

/** The longest text that is a time: a fraction of `MAX_FRACTION_DIGITS` and a numeric offset. */
export const MAX_TIME_LENGTH = "2026-11-23T13:00:00.".length + MAX_FRACTION_DIGITS + "+00:00".length;

/** `date-time` of RFC 3339, section 5.6, by its letters; `parseTime` knows the calendar. */
export const RFC_3339 = new RegExp(
  "^(\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01]))[Tt]((?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60))" +
    `(?:\\.(\\d{1,${MAX_FRACTION_DIGITS}}))?([Zz]|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)$`,
);

/**
 * Reads RFC 3339 text, to the last digit of its fraction. A leap second is one where leap seconds are put: 23:59:60 UTC
 * at the end of a month; it sorts behind that month's last other second.
 * @returns `undefined` for anything else, and for what lies outside the years 0 to 9999 in UTC
 */
export function parseTime(text: string): Moment | undefined {
  const [, date, clock, fraction = "", offset] = RFC_3339.exec(text) ?? [];
  if (date === undefined || clock === undefined || offset === undefined) return undefined;
  const isLeap = clock.endsWith("60");
  const localMs = Date.parse(`${date}T${isLeap ? `${clock.slice(0, -2)}59` : clock}Z`);
  // JavaScript reads 30 February as 2 March.
  if (Number.isNaN(localMs) || new Date(localMs).toISOString().slice(0, DAY_WIDTH) !== date) return undefined;
  const seconds = new Date(localMs - offsetMs(offset)).toISOString();
  // Years beyond four digits have a sign.
  if (!/^\d/.test(seconds) || (isLeap && !endsMonth(seconds))) return undefined;
  const whole = isLeap ? seconds.slice(0, SECONDS_WIDTH - 2) + LEAP : seconds.slice(0, SECONDS_WIDTH);
  return `${whole}.${fraction.slice(0, 3).padEnd(3, "0")}Z${fraction.slice(3).replace(/0+$/, "")}` as Moment;
}

const LEAP = "60";

function offsetMs(offset: string): number {
  if (offset.length === 1) return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6));
  return (offset.startsWith("-") ? -minutes : minutes) * 60_000;
}

/** Whether this is the last second before a month begins in UTC. */
const endsMonth = (seconds: string): boolean =>
  new Date(Date.parse(seconds) + 1_000).toISOString().slice(7, 19) === "-01T00:00:00";

/** @param ms milliseconds since 1970 UTC, in the years 0 to 9999 */
export const momentOf = (ms: number): Moment => new Date(ms).toISOString() as Moment;

/** The moment in milliseconds since 1970 UTC; what is finer is cut off, and a leap second is the last before it. */
export const millisecondsOf = (moment: Moment): number =>
  Date.parse(moment.slice(0, MILLISECONDS_WIDTH).replace(LEAP_SECOND, ":59.999"));

/**
 * RFC 3339 in UTC with milliseconds, or with as many digits as the moment has, up to nanoseconds: beyond nine digits V8's
 * `Date.parse` reads another time. A leap second is written as the last nanosecond in front of it: most readers know no
 * second 60, and one that throws takes a page down.
 */
export function rfc3339Of(moment: Moment): string {
  const finer = moment.slice(MILLISECONDS_WIDTH, NANOSECONDS_WIDTH);
  const text = finer === "" ? (moment as string) : `${moment.slice(0, MILLISECONDS_WIDTH - 1)}${finer}Z`;
  return text.replace(LEAP_SECOND_WHOLE, ":59.999999999Z");
}

const LEAP_SECOND = /:60\.\d{3}/;
const LEAP_SECOND_WHOLE = /:60\.\d+Z/;

/** The UTC day of a moment, or of a version: `2026-11-23`. */
export const dayOf = (moment: string): string => moment.slice(0, DAY_WIDTH);
