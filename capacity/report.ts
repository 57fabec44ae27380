import { MONTHLY, PRICES } from "../bench/prices.ts";
import { type BillLine, billOf, DAYS_A_MONTH, totalOf } from "./bill.ts";
import { type Check, checksOf, TARGET } from "./checks.ts";
import { type Load, loadOf } from "./load.ts";
import type { Measured } from "./measured.ts";
import type { Plan } from "./plan.ts";

/** All that is known of a plan. The command prints it as text, or as this with `--json`. */
export type Report = {
  readonly plan: Plan;
  readonly verdict: string;
  readonly checks: readonly Check[];
  readonly load: Load;
  readonly bill: { readonly asOf: string; readonly dollarsAMonth: number; readonly lines: readonly BillLine[] };
  /** What a day should count and cost, and the values at which an alert is due: half as much again. */
  readonly day: { readonly rowsWritten: number; readonly messages: number; readonly dollars: number };
};

export const ALERT_FACTOR = 1.5;

export function reportOn(plan: Plan, measured: Measured): Report {
  const load = loadOf(plan, measured);
  const checks = checksOf(plan, measured);
  const lines = billOf(plan, load);
  const dollarsAMonth = totalOf(lines);
  const messages = load.messages * 86_400;
  return {
    plan,
    verdict: verdictOf(checks),
    checks,
    load,
    bill: { asOf: PRICES.asOf, dollarsAMonth, lines },
    day: { rowsWritten: load.perDay.d1RowsWritten, messages, dollars: dollarsAMonth / DAYS_A_MONTH },
  };
}

/** The first things that end, and how many of each this fleet needs. */
function verdictOf(checks: readonly Check[]): string {
  const database = checks.filter(({ id }) => id === "d1.size" || id === "d1.writes");
  const first = database.reduce((a, b) => ((a.endsAtDevices ?? Infinity) <= (b.endsAtDevices ?? Infinity) ? a : b));
  const databases = Math.max(...database.map(({ needed }) => needed));
  const end = first.endsAtDevices === null ? "never ends" : `ends at ${shortOf(first.endsAtDevices)} devices`;
  const one = `One D1 database ${end} (${first.name}); this fleet needs ${databases === 1 ? "one" : databases}.`;
  const others = checks.filter(({ id, utilisation }) => utilisation > TARGET && !id.startsWith("d1."));
  if (others.length === 0) return `${one} Nothing else is over ${TARGET * 100} % of its limit.`;
  return `${one} Over ${TARGET * 100} % of their limits too: ${others.map(({ name }) => name).join(", ")}.`;
}

/** The report as a table that is read from the top: what is fullest comes first. */
export function textOf({ plan, verdict, checks, load, bill, day }: Report): string {
  const head = `${shortOf(plan.devices)} devices, ${shortOf(plan.eventsPerDeviceDay)} events a day each, ${plan.peakFactor} times as many at peak, objects written ${plan.objectWrites}`;
  const limits = [
    ["limit", "used", "ends at", "needs", "the way past it"],
    ...checks.map(({ name, utilisation, endsAtDevices, needs, wayPast }) => [
      name,
      percentOf(utilisation),
      endsAtDevices === null ? "never" : `${shortOf(endsAtDevices)} devices`,
      needs,
      utilisation > TARGET ? wayPast : "",
    ]),
  ];
  const lines = [
    [`the bill of a month, prices of ${bill.asOf}`, "", `$${moneyOf(bill.dollarsAMonth)}`],
    ...bill.lines
      .filter(({ dollars }) => dollars >= 0.005)
      .map(({ name, amount, unit, dollars }) => [
        name,
        unit === "month" ? "" : `${shortOf(unit === "million" ? amount * 1e6 : amount)}${unit === "GB" ? " GB" : ""}`,
        `$${moneyOf(dollars)}`,
      ]),
  ];
  return [
    head,
    verdict,
    "",
    ...alignedLines(limits, [1, 2, 3]),
    "",
    ...alignedLines(lines, [1, 2]),
    "",
    `${shortOf(load.records)} records a second, ${shortOf(load.peakRecords)} at peak; a record waits ${durationOf(load.queueAgeSeconds)} at most; while D1 is out, the queue takes everything for ${durationOf(load.hoursUntilQueueIsFull * 3_600)}`,
    `D1 has ${shortOf(load.d1Bytes / 1e9)} GB, objects have ${shortOf(load.objectBytes / 1e9)} GB; D1 works ${shortOf(load.d1BusyMs)} ms in each second of the peak`,
    `a day: ${shortOf(day.rowsWritten)} rows written, ${shortOf(day.messages)} messages, $${moneyOf(day.dollars)}; alert at ${ALERT_FACTOR} times: ${shortOf(day.rowsWritten * ALERT_FACTOR)} rows, $${moneyOf(day.dollars * ALERT_FACTOR)}`,
    `from $${MONTHLY.plan} a month for an empty platform; assumptions: docs/decisions/0041-what-the-capacity-model-knows.md`,
  ].join("\n");
}

const UNITS = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** Two digits that count, as `6.1 M`. */
export function shortOf(value: number): string {
  const [per, unit] = UNITS.find(([from]) => value >= from * 0.9995) ?? [1, ""];
  const scaled = value / per;
  const shown =
    scaled !== 0 && scaled < 0.1 ? scaled.toPrecision(1) : scaled.toFixed(scaled < 9.95 ? 1 : 0).replace(/\.0$/, "");
  return `${shown}${unit && ` ${unit}`}`;
}

export const percentOf = (share: number): string =>
  share < 0.001 ? "0 %" : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
export function moneyOf(dollars: number): string {
  const digits = dollars < 100 && !Number.isInteger(dollars) ? 2 : 0;
  return dollars.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function durationOf(seconds: number): string {
  if (seconds < 1) return `${Math.ceil(seconds * 1_000)} ms`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 2 * 86_400 ? `${Math.round(seconds / 3_600)} hours` : `${Math.round(seconds / 86_400)} days`;
}

/** @param right the columns that are aligned to the right */
function alignedLines(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((text, i) => (right.includes(i) ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
