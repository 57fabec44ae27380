import type { DeviceState, ReceivedEvent } from "#domain/as-of.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import { READING_FIELDS, type Reading, readingOf } from "#domain/readings.ts";
import { compareText } from "#domain/version.ts";
import { dayOf } from "../names.ts";
import { type ArchivedRecord, oneOfCopies } from "../record.ts";
import { eventOrder, lineOrder } from "./names.ts";
import { readAgain } from "./read-again.ts";
import type { Line } from "./segment.ts";

/** The line of a record that was merged. */
export const toEventLine = (record: ArchivedRecord, { deviceKey, version }: ConcordEvent): Line => ({
  order: eventOrder(deviceKey, version, record.receipt),
  content: JSON.stringify(record),
});

/** Each record once: of copies the one that counts. */
export function onceEach(lines: readonly Line[]): Line[] {
  return [...Map.groupBy(lines, ({ order }) => order).values()].map((copies) =>
    copies.reduce((a, b) => (a.content === b.content || oneOfCopies(recordIn(a), recordIn(b)) === recordIn(a) ? a : b)),
  );
}

const recordIn = ({ content }: Line): ArchivedRecord => JSON.parse(content) as ArchivedRecord;

/** The event of a line, by today's contracts; `null` if they refuse it. */
export function parseEventLine({ content }: Line): ReceivedEvent | null {
  const record = JSON.parse(content) as ArchivedRecord;
  const event = readAgain(record);
  return event && { event, receivedAtMs: record.receivedAtMs };
}

/** A report's row: when, its tag, and its numbers in the order of `READING_FIELDS`. */
export type Row = readonly [atMs: number, tag: string, ...numbers: (number | null)[]];

/** A device's readings, as a line a UTC day. */
export function toReadingLines(readings: readonly { readonly key: DeviceKey; readonly reading: Reading }[]): Line[] {
  const byLine = Map.groupBy(readings, ({ key, reading }) => lineOrder(key, dayOf(reading.atMs)));
  return [...byLine].map(([order, group]) =>
    rowsLine(
      order,
      group.map(({ reading }) => toRow(reading)),
    ),
  );
}

const toRow = (reading: Reading): Row => [
  reading.atMs,
  reading.tag,
  ...READING_FIELDS.map((field) => reading[field] ?? null),
];

/** One line for each device and day. */
export function joinReadingLines(lines: readonly Line[]): Line[] {
  return [...Map.groupBy(lines, ({ order }) => order)].map(([order, group]) =>
    rowsLine(order, group.flatMap(parseRows)),
  );
}

/** The rows of a line of readings. */
export const parseRows = ({ content }: Line): Row[] => JSON.parse(content) as Row[];

/** A row as it is in its line. */
export const rowText = (row: Row): string => JSON.stringify(row);

/** Each row once, oldest first. */
export function rowsLine(order: string, rows: readonly Row[]): Line {
  const sorted = rows
    .map((row) => ({ atMs: row[0], text: rowText(row) }))
    .sort((a, b) => a.atMs - b.atMs || compareText(a.text, b.text));
  const once = sorted.filter(({ text }, i) => text !== sorted[i - 1]?.text);
  return { order, content: `[${once.map(({ text }) => text).join()}]` };
}

/** The readings of lines of one device. */
export const parseReadingLine = (line: Line): Reading[] => parseRows(line).map(fromRow);

function fromRow([atMs, tag, ...numbers]: Row): Reading {
  const known = READING_FIELDS.flatMap((field, i) => {
    const value = numbers[i] ?? null;
    return value === null ? [] : [[field, value] as const];
  });
  return { atMs, tag, ...Object.fromEntries(known) };
}

/** What a device reported, of the events that are status reports. */
export const readingsOf = (events: readonly ConcordEvent[]): { readonly key: DeviceKey; readonly reading: Reading }[] =>
  events.flatMap((event) => {
    const reading = readingOf(event);
    return reading ? [{ key: event.deviceKey, reading }] : [];
  });

/** A device's state, as a line. */
export const toStateLine = (state: DeviceState): Line => ({
  order: lineOrder(state.key, ""),
  content: JSON.stringify({ ...state, alerts: [...state.alerts], assignments: [...state.assignments] }),
});

export function parseStateLine({ content }: Line): DeviceState {
  const { alerts, assignments, ...state } = JSON.parse(content);
  return { ...state, alerts: new Map(alerts), assignments: new Map(assignments) };
}
