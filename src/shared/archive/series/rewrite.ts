import type { DeviceState } from "#domain/as-of.ts";
import type { ArchiveBucket } from "../bucket.ts";
import type { ArchivedRecord } from "../record.ts";
import { onceEach, parseStateLine, toStateLine } from "./content.ts";
import { withoutReadings } from "./readings-of-records.ts";
import { encodeSegment, type Line, type Lines, openSegment, readWhole, type SegmentBucket } from "./segment.ts";
import { isEmpty } from "./write.ts";

/** What becomes of a record and of a state; the very same object if nothing does. Readings of records that stay, stay too. */
export type Rewriting = {
  /** `null` takes a record out, and what it has measured. */
  readonly record: (record: ArchivedRecord) => ArchivedRecord | null;
  /** Left out, states stay as they are. */
  readonly state?: (state: DeviceState) => DeviceState;
  /** Is called before the segment is replaced, with its new content and how many of its lines were changed. */
  readonly replacing?: (bytes: Uint8Array<ArrayBuffer>, changed: number) => Promise<void>;
};

/** How often a rewriting begins again, because another writer has replaced the segment. Ours. */
const ATTEMPTS = 4;

/**
 * Rewrites a segment of the series, such as without personal values. One that has nothing left is removed. Safe to repeat.
 * @returns how many lines were changed or taken out; nothing is written if none was
 * @throws {SegmentGone} if there is none of this name
 */
export async function rewriteSegment(
  bucket: SegmentBucket & Pick<ArchiveBucket, "put" | "delete">,
  name: string,
  rewriting: Rewriting,
): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const segment = await openSegment(bucket, name);
    const { lines, changed } = rewrite(await readWhole(segment), rewriting);
    if (changed === 0) return 0;
    if (isEmpty(lines)) {
      await bucket.delete(name);
      return changed;
    }
    const onlyIf = { etagMatches: segment.etag };
    const bytes = await encodeSegment(lines);
    await rewriting.replacing?.(bytes, changed);
    if (await bucket.put(name, bytes, { onlyIf })) return changed;
  }
  throw new Error(`${name} was replaced each time before it could be rewritten; it was left as it is, try again`);
}

function rewrite(before: Lines, { record, state }: Rewriting): { readonly lines: Lines; readonly changed: number } {
  const events: Line[] = [];
  const removed: ArchivedRecord[] = [];
  let changed = 0;
  for (const line of before.events) {
    const was = JSON.parse(line.content) as ArchivedRecord;
    const is = record(was);
    if (is !== was) changed += 1;
    if (is === null) removed.push(was);
    // Its device, version and receipt stay, and so does its place.
    else events.push(is === was ? line : { order: line.order, content: JSON.stringify(is) });
  }
  const states = before.states.map((line) => {
    const was = state && parseStateLine(line);
    const is = was && state(was);
    if (is === was) return line;
    changed += 1;
    return toStateLine(is as DeviceState);
  });
  const readings = withoutReadings(before.readings, removed, events);
  return { lines: { events: changed > 0 ? onceEach(events) : events, readings, states }, changed };
}
