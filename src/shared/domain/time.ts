/**
 * A time in UTC as text that sorts: RFC 3339 with milliseconds, and after the `Z` any finer digits without trailing
 * zeros. `2026-11-23T13:00:00.123Z` is followed by `2026-11-23T13:00:00.123Z001`, and that by
 * `2026-11-23T13:00:00.124Z`. Times that were stored before there were finer digits sort along with the new ones. It is
 * ASCII: JavaScript's `<` and SQLite's BINARY agree on it.
 */
export type Moment = string & { readonly __moment: true };

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** `2026-11-23T13:00:00.123Z`: what every moment begins with. */
const MILLISECONDS_WIDTH = "2026-11-23T13:00:00.123Z".length;
const NANOSECONDS_WIDTH = MILLISECONDS_WIDTH + 6;
const SECONDS_WIDTH = "2026-11-23T13:00:00".length;
const DAY_WIDTH = "2026-11-23".length;

/** Digits of a second's fraction that a time may have: attoseconds. Our limit; RFC 3339 has none, and storage needs one. */
export const MAX_FRACTION_DIGITS = 18;

/** The longest text that is a time: a fraction of `MAX_FRACTION_DIGITS` and a numeric offset. */
export const MAX_TIME_LENGTH = "2026-11-23T13:00:00.".length + MAX_FRACTION_DIGITS + "+00:00".length;

/** The syntax of `date-time` in RFC 3339, section 5.6. `parseTime` checks the calendar too. */
export const RFC_3339 = new RegExp(
  "^(\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01]))[Tt]((?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60))" +
    `(?:\\.(\\d{1,${MAX_FRACTION_DIGITS}}))?([Zz]|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)$`,
);

/**
 * Parses RFC 3339 text, with every digit of its fraction. A leap second is accepted at the end of a month, 23:59:60 UTC,
 * and sorts after 23:59:59.
 * @returns `undefined` for other text, and for times outside the years 0 to 9999 in UTC
 */
export function parseTime(text: string): Moment | undefined {
  const [, date, clock, fraction = "", offset] = RFC_3339.exec(text) ?? [];
  if (date === undefined || clock === undefined || offset === undefined) return undefined;
  const isLeap = clock.endsWith("60");
  const localMs = Date.parse(`${date}T${isLeap ? `${clock.slice(0, -2)}59` : clock}Z`);
  // JavaScript reads 30 February as 2 March.
  if (Number.isNaN(localMs) || new Date(localMs).toISOString().slice(0, DAY_WIDTH) !== date) return undefined;
  const seconds = new Date(localMs - offsetMs(offset)).toISOString();
  // toISOString writes years beyond four digits with a sign.
  if (!/^\d/.test(seconds) || (isLeap && !endsMonth(seconds))) return undefined;
  const whole = isLeap ? seconds.slice(0, SECONDS_WIDTH - 2) + LEAP : seconds.slice(0, SECONDS_WIDTH);
  return `${whole}.${fraction.slice(0, 3).padEnd(3, "0")}Z${fraction.slice(3).replace(/0+$/, "")}` as Moment;
}

const LEAP = "60";

function offsetMs(offset: string): number {
  if (offset.length === 1) return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6));
  return (offset.startsWith("-") ? -minutes : minutes) * MINUTE_MS;
}

/** Whether this is the last second before a month begins in UTC. */
const endsMonth = (seconds: string): boolean =>
  new Date(Date.parse(seconds) + 1_000).toISOString().slice(7, 19) === "-01T00:00:00";

/** @param ms milliseconds since 1970 UTC, in the years 0 to 9999 */
export const toMoment = (ms: number): Moment => new Date(ms).toISOString() as Moment;

/** The time in milliseconds since 1970 UTC. Finer digits are cut off; a leap second becomes the last millisecond before it. */
export const toMilliseconds = (moment: Moment): number =>
  Date.parse(moment.slice(0, MILLISECONDS_WIDTH).replace(LEAP_SECOND, ":59.999"));

/**
 * RFC 3339 in UTC with milliseconds, or with as many digits as the time has, up to nanoseconds: with more than nine
 * digits V8's `Date.parse` reads another time. A leap second is written as the last nanosecond before it, because most
 * clients cannot parse second 60.
 */
export function formatRfc3339(moment: Moment): string {
  const finer = moment.slice(MILLISECONDS_WIDTH, NANOSECONDS_WIDTH);
  const text = finer === "" ? (moment as string) : `${moment.slice(0, MILLISECONDS_WIDTH - 1)}${finer}Z`;
  return text.replace(LEAP_SECOND_WHOLE, ":59.999999999Z");
}

const LEAP_SECOND = /:60\.\d{3}/;
const LEAP_SECOND_WHOLE = /:60\.\d+Z/;

/** The UTC day of a moment, or of a version: `2026-11-23`. */
export const utcDay = (moment: string): string => moment.slice(0, DAY_WIDTH);
