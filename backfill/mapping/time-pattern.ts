import { escapePattern } from "#base/escape-pattern.ts";
import { offsetOf, type TimeParts } from "./time-parts.ts";

/** The elements of Snowflake's formats, the longer ones first, and what each matches. */
const ELEMENTS = [
  ["YYYY", "(?<year>\\d{4})"],
  ["YY", "(?<shortYear>\\d{2})"],
  ["MON", "(?<monthName>[A-Za-z]{3})"],
  ["MM", "(?<month>\\d{2})"],
  ["DD", "(?<day>\\d{2})"],
  ["DY", "[A-Za-z]{3}"],
  ["HH24", "(?<hour>\\d{2})"],
  ["HH12", "(?<hour12>\\d{2})"],
  ["AM", "(?<half>[AaPp][Mm])"],
  ["PM", "(?<half>[AaPp][Mm])"],
  ["MI", "(?<minute>\\d{2})"],
  ["SS", "(?<second>\\d{2})"],
  ["TZH:TZM", "(?<offset>[+-]\\d{2}:\\d{2}|Z)"],
  ["TZHTZM", "(?<offset>[+-]\\d{4}|Z)"],
  ["TZH", "(?<offset>[+-]\\d{2}|Z)"],
] as const;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * A reader of times that are written as a format of Snowflake says: `MM/DD/YYYY HH24:MI:SS.FF3 TZHTZM`.
 * @throws RangeError for a format with an element that is not known, or without a day
 */
export function compilePattern(format: string): (text: string) => TimeParts | undefined {
  const expression = new RegExp(`^${sourceOf(format)}$`);
  return (text) => {
    const found = expression.exec(text)?.groups;
    if (!found) return undefined;
    const { year, shortYear, month, monthName, day, hour, hour12, half, minute = "00", second = "00" } = found;
    const monthNumber = month ?? String(MONTHS.indexOf((monthName ?? "").toLowerCase()) + 1).padStart(2, "0");
    const hours = hour ?? (hour12 === undefined ? "00" : hourOf(Number(hour12), half));
    const clock = `${year ?? `20${shortYear}`}-${monthNumber}-${day}T${hours}:${minute}:${second}`;
    return { clock, fraction: found.fraction ?? "", offset: offsetOf(found.offset) };
  };
}

const hourOf = (hour: number, half = "AM"): string =>
  String((hour % 12) + (half.toUpperCase() === "PM" ? 12 : 0)).padStart(2, "0");

function sourceOf(format: string): string {
  let source = "";
  for (let rest = format; rest !== ""; ) {
    const upper = rest.toUpperCase();
    const element = ELEMENTS.find(([name]) => upper.startsWith(name));
    const fraction = /^FF\d?/.exec(upper)?.[0];
    const literal = /^("[^"]*"|[^A-Za-z])/.exec(rest)?.[0] ?? (/^T/.test(upper) ? rest[0] : undefined);
    if (element) source += element[1];
    else if (fraction !== undefined) source += "(?<fraction>\\d{1,18})";
    else if (literal !== undefined) source += escapePattern(literal.replaceAll('"', ""));
    else
      throw new RangeError(
        `has no meaning from ${rest} on; elements are ${ELEMENTS.map(([name]) => name).join(", ")} and FF`,
      );
    rest = rest.slice((element?.[0] ?? fraction ?? literal ?? "").length);
  }
  if (!/<(year|shortYear)>/.test(source) || !/<(month|monthName)>/.test(source) || !source.includes("<day>"))
    throw new RangeError("needs a year, a month and a day, as YYYY-MM-DD");
  return source;
}
