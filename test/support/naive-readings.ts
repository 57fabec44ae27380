import { expect } from "vitest";
import type { ReadingRange } from "#domain/readings.ts";
import type { Received } from "./archived-year.ts";

/** What the points of a range have to be: a fold over one device's reports, with no code of the series. */
export function naiveReadings(reports: readonly Received[], { fromMs, toMs, stepSeconds, fields }: ReadingRange) {
  const steps: Record<string, Record<string, number[]>> = {};
  const seen = new Set<string>();
  for (const { sample } of reports) {
    const { eventId, occurredAt, data } = JSON.parse(sample.value as string);
    const at = Date.parse(occurredAt);
    if (seen.has(eventId) || at < fromMs || at >= toMs) continue;
    seen.add(eventId);
    const step = new Date(at - (at % (stepSeconds * 1_000))).toISOString();
    for (const field of fields) {
      if (data[field] === undefined) continue;
      steps[step] ??= {};
      steps[step][field] ??= [];
      steps[step][field].push(data[field]);
    }
  }
  return Object.entries(steps)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([at, values]) => ({
      at,
      ...Object.fromEntries(
        Object.entries(values).map(([field, all]) => [
          field,
          {
            min: Math.min(...all),
            max: Math.max(...all),
            mean: expect.closeTo(all.reduce((a, b) => a + b, 0) / all.length, 9),
            count: all.length,
          },
        ]),
      ),
    }));
}
