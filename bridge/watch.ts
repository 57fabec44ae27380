import type { Gap } from "./delivery/lanes.ts";
import type { Listener } from "./events.ts";
import { nameOf } from "./kafka-record.ts";
import type { PartitionRange, Session } from "./source.ts";

/** Reports what retention deleted before this session began. */
export function reportRetention(range: PartitionRange, emit: Listener): void {
  const { topic, partition, committed, earliest } = range;
  if (committed === null || earliest === null || committed >= earliest) return;
  emit({ kind: "gap", topic, partition, from: committed, to: earliest, cause: "retention" });
}

/** Reports offsets between two records that no record came for, and finds out why. */
export async function reportGap(gap: Gap, session: Session, emit: Listener): Promise<void> {
  const ranges = await session.partitions().catch(() => []);
  const earliest = ranges.find((range) => nameOf(range) === nameOf(gap))?.earliest ?? null;
  if (earliest === null) return emit({ kind: "gap", ...gap, cause: "unknown" });
  // What the log still reaches was left out by the broker, and what lies before its beginning is gone.
  const lostTo = Math.min(Math.max(earliest, gap.from), gap.to);
  if (lostTo > gap.from) emit({ kind: "gap", ...gap, to: lostTo, cause: "retention" });
  if (lostTo < gap.to) emit({ kind: "gap", ...gap, from: lostTo, cause: "compaction or transactions" });
}

/** Reports how far the high-water marks are from what is committed. A source that cannot tell reports nothing. */
export async function reportLag(session: Session, emit: Listener): Promise<void> {
  const partitions = await session.partitions().catch(() => []);
  if (partitions.length > 0) emit({ kind: "lag", partitions });
}
