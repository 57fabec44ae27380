import type { FaultGroup } from "../../../backfill/run/fault-groups.ts";
import { sumOf, type Tally } from "../../../backfill/run/tally.ts";
import type { Paint } from "../../terminal/paint.ts";

/** The summary of a run, as `--json` prints it. Its numbers are of all runs of one state, those before this one too. */
export type Report = {
  readonly tally: Tally;
  /** Of this run. */
  readonly faults: readonly FaultGroup[];
  /** What does not add up; nothing if all does. */
  readonly gaps: readonly string[];
  readonly isComplete: boolean;
  /** An event of each topic, where nothing is sent. */
  readonly examples?: Readonly<Record<string, unknown>>;
  /** Of this run. */
  readonly rows: number;
  readonly seconds: number;
};

type Style = { readonly isDry: boolean; readonly faultsPath: string; readonly paint: Paint };

export function reportLines(report: Report, { isDry, faultsPath, paint }: Style): string[] {
  const { tally, faults, gaps, examples = {} } = report;
  const letters = sumOf(tally.letters);
  return [
    ...sums("Rows", tally.rows, [
      ["good", tally.good],
      ["skipped: no condition of the mapping holds", tally.skipped],
      ...Object.entries(tally.bad).map(([reason, count]) => [`bad: ${reason}`, count] as const),
    ]),
    "",
    ...(isDry
      ? sums("Events that would be sent", sumOf(tally.events) + letters, byTopic(tally))
      : sums("Events sent", sumOf(tally.events) + letters, [
          ["accepted", tally.accepted],
          ["dead-lettered", tally.deadLettered],
        ])),
    ...Object.entries(examples).flatMap(([topic, value]) => ["", paint("title", topic), JSON.stringify(value)]),
    ...(faults.length === 0 ? [] : ["", paint("title", "Faults"), ...faults.flatMap(faultLines)]),
    ...(faults.length === 0 || isDry
      ? []
      : ["", `Their rows are in ${faultsPath}, and their dead letters in \`concord dlq groups\`.`]),
    ...gaps.map((gap) => paint("bad", `! ${gap}`)),
  ];
}

const byTopic = ({ events, letters }: Tally): (readonly [string, number])[] => [
  ...Object.entries(events).sort(),
  ...Object.entries(letters)
    .sort()
    .map(([topic, count]) => [`${topic}, as dead letters`, count] as const),
];

/** A number, and below it the numbers that it is the sum of. */
function sums(title: string, total: number, parts: readonly (readonly [string, number])[]): string[] {
  const width = Math.max(...[total, ...parts.map(([, count]) => count)].map((count) => String(count).length));
  const line = (count: number, label: string) => `${String(count).padStart(width + 2)}  ${label}`;
  return [`${title}: ${total}`, ...parts.filter(([, count]) => count > 0).map(([label, count]) => line(count, label))];
}

function faultLines({ table, topic, reason, message, count, examples }: FaultGroup): string[] {
  const places = examples.map(({ file, place }) => `${file} ${place}`).join(", ");
  const more = count > examples.length ? ", …" : "";
  return [`  ${count} × ${reason} (${table}, ${topic})`, `      ${message}`, `      ${places}${more}`];
}
