import { counted } from "../../cli/terminal/counted.ts";
import type { Paint } from "../../cli/terminal/paint.ts";
import { truncate } from "../../cli/terminal/printable.ts";
import { type Column, tableLines } from "../../cli/terminal/table.ts";
import { formatTime } from "../../cli/terminal/times.ts";
import { spanText } from "../span.ts";
import { differencesIn } from "./build.ts";
import type { Example, FieldReport, Report } from "./schema.ts";
import { headline } from "./words.ts";

const [MAX_FIELDS, EXAMPLES_EACH, MAX_IDS] = [12, 2, 5];

type Style = { readonly width: number; readonly paint: Paint };

/** The report in lines: what is wrong first, with as many examples as a screen has room for. */
export function reportLines(report: Report, { width, paint }: Style): string[] {
  const { verdict, old, new: newer, items, totals, startedAt, endedAt, repeatedRequests } = report;
  const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000;
  const sent = `${counted(old.requests, "request")} to the old side, ${newer.requests} to the new one, ${repeatedRequests} of them again`;
  return [
    paint(verdict === "clean" ? "good" : "bad", headline(report)),
    paint("faint", `old ${old.url}   new ${newer.url}`),
    paint("faint", `${formatTime(startedAt)}, ${spanText(seconds * 1_000)}, ${sent}`),
    "",
    `items   ${items.compared} of ${items.all} compared: ${items.same} the same, ${items.differ} not`,
    `values  ${totals.compared} compared: ${totals.match} match; ${countsOf(report)}`,
    ...cleanLines(report),
    ...section("What differs most", fieldLines(report, { width, paint }), paint),
    ...section("Items to look at", idLines(report), paint),
    ...section("Could not be compared", report.errors.slice(0, MAX_IDS).map(errorLine), paint),
    ...section("Ignored by a rule", report.ignored.map(ignoredLine), paint),
    ...section("Left out as noise: the old side does not agree with itself", report.noise.map(noiseLine), paint),
    ...section(
      "Selected, and compared by no field",
      report.notCompared.map(({ document, side, fields }) => `${document}, ${side}: ${fields.join(", ")}`),
      paint,
    ),
  ].map((line) => truncate(line, Math.max(width, 40)));
}

const countsOf = ({ totals }: Report): string =>
  [
    [totals.mismatch, "mismatch"],
    [totals.missingNew, "missing in the new"],
    [totals.missingOld, "missing in the old"],
    [totals.error, "error"],
    [totals.lagging, "lagging"],
    [totals.moved, "agreed later"],
    [totals.ignored, "ignored"],
    [totals.noise, "noise"],
  ]
    .map(([count, name]) => `${count} ${name}`)
    .join(", ");

function cleanLines({ clean }: Report): string[] {
  if (!clean) return [];
  const { from, to, forMs, neededMs } = clean;
  if (!from || !to) return [`clean   at no time yet, of ${spanText(neededMs)} that are asked for`];
  return [`clean   ${spanText(forMs)} of ${spanText(neededMs)}: from ${formatTime(from)} to ${formatTime(to)}`];
}

const section = (title: string, lines: readonly string[], paint: Paint): string[] =>
  lines.length === 0 ? [] : ["", paint("title", title), ...lines];

const COLUMNS: readonly Column<FieldReport>[] = [
  { title: "field", value: ({ field }) => field, maxWidth: 48, minWidth: 16 },
  { title: "compared", value: ({ compared }) => compared, align: "right", dropOrder: 2 },
  { title: "mismatch", value: ({ mismatch }) => mismatch, align: "right" },
  { title: "not new", value: ({ missingNew }) => missingNew, align: "right" },
  { title: "not old", value: ({ missingOld }) => missingOld, align: "right" },
  { title: "lagging", value: ({ lagging }) => lagging, align: "right", dropOrder: 1 },
  { title: "mostly", value: ({ likenesses: [first] }) => (first ? `${first.count} × ${first.words}` : "") },
];

function fieldLines({ fields }: Report, { width, paint }: Style): string[] {
  const differing = fields.filter((field) => differencesIn(field) > 0);
  if (differing.length === 0) return [];
  const shown = differing.slice(0, MAX_FIELDS);
  const [titles = "", ...rows] = tableLines(shown, COLUMNS, { width, paint });
  const hidden = differing.length - shown.length;
  return [
    titles,
    ...shown.flatMap((field, i) => [
      rows[i] ?? "",
      ...field.examples.slice(0, EXAMPLES_EACH).map((example) => paint("faint", exampleLine(example, width))),
    ]),
    ...(hidden > 0 ? [paint("faint", `… and ${counted(hidden, "more field")}`)] : []),
  ];
}

function exampleLine({ id, at, old, new: newer }: Example, width: number): string {
  const room = Math.max(16, Math.floor((width - 20 - id.length - at.length) / 2));
  return `  ${id} ${at}: old ${truncate(old, room)}, new ${truncate(newer, room)}`;
}

const idLines = ({ ids }: Report): string[] => [
  ...ids.slice(0, MAX_IDS).map(({ document, id, differences, fields }) => {
    const more = fields.length > 4 ? ", …" : "";
    return `${id}  ${counted(differences, "difference")} in ${document}: ${fields.slice(0, 4).join(", ")}${more}`;
  }),
  ...(ids.length > MAX_IDS ? [`… and ${ids.length - MAX_IDS}${ids.length === 100 ? " or more" : ""} others`] : []),
];

const errorLine = ({ document, message, count, ids }: Report["errors"][number]): string =>
  `${document}: ${message} (${counted(count, "time")}, ${ids[0]})`;

const ignoredLine = ({ field, differences, reason, until }: Report["ignored"][number]): string =>
  `${field}: ${counted(differences, "difference")}, until ${until}: ${reason}`;

const noiseLine = ({ field, compared, differed, isLeftOut, differences }: Report["noise"][number]): string =>
  `${field}: ${differed} of ${compared} answers in the control run; ${counted(differences, "difference")} left out${isLeftOut ? ", and all of the field" : ""}`;
