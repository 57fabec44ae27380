import { archiveLog } from "#archive/log.ts";
import { dayOf, rawPrefixOf } from "#archive/names.ts";
import { versionEventId } from "#domain/version.ts";
import type { RecentlyArchived, RecentQuery } from "#ops/archive-recent.ts";
import type { Env } from "../env.ts";

/** Most records that one answer looks at. Ours: what a busy platform archives in some seconds. */
const MAX_RECORDS = 5_000;

/** Reads the raw objects that were written since a moment, from that moment's hour on. */
export async function readRecent(
  { ARCHIVE }: Env,
  { deviceKey, sinceMs }: RecentQuery,
): Promise<RecentlyArchived | null> {
  if (!ARCHIVE) return null;
  const after = { day: dayOf(sinceMs), stage: "raw", after: rawPrefixOf({ receivedAtMs: sinceMs }) } as const;
  const { records, isEnd } = await archiveLog(ARCHIVE, { writtenSinceMs: sinceMs }).read(after, {
    records: MAX_RECORDS,
  });
  const own = records.filter((record) => record.deviceKey === deviceKey && record.version !== null);
  const eventIds = [...new Set(own.map(({ version }) => versionEventId(version as NonNullable<typeof version>)))];
  return { eventIds, isWhole: isEnd };
}
