import { wallClockToUtcMs } from "#base/time-zone.ts";
import { parseTime } from "#domain/time.ts";
import type { Cell } from "../read/row.ts";
import { offsetOf, type TimeParts } from "./time-parts.ts";
import { compilePattern } from "./time-pattern.ts";

export type TimeFormat = { readonly format?: string | undefined; readonly zone?: string | undefined };

export type TimeResult =
  | { readonly ok: true /** RFC 3339, with every digit that the file has. */; readonly time: string }
  | { readonly ok: false; readonly problem: string };

/** Reads a cell that is not null as a time. */
export type ReadTime = (cell: Cell) => TimeResult;

/** Digits of the fraction of a second behind which an epoch's numbers stand. */
const EPOCHS: Readonly<Record<string, number>> = {
  "epoch-seconds": 0,
  "epoch-millis": 3,
  "epoch-micros": 6,
  "epoch-nanos": 9,
};

/** @throws RangeError for a format that nobody knows, with what is wrong with it */
export function timeReader({ format = "iso", zone }: TimeFormat): ReadTime {
  const digits = EPOCHS[format];
  if (digits !== undefined) return (cell) => readEpoch(cell, digits);
  const parts = format === "iso" ? readIso : compilePattern(format);
  return (cell) => {
    if (typeof cell !== "string") return bad("is no text with a time; a number needs a format such as epoch-millis");
    const found = parts(cell.trim());
    return found ? assemble(found, zone) : bad(`is no time of the format ${format}`);
  };
}

const ISO = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,18}))?)?\s*([Zz]|UTC|[+-]\d\d(?::?\d\d)?)?)?$/;

/** RFC 3339, and what warehouses write in its place: a space, no seconds, no zone, `+0000`, or only the day. */
function readIso(text: string): TimeParts | undefined {
  const [, day, minutes = "00:00", seconds = "00", fraction = "", offset] = ISO.exec(text) ?? [];
  return day === undefined ? undefined : { clock: `${day}T${minutes}:${seconds}`, fraction, offset: offsetOf(offset) };
}

function assemble({ clock, fraction, offset }: TimeParts, zone: string | undefined): TimeResult {
  const digits = fraction === "" ? "" : `.${fraction}`;
  if (offset !== undefined) return checked(`${clock}${digits}${offset}`);
  if (zone === undefined) return bad("names no time zone, and neither does the mapping: set `zone`");
  // Of a wall clock too, a day that no calendar has is found by our own parser.
  const asUtc = checked(`${clock}${digits}Z`);
  if (!asUtc.ok || zone === "UTC") return asUtc;
  const seconds = new Date(wallClockToUtcMs(Date.parse(`${clock}Z`), zone)).toISOString().slice(0, 19);
  return checked(`${seconds}${digits}Z`);
}

function readEpoch(cell: Cell, digits: number): TimeResult {
  const text = typeof cell === "string" ? cell.trim() : typeof cell === "object" ? "" : String(cell);
  const [, sign, whole = "", more = ""] = /^(-?)(\d{1,30})(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === "") return bad("is no number of an epoch");
  if (sign === "-") return bad("is before 1970");
  const seconds = Number(whole.slice(0, -digits || undefined) || "0");
  // Beyond the year 9999; a wrong unit is most often found by that.
  if (seconds >= 253_402_300_800) return bad("is beyond the year 9999: is the unit of its format right?");
  const fraction = (digits === 0 ? "" : whole.slice(-digits).padStart(digits, "0")) + more;
  const clock = new Date(seconds * 1_000).toISOString().slice(0, 19);
  const kept = fraction.replace(/0+$/, "").slice(0, 18);
  return { ok: true, time: `${clock}${kept === "" ? "" : `.${kept}`}Z` };
}

const checked = (time: string): TimeResult =>
  parseTime(time) === undefined ? bad("is a time that no calendar has") : { ok: true, time };

const bad = (problem: string): TimeResult => ({ ok: false, problem });
