/** Whether this is a name of the IANA database, or an offset such as +02:00. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/**
 * When a clock on the wall of a time zone shows this. Where clocks are set forward, a time in the gap is as far behind
 * the gap; where they are set back, the first of the two is taken. Temporal calls that `compatible`.
 * @param wallMs the clock's reading, as milliseconds since 1970 if it were UTC
 * @param zone a name of the IANA database, or an offset
 * @returns milliseconds since 1970 UTC
 */
export function wallClockToUtcMs(wallMs: number, zone: string): number {
  // Offsets are within a day of UTC, and change at most once in two days.
  const before = offsetMsAt(wallMs - DAY_MS, zone);
  const after = offsetMsAt(wallMs + DAY_MS, zone);
  const candidates = [wallMs - before, wallMs - after].filter((utcMs) => utcMs + offsetMsAt(utcMs, zone) === wallMs);
  return candidates.length > 0 ? Math.min(...candidates) : wallMs - before;
}

const DAY_MS = 86_400_000;
/** Offsets are looked up by quarter of an hour: no zone has changed its clocks at another time since 1972. */
const STEP_MS = 900_000;
const cache = new Map<string, { readonly format: Intl.DateTimeFormat; readonly offsets: Map<number, number> }>();
/** Steps that are kept of a zone; those of thirty years of rows, if each were in another. */
const MAX_STEPS = 1_000_000;

/** How far the zone is ahead of UTC at a moment, in milliseconds. */
function offsetMsAt(utcMs: number, zone: string): number {
  let known = cache.get(zone);
  if (!known) {
    known = { format: formatFor(zone), offsets: new Map() };
    cache.set(zone, known);
  }
  const step = Math.floor(utcMs / STEP_MS);
  let offset = known.offsets.get(step);
  if (offset === undefined) {
    if (known.offsets.size >= MAX_STEPS) known.offsets.clear();
    offset = lookUp(known.format, step * STEP_MS);
    known.offsets.set(step, offset);
  }
  return offset;
}

const formatFor = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "iso8601",
    hourCycle: "h23",
    ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" },
  });

function lookUp(format: Intl.DateTimeFormat, utcMs: number): number {
  const part = Object.fromEntries(format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - utcMs;
}
