import { type ArchiveBucket, listKeys } from "#archive/bucket.ts";
import { openDayBytes } from "#archive/day-file.ts";
import { firstDay } from "#archive/days.ts";
import { type Manifest, type Part, readManifest } from "#archive/manifest.ts";
import { dayPrefix, manifestKey } from "#archive/names.ts";
import { sha256HexOf } from "#base/digest.ts";
import type { ArchiveCheck, CheckRequest, FileProblem } from "#ops/archive-files-api.ts";

/** What one page reads: files, and their bytes. Our choice, for the subrequests and the time of one call. */
const CHECKED_AT_ONCE = { parts: 100, bytes: 64_000_000, days: 100 } as const;

/**
 * Reads day files whole and compares them with their manifests: whether each is there, its hash, its size and its number of
 * records; and whether a day has files that its manifest does not name.
 */
export async function checkArchive(bucket: ArchiveBucket, { day, after }: CheckRequest): Promise<ArchiveCheck> {
  const days: { day: string; parts: number; records: number; bytes: number }[] = [];
  const problems: FileProblem[] = [];
  let [parts, bytes] = [0, 0];
  let place = parsePlace(after);
  for (;;) {
    const current: string | null = place?.part ? place.day : await dayAfter(bucket, day, place?.day);
    if (current === null) return { days, problems, next: null };
    if (days.length >= CHECKED_AT_ONCE.days) return { days, problems, next: toText(place) };
    const { manifest } = await readManifest(bucket, current);
    const checked = { day: current, parts: 0, records: 0, bytes: 0 };
    days.push(checked);
    const done = place?.part;
    for (const part of manifest.parts.filter(({ key }) => done === undefined || key > done).sort(byKey)) {
      if (parts >= CHECKED_AT_ONCE.parts || bytes >= CHECKED_AT_ONCE.bytes)
        return { days, problems, next: toText(place) };
      const problem = await checkPart(bucket, manifest, part);
      if (problem) problems.push({ key: part.key, problem });
      checked.parts += 1;
      checked.records += part.records;
      checked.bytes += part.bytes;
      parts += 1;
      bytes += part.bytes;
      place = { day: current, part: part.key };
    }
    problems.push(...(await strays(bucket, current)));
    place = { day: current };
  }
}

type Place = {
  readonly day: string /** The last part of the day that was checked; none if all were. */;
  readonly part?: string;
};

const toText = (place: Place | undefined): string | null => place?.part ?? place?.day ?? null;

const DAY = /^(?:days\/day=)?(\d{4}-\d\d-\d\d)/;

function parsePlace(text: string | undefined): Place | undefined {
  const day = text === undefined ? undefined : DAY.exec(text)?.[1];
  if (text === undefined || day === undefined) return undefined;
  return text === day ? { day } : { day, part: text };
}

const byKey = (a: Part, b: Part): number => (a.key < b.key ? -1 : 1);

async function dayAfter(
  bucket: Pick<ArchiveBucket, "list">,
  only: string | undefined,
  last: string | undefined,
): Promise<string | null> {
  if (only !== undefined) return last === undefined ? only : null;
  return firstDay(bucket, "parts", last ?? null);
}

/** @returns what is wrong with a part, if anything is */
async function checkPart(bucket: ArchiveBucket, { day }: Manifest, part: Part): Promise<string | undefined> {
  const stored = await bucket.get(part.key);
  if (!stored) {
    // A compaction may have put another in its place since the manifest was read.
    const { manifest: now } = await readManifest(bucket, day);
    return now.parts.some(({ key }) => key === part.key) ? "is missing" : undefined;
  }
  const bytes = await stored.arrayBuffer();
  if (bytes.byteLength !== part.bytes) return `has ${bytes.byteLength} bytes instead of ${part.bytes}`;
  if ((await sha256HexOf(new Uint8Array(bytes))) !== part.sha256) return "has another SHA-256";
  const { groups } = await openDayBytes(bytes);
  const records = groups.reduce((sum, { rows }) => sum + rows, 0);
  return records === part.records ? undefined : `has ${records} records instead of ${part.records}`;
}

/** Files of a day that do not count. A compaction of the day that runs now may be about to name or delete them. */
async function strays(bucket: ArchiveBucket, day: string): Promise<FileProblem[]> {
  const { keys } = await listKeys(bucket, { prefix: dayPrefix(day), limit: 1_000 });
  const { manifest } = await readManifest(bucket, day);
  const named = new Set([manifestKey(day), ...manifest.retired, ...manifest.parts.map(({ key }) => key)]);
  return keys
    .filter((key) => !named.has(key))
    .map((key) => ({ key, problem: "is in no manifest; the next compaction of its day deletes it" }));
}
