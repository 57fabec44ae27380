import { SECOND_MS } from "./calendar.ts";
import type { Device } from "./fleet.ts";
import { offsetMinutesOf } from "./places.ts";
import type { Random } from "./random.ts";

/** A time as this device's clock has it: elt has whole seconds, and so has ecobee in half of its messages. */
export function tellable({ source }: Device, ms: number, random: Random): number {
  const inSeconds = source === "elt" || (source === "ecobee" && random.chance(0.5));
  return inSeconds ? Math.floor(ms / SECOND_MS) * SECOND_MS : Math.floor(ms);
}

/** RFC 3339 as each source writes it; every form is the same time, `ms`. */
export function writeTime({ source, city }: Device, ms: number, random: Random): string {
  const iso = new Date(ms).toISOString();
  const wholeSecond = ms % SECOND_MS === 0;
  switch (source) {
    case "infinity":
      return iso;
    case "elt":
      return wholeSecond && random.chance(0.8) ? localTime(ms, offsetMinutesOf(city, ms)) : iso;
    case "ecobee":
      if (wholeSecond) return iso.replace(".000Z", random.chance(0.6) ? "Z" : "+00:00");
      // Python writes microseconds, Go drops the zeros at the end.
      return iso.replace(
        /0*Z$/,
        random.chance(0.5) ? "Z" : `${"0".repeat(trailingZeros(iso))}${random.digits(3)}+00:00`,
      );
  }
}

export const writeUtcSeconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

/** The wall clock, split as ecobee splits it. */
export function wallClockOf({ city }: Device, ms: number): { date: string; time: string } {
  const iso = new Date(ms + offsetMinutesOf(city, ms) * 60_000).toISOString();
  return { date: iso.slice(0, 10), time: iso.slice(11, 19) };
}

function localTime(ms: number, offsetMinutes: number): string {
  const wall = new Date(ms + offsetMinutes * 60_000).toISOString().slice(0, 19);
  const hours = String(Math.abs(offsetMinutes) / 60).padStart(2, "0");
  return `${wall}${offsetMinutes < 0 ? "-" : "+"}${hours}:00`;
}

const trailingZeros = (iso: string): number => /(0*)Z$/.exec(iso)?.[1]?.length ?? 0;
