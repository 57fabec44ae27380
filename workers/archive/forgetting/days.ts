import { openDayFile } from "#archive/day-file.ts";
import { firstDay } from "#archive/days.ts";
import { ManifestConflict, type Part, readManifest, type StoredManifest } from "#archive/manifest.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import { hasPersonalValues } from "#contracts/redact.ts";
import { writeParts } from "../files/parts.ts";
import { readPart } from "../files/read-part.ts";
import { finishDeletions, hasDeletions, replaceInDay } from "../files/replace.ts";
import { sweep } from "../files/sweep.ts";
import type { JobDeps } from "../jobs/job-kind.ts";
import type { NoteFile } from "./memory.ts";
import type { Found } from "./raw.ts";
import { namedIn, redactArchived, type Subject } from "./redact-archived.ts";

/** Parts whose records one step reads, characters of these, and parts of which it reads the end only. Ours. */
const PARTS_A_STEP = 40;
const CHARACTERS_A_STEP = 12_000_000;
const LOOKED_AT_A_STEP = 300;

/** Behind the last name of a day's parts. */
const END_OF_DAY = "~";

type Walked = { readonly after: string | null; readonly isEnd: boolean };

/** The next day behind the one that a name belongs to. */
async function dayFrom(bucket: JobDeps["bucket"], after: string | null): Promise<string | null> {
  const day = after?.slice(0, DAY_WIDTH) ?? null;
  if (day !== null && !after?.endsWith(END_OF_DAY)) return day;
  return firstDay(bucket, "parts", day);
}

const DAY_WIDTH = "2026-11-23".length;

/**
 * Goes through parts of days, in the order of days and names, until a step has enough.
 * @param after `{day} {key}` of the part that was visited last, or `{day} ~`
 * @param visit returns how many characters it has read
 * @param enter what a step does first in each day
 */
async function walk(
  bucket: JobDeps["bucket"],
  after: string | null,
  visit: (day: string, part: Part) => Promise<number>,
  enter: (stored: StoredManifest) => Promise<void> = async () => {},
): Promise<Walked> {
  let place = after;
  let [parts, looked, characters] = [0, 0, 0];
  for (;;) {
    const day = await dayFrom(bucket, place);
    if (day === null) return { after: place, isEnd: true };
    const last = place?.startsWith(day) ? place.slice(DAY_WIDTH + 1) : "";
    const stored = await readManifest(bucket, day);
    await enter(stored);
    looked += 1;
    for (const part of [...stored.manifest.parts].sort(byName).filter(({ key }) => key > last)) {
      const read = await visit(day, part);
      looked += 1;
      parts += Number(read > 0);
      characters += read;
      place = `${day} ${part.key}`;
      if (parts >= PARTS_A_STEP || looked >= LOOKED_AT_A_STEP || characters >= CHARACTERS_A_STEP)
        return { after: place, isEnd: false };
    }
    place = `${day} ${END_OF_DAY}`;
    if (looked >= LOOKED_AT_A_STEP) return { after: place, isEnd: false };
  }
}

const byName = (a: Part, b: Part): number => (a.key < b.key ? -1 : 1);

/** Which devices and personal texts day files name beside the customer. Only topics that can name one are read. */
export async function findInDays(
  bucket: JobDeps["bucket"],
  after: string | null,
  subject: Subject,
): Promise<Walked & Found> {
  const found: Found = { devices: [], texts: [] };
  const walked = await walk(bucket, after, async (_, part) => {
    if (!isOfSubject(part, subject) || !hasPersonalValues(part.topic)) return 0;
    for (const record of await readPart(bucket, part)) {
      const named = namedIn(record, subject);
      if (!named) continue;
      found.devices.push(named.device);
      found.texts.push(...named.texts);
    }
    return part.characters;
  });
  return { ...walked, ...found };
}

/**
 * Rewrites day files that hold anything personal. The new file is written and read again, then the day's manifest names it
 * in place of the old one, which is deleted last. So a death leaves either the one or the other. Files that do not count are
 * deleted: a step that died, or a compaction that gave way, has left them, and nobody else may ever look at that day again.
 */
export async function rewriteDays(
  bucket: JobDeps["bucket"],
  after: string | null,
  subject: Subject,
  note: NoteFile,
): Promise<Walked> {
  const visit = async (day: string, part: Part) => {
    if (!(await mayHold(bucket, part, subject))) return 0;
    const records = await readPart(bucket, part);
    const redacted = records.map((record) => redactArchived(record, subject));
    const changed = redacted.filter((record, i) => record !== records[i]).length;
    if (changed > 0) await replace(bucket, { day, part, redacted, changed }, note);
    return part.characters;
  };
  return walk(bucket, after, visit, async (stored) => {
    let left = await finishDeletions(bucket, stored);
    for (let [place, isEnd] = [null as string | null, false]; !isEnd; )
      ({ stored: left, after: place, isEnd } = await sweep(bucket, left, place));
  });
}

type Replaced = {
  readonly day: string;
  readonly part: Part;
  readonly redacted: readonly ArchivedRecord[];
  readonly changed: number;
};

async function replace(
  bucket: JobDeps["bucket"],
  { day, part, redacted, changed }: Replaced,
  note: NoteFile,
): Promise<void> {
  const read = await readManifest(bucket, day);
  const stored = hasDeletions(read) ? await finishDeletions(bucket, read) : read;
  if (!stored.manifest.parts.some(({ key }) => key === part.key)) throw new ManifestConflict(day);
  const added = await writeParts(bucket, stored.manifest, redacted);
  for (const { key, sha256 } of added)
    note({ before: part.key, after: key, sha256Before: part.sha256, sha256After: sha256, records: changed });
  await replaceInDay(bucket, stored, { added, retired: [part.key], replaced: [] });
}

const isOfSubject = ({ source }: Part, { sources }: Subject): boolean => [...sources].some((each) => each === source);

/**
 * Topics without personal values hold none, but for records that their contract refuses: those are at the end of a file,
 * since they have no device.
 */
async function mayHold(bucket: JobDeps["bucket"], part: Part, subject: Subject): Promise<boolean> {
  if (!isOfSubject(part, subject) && part.source !== "unknown") return false;
  if (hasPersonalValues(part.topic)) return true;
  const file = await openDayFile(bucket, part);
  if (!file) return false;
  const rows = (await file.readColumns(file.groups.length - 1, ["device_key"])) ?? [];
  return rows.some((row) => (row.device_key ?? null) === null);
}
