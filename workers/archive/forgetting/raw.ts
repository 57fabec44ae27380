import { listKeys } from "#archive/bucket.ts";
import { decodeLines, encodeLines } from "#archive/lines.ts";
import { RAW_PREFIX, rawKeyOf } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import { sha256HexOf } from "#base/digest.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { JobDeps } from "../jobs/job-kind.ts";
import type { NoteFile } from "./memory.ts";
import { namedIn, redactArchived, type Subject } from "./redact-archived.ts";

/** Raw objects that one step reads, and characters of their records. Ours: a step stays far below a Worker's memory and CPU. */
const OBJECTS_A_STEP = 100;
const CHARACTERS_A_STEP = 8_000_000;

export type RawObject = {
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly records: readonly ArchivedRecord[];
};

type Walked = { readonly after: string | null; readonly isEnd: boolean };

/** Goes through a bounded number of raw objects behind a name. One that is gone meanwhile was rewritten or compacted. */
async function walk(
  bucket: JobDeps["bucket"],
  after: string | null,
  visit: (object: RawObject) => Promise<void>,
): Promise<Walked> {
  const { keys, isEnd } = await listKeys(bucket, { prefix: RAW_PREFIX, after, limit: OBJECTS_A_STEP });
  let characters = 0;
  for (const [i, key] of keys.entries()) {
    const stored = await bucket.get(key);
    if (!stored) continue;
    const bytes = new Uint8Array(await stored.arrayBuffer());
    const records: ArchivedRecord[] = [];
    for await (const record of decodeLines(new Blob([bytes]).stream())) {
      records.push(record);
      characters += (record.value?.length ?? 0) + 300;
    }
    await visit({ key, bytes, records });
    if (characters >= CHARACTERS_A_STEP && i < keys.length - 1) return { after: key, isEnd: false };
  }
  return { after: keys.at(-1) ?? after, isEnd };
}

export type Found = { readonly devices: DeviceKey[]; readonly texts: string[] };

/** Which devices and personal texts raw objects name beside the customer. */
export async function findInRaw(
  bucket: JobDeps["bucket"],
  after: string | null,
  subject: Subject,
): Promise<Walked & Found> {
  const found: Found = { devices: [], texts: [] };
  const walked = await walk(bucket, after, async ({ records }) => {
    for (const record of records) {
      const named = namedIn(record, subject);
      if (!named) continue;
      found.devices.push(named.device);
      found.texts.push(...named.texts);
    }
  });
  return { ...walked, ...found };
}

/**
 * Rewrites raw objects that hold anything personal: the redacted one is written under its own name and read again before
 * the old one is deleted. Between the two, a reader finds some records twice, which it takes once.
 */
export async function rewriteRaw(
  bucket: JobDeps["bucket"],
  after: string | null,
  subject: Subject,
  note: NoteFile,
): Promise<Walked> {
  return walk(bucket, after, (object) => rewriteOne(bucket, object, { subject, note }));
}

async function rewriteOne(
  bucket: JobDeps["bucket"],
  { key, bytes, records }: RawObject,
  { subject, note }: { readonly subject: Subject; readonly note: NoteFile },
): Promise<void> {
  const redacted = records.map((record) => redactArchived(record, subject));
  const changed = redacted.filter((record, i) => record !== records[i]).length;
  if (changed === 0) return;
  const after = await rawKeyOf(redacted);
  const written = new Uint8Array(await encodeLines(redacted));
  await bucket.put(after, written, { customMetadata: { records: `${redacted.length}` } });
  const stored = await bucket.get(after);
  const again = stored && new Uint8Array(await stored.arrayBuffer());
  if (!again || (await sha256HexOf(again)) !== (await sha256HexOf(written)))
    throw new Error(`${after} was written and is not read as it was written; ${key}, which it replaces, was kept`);
  note({
    before: key,
    after,
    sha256Before: await sha256HexOf(bytes),
    sha256After: await sha256HexOf(written),
    records: changed,
  });
  await bucket.delete(key);
}
