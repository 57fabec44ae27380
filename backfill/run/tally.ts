import * as z from "zod";
import type { RowResult } from "../mapping/table.ts";

const count = z.int().min(0);
const counts = z.record(z.string(), count);

/** What became of rows, and of the events that they were made to. */
export const Tally = z.strictObject({
  rows: count,
  /** Rows all of whose events are good. */
  good: count,
  /** Rows for which no condition of the mapping holds. */
  skipped: count,
  /** Rows of which at least one event is bad, by the reason of the first. */
  bad: counts,
  /** Good events by topic. */
  events: counts,
  /** Bad events, each of which becomes a dead letter, by topic. */
  letters: counts,
  /** What the boundary said of them. */
  accepted: count,
  deadLettered: count,
  /** Whose request the boundary refused, so that only what identifies them was sent. */
  refused: count,
});
export type Tally = z.output<typeof Tally>;

export const emptyTally = (): Tally => ({
  ...{ rows: 0, good: 0, skipped: 0, bad: {}, events: {}, letters: {} },
  ...{ accepted: 0, deadLettered: 0, refused: 0 },
});

/** Adds one row. */
export function countRow(tally: Tally, result: RowResult): void {
  tally.rows += 1;
  if (result.kind === "skipped") {
    tally.skipped += 1;
    return;
  }
  let reason: string | undefined;
  for (const { topic, fault } of result.events) {
    increase(fault ? tally.letters : tally.events, topic, 1);
    reason ??= fault?.reason;
  }
  if (reason === undefined) tally.good += 1;
  else increase(tally.bad, reason, 1);
}

export function addTally(total: Tally, more: Tally): void {
  for (const name of ["rows", "good", "skipped", "accepted", "deadLettered", "refused"] as const)
    total[name] += more[name];
  for (const name of ["bad", "events", "letters"] as const)
    for (const [key, value] of Object.entries(more[name])) increase(total[name], key, value);
}

function increase(of: Record<string, number>, key: string, by: number): void {
  of[key] = (of[key] ?? 0) + by;
}

export const sumOf = (of: Readonly<Record<string, number>>): number =>
  Object.values(of).reduce((sum, each) => sum + each, 0);

/** What does not add up, for people; nothing if all does. @param sent whether it was sent to a boundary */
export function findGaps(tally: Tally, sent: boolean): string[] {
  const { rows, good, skipped, bad, events, letters, accepted, deadLettered, refused } = tally;
  const gaps: string[] = [];
  if (good + skipped + sumOf(bad) !== rows)
    gaps.push(`${rows} rows were read, and ${good + skipped + sumOf(bad)} are accounted for: this is a bug of Concord`);
  if (!sent) return gaps;
  if (accepted + deadLettered !== sumOf(events) + sumOf(letters))
    gaps.push(
      `${sumOf(events) + sumOf(letters)} events were sent, and the boundary has answered for ${accepted + deadLettered}: this is a bug of Concord`,
    );
  const unexpected = deadLettered - sumOf(letters) - refused;
  if (unexpected > 0)
    gaps.push(
      `the boundary made dead letters of ${unexpected} events that the contracts here accept: is this version of \`concord\` the platform's? \`concord dlq groups\` shows why`,
    );
  if (unexpected < 0)
    gaps.push(
      `the boundary accepted ${-unexpected} events that the contracts here refuse: is this version of \`concord\` the platform's?`,
    );
  return gaps;
}
