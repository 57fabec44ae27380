import { SOURCES, type Source } from "#domain/event.ts";
import type { ColumnProfile, Profile } from "./profile.ts";

/** What a profile suggests for a mapping. */
export type Findings = {
  /** Columns that may identify a row, the likeliest first. */
  readonly keys: readonly string[];
  /** Columns that may say when a row last changed, the likeliest first. */
  readonly times: readonly string[];
  /** Columns that say when a row came into the warehouse. */
  readonly loadTimes: readonly string[];
  /** The column with the device's id. */
  readonly device: string | undefined;
  /** The column that tells the upstream system, with what its values may mean. */
  readonly source: { readonly column: string; readonly values: Readonly<Record<string, Source>> } | undefined;
  /** What somebody should know before a mapping is written. */
  readonly warnings: readonly string[];
};

const CHANGED = /(UPDATED|MODIFIED|CHANGED|LAST_?(UPDATE|CHANGE|MODIF))/i;
const LOADED = /(LOAD|INGEST|INSERTED|ETL|ELT_|SYNC|EXTRACT|EXPORT|UNLOAD|_?DW_|BATCH|FIVETRAN|AIRBYTE|SNAPSHOT)/i;
const CREATED = /(CREATED|REGISTERED|RAISED|ASSIGNED|OPENED|STARTED|REPORTED)/i;

export function findingsOf({ columns, rows, unreadable }: Profile): Findings {
  const all = columns.filter(({ type }) => type.startsWith("time"));
  const loaded = all.filter((column) => LOADED.test(column.name) || looksLoaded(column, rows));
  const timed = all.filter((column) => !loaded.includes(column));
  const rank = ({ name }: ColumnProfile) => (CHANGED.test(name) ? 0 : CREATED.test(name) ? 1 : 2);
  const times = timed.toSorted((a, b) => rank(a) - rank(b)).map(({ name }) => name);
  const keys = columns
    .filter(({ isUnique, type }) => isUnique && ["integer", "text"].includes(type))
    .toSorted((a, b) => keyRank(a.name) - keyRank(b.name))
    .map(({ name }) => name);
  const device = columns.find(({ name }) => /^(DEVICE|THERMOSTAT|UNIT)_?(ID|KEY|NUMBER)$/i.test(name))?.name ?? keys[0];
  const found = { keys, times, loadTimes: loaded.map(({ name }) => name), device, source: sourceIn(columns) };
  return {
    ...found,
    warnings: warningsOf(columns, found, { rows, unreadable, changes: timed.some((each) => rank(each) === 0) }),
  };
}

const keyRank = (name: string): number =>
  /(^|_)(ID|KEY|UUID)$/i.test(name) ? (/^(ID|KEY|UUID)$/i.test(name) ? 0 : 1) : 2;

/** One time for all rows, or for thousands of them, is that of a batch. */
const looksLoaded = ({ distinct, nullShare }: ColumnProfile, rows: number): boolean =>
  nullShare === 0 && rows >= 20 && distinct <= Math.max(1, rows / 1_000);

function sourceIn(columns: readonly ColumnProfile[]): Findings["source"] {
  for (const { name, values } of columns) {
    const meant = values.flatMap((value) => {
      const source = SOURCES.find((each) => value.length >= 3 && each.startsWith(value.toLowerCase().slice(0, 3)));
      return source === undefined ? [] : [[value, source] as const];
    });
    if (meant.length > 0 && meant.length * 2 > values.length)
      return { column: name, values: Object.fromEntries(meant) };
  }
  return undefined;
}

type Context = { readonly rows: number; readonly unreadable: number; readonly changes: boolean };

function warningsOf(
  columns: readonly ColumnProfile[],
  { keys, times, loadTimes }: Pick<Findings, "keys" | "times" | "loadTimes">,
  { rows, unreadable, changes }: Context,
): string[] {
  const warnings: string[] = [];
  const local = columns.filter(({ type }) => type === "time without zone").map(({ name }) => name);
  for (const name of loadTimes)
    warnings.push(
      `${name} is when a row came into the warehouse, and not when it changed. As the time of events it would make yesterday's state newer than today's live events. Do not map it.`,
    );
  if (times.length === 0)
    warnings.push(
      loadTimes.length > 0
        ? "There is no other time. Unload one that the source itself has set: without it, live events cannot win."
        : "There is no time that could say when a row changed. Unload one: without it, live events cannot win.",
    );
  else if (!changes)
    warnings.push(
      `No column is named as a time of change. ${times[0]} is a guess: if rows change after it, their newest state has an old time, and loses.`,
    );
  if (local.length > 0)
    warnings.push(
      `${local.join(", ")} ${local.length > 1 ? "name" : "names"} no time zone: ask whose clock it was, and set \`zone\`.`,
    );
  if (keys.length === 0)
    warnings.push("No single column is different in every row: the key has to be of several columns.");
  if (unreadable > 0)
    warnings.push(`${unreadable} of ${rows} rows cannot be read: see how the file quotes and escapes.`);
  return warnings;
}
