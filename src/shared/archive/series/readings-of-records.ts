import { readingOf, reportOf } from "#domain/readings.ts";
import { dayOf } from "../names.ts";
import type { ArchivedRecord } from "../record.ts";
import { parseEventLine, parseRows, rowsLine, rowText, toReadingLines } from "./content.ts";
import { lineOrder } from "./names.ts";
import type { Line } from "./segment.ts";

/**
 * Lines of readings without what some records have measured. A reading does not say when it was received or in which topic,
 * but a segment that has it also has the record that it is of.
 * @param kept the lines of the segment's other records: a reading that one of them has measured too stays
 */
export function withoutReadings(
  lines: readonly Line[],
  removed: readonly ArchivedRecord[],
  kept: readonly Line[],
): readonly Line[] {
  const gone = new Set(removed.flatMap((record) => placeOf(record) ?? []));
  if (gone.size === 0) return lines;
  const again = new Set(kept.flatMap((line) => measuredAgain(line, gone)));
  return lines.flatMap((line) => {
    const rows = parseRows(line);
    const left = rows.filter((row) => {
      const place = placeIn(line.order, row[0], row[1]);
      return !gone.has(place) || again.has(`${place} ${rowText(row)}`);
    });
    if (left.length === rows.length) return [line];
    return left.length === 0 ? [] : [rowsLine(line.order, left)];
  });
}

const placeIn = (order: string, atMs: number, tag: string): string => `${order} ${atMs} ${tag}`;

/** Where the reading of a record is, if it is a report; also if today's contracts refuse the record. */
function placeOf({ deviceKey, version }: ArchivedRecord): string | null {
  if (deviceKey === null || version === null) return null;
  const { atMs, tag } = reportOf(version);
  return placeIn(lineOrder(deviceKey, dayOf(atMs)), atMs, tag);
}

/** The readings, among those that go, that a record has measured too which stays: it was sent twice. */
function measuredAgain(line: Line, gone: ReadonlySet<string>): string[] {
  const place = placeOf(JSON.parse(line.content) as ArchivedRecord);
  if (place === null || !gone.has(place)) return [];
  const event = parseEventLine(line)?.event;
  const reading = event && readingOf(event);
  if (!reading) return [];
  const [own] = toReadingLines([{ key: event.deviceKey, reading }]);
  return own ? parseRows(own).map((row) => `${place} ${rowText(row)}`) : [];
}
