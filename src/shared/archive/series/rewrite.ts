import type { DeviceState } from "#domain/as-of.ts";
import type { ArchiveBucket } from "../bucket.ts";
import type { ArchivedRecord } from "../record.ts";
import { onceEach, parseStateLine, toStateLine } from "./content.ts";
import { encodeSegment, type Line, openSegment, readWhole, type SegmentBucket } from "./segment.ts";

/** What becomes of a record and of a state; the very same object if nothing does. Readings hold numbers only, and stay. */
export type Rewriting = {
  readonly record: (record: ArchivedRecord) => ArchivedRecord;
  readonly state: (state: DeviceState) => DeviceState;
};

/**
 * Rewrites a segment of the series, such as without personal values. Safe to repeat.
 * @returns how many lines were changed; nothing is written if none was
 * @throws {SegmentGone} if there is none of this name
 */
export async function rewriteSegment(
  bucket: SegmentBucket & Pick<ArchiveBucket, "put">,
  name: string,
  { record, state }: Rewriting,
): Promise<number> {
  const lines = await readWhole(await openSegment(bucket, name));
  const events = lines.events.map((line) => {
    const before = JSON.parse(line.content) as ArchivedRecord;
    const after = record(before);
    // Its device, version and receipt stay, and so does its place.
    return after === before ? line : { order: line.order, content: JSON.stringify(after) };
  });
  const states = lines.states.map((line) => {
    const before = parseStateLine(line);
    const after = state(before);
    return after === before ? line : toStateLine(after);
  });
  const changed = countChanged(events, lines.events) + countChanged(states, lines.states);
  if (changed > 0) await bucket.put(name, await encodeSegment({ ...lines, events: onceEach(events), states }));
  return changed;
}

const countChanged = (after: readonly Line[], before: readonly Line[]): number =>
  after.filter((line, i) => line !== before[i]).length;
