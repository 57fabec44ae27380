import { wallClockToUtcMs } from "#base/time-zone.ts";
import { formatRfc3339, parseTime, toMoment } from "#domain/time.ts";
import { parseJson } from "#json/parse-json.ts";
import type { Json } from "../json.ts";
import type { Conversion } from "../settings/schema.ts";

export type Convert = (value: Json) => Json;

/**
 * How one side's value is read. A value that cannot be converted stays as it is, so that it is reported as it came.
 * Steps that are not asked for are left out; the others are done in the order in which docs/parity.md has them.
 */
export function converter(conversion: Conversion): Convert {
  const { nullIf, as, trim, case: letters, values, add, multiply, default: otherwise } = conversion;
  const steps: Convert[] = [];
  if (trim) steps.push(ofText((text) => text.trim()));
  if (nullIf) steps.push((value) => (nullIf.some((each) => each === value) ? null : value));
  if (as) steps.push(typed(conversion));
  if (letters) steps.push(ofText((text) => (letters === "lower" ? text.toLowerCase() : text.toUpperCase())));
  if (values)
    steps.push((value) => (isKey(value) && Object.hasOwn(values, `${value}`) ? values[`${value}`] : value) as Json);
  if (add !== undefined) steps.push(ofNumber((number) => number + add));
  if (multiply !== undefined) steps.push(ofNumber((number) => number * multiply));
  if (otherwise !== undefined) steps.push((value) => (value === null ? (otherwise as Json) : value));
  const convertOne: Convert = (value) => steps.reduce((converted, step) => step(converted), value);
  // Of a list each item is converted.
  return (value) => (Array.isArray(value) ? value.map((item) => convertOne(item as Json)) : convertOne(value));
}

const isKey = (value: Json): value is string | number | boolean => value !== null && typeof value !== "object";

const ofText =
  (change: (text: string) => Json): Convert =>
  (value) =>
    typeof value === "string" ? change(value) : value;

/** Rounded to what a double holds for sure: 68 °F is 20 °C, and not 20.000000000000004. */
const ofNumber =
  (change: (number: number) => number): Convert =>
  (value) =>
    typeof value === "number" ? Number(change(value).toPrecision(14)) : value;

function typed({ as, format = "iso", zone }: Conversion): Convert {
  switch (as) {
    case "number":
      return ofText((text) => (NUMBER.test(text.trim()) ? Number(text) : text));
    case "text":
      return (value) => (isKey(value) ? String(value) : value);
    case "boolean":
      return (value) => (isKey(value) ? (BOOLEANS[String(value).toLowerCase()] ?? value) : value);
    case "json":
      return ofText((text) => (parseJson(text) as Json | undefined) ?? text);
    case "time":
      return (value) => (isKey(value) ? (timeOf(value, format, zone) ?? value) : value);
    default:
      return (value) => value;
  }
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

const BOOLEANS: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(["true", "t", "yes", "y", "on", "1"].map((word) => [word, true])),
  ...Object.fromEntries(["false", "f", "no", "n", "off", "0"].map((word) => [word, false])),
};

/** A date, with a time or without, and with the offset that AWSDateTime and RFC 3339 have, or without. */
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?([.,]\d+)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?$/i;

const PER_SECOND = { "epoch-seconds": 1, "epoch-millis": 1_000, "epoch-micros": 1_000_000 } as const;

/** RFC 3339 in UTC, with all digits; `undefined` for what is no time. */
function timeOf(value: string | number | boolean, format: NonNullable<Conversion["format"]>, zone = "UTC") {
  if (format !== "iso") {
    const count = typeof value === "string" && NUMBER.test(value) ? Number(value) : value;
    return typeof count === "number" ? momentText((count / PER_SECOND[format]) * 1_000) : undefined;
  }
  const [, date, clock = "00:00", seconds = ":00", fraction = "", offset] = TIME.exec(String(value)) ?? [];
  if (date === undefined) return undefined;
  const shown = `${date}T${clock}${seconds}${fraction.replace(",", ".")}`;
  if (offset !== undefined) return momentText(`${shown}${/^z$/i.test(offset) ? "Z" : fullOffset(offset)}`);
  const asIfUtc = parseTime(`${shown}Z`);
  if (asIfUtc === undefined || zone === "UTC") return asIfUtc && formatRfc3339(asIfUtc);
  const whole = Date.parse(`${date}T${clock}${seconds}Z`);
  const [instant] = new Date(wallClockToUtcMs(whole, zone)).toISOString().split(".");
  return momentText(`${instant}${fraction.replace(",", ".")}Z`);
}

const fullOffset = (offset: string): string => `${offset.slice(0, 3)}:${offset.slice(3).replace(":", "") || "00"}`;

function momentText(time: string | number): string | undefined {
  if (typeof time === "number") return Math.abs(time) < 8.64e15 ? formatRfc3339(toMoment(time)) : undefined;
  const moment = parseTime(time);
  return moment && formatRfc3339(moment);
}
