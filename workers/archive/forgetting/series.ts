import { listKeys } from "#archive/bucket.ts";
import { seriesPrefix } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import { rewriteSegment } from "#archive/series/rewrite.ts";
import { SegmentGone } from "#archive/series/segment.ts";
import { sha256HexOf } from "#base/digest.ts";
import type { DeviceState } from "#domain/as-of.ts";
import { redactAlert, redactAspects } from "#domain/redacted.ts";
import { sameContent } from "#domain/register.ts";
import type { JobDeps } from "../jobs/job-kind.ts";
import type { NoteFile } from "./memory.ts";
import { bucketsOf, redactArchived, type Subject } from "./redact-archived.ts";

/** Segments that one step rewrites. Ours. */
const SEGMENTS_A_STEP = 20;

/**
 * Rewrites the segments of the buckets that the customer's devices are in, each under its own name.
 * @param after the name of the segment that was rewritten last
 */
export async function rewriteSeries(
  bucket: JobDeps["bucket"],
  after: string | null,
  subject: Subject,
  note: NoteFile,
): Promise<{ readonly after: string | null; readonly isEnd: boolean }> {
  const next = bucketsOf(subject).find((each) => after === null || `${seriesPrefix(each)}~` > after);
  if (next === undefined) return { after, isEnd: true };
  const prefix = seriesPrefix(next);
  const { keys, isEnd } = await listKeys(bucket, {
    prefix,
    after: after?.startsWith(prefix) ? after : null,
    limit: SEGMENTS_A_STEP,
  });
  for (const name of keys) await rewriteOne(bucket, name, { subject, note });
  return { after: isEnd ? `${prefix}~` : (keys.at(-1) ?? after), isEnd: false };
}

async function rewriteOne(
  bucket: JobDeps["bucket"],
  name: string,
  { subject, note }: { readonly subject: Subject; readonly note: NoteFile },
): Promise<void> {
  const sha256Before = await hashOf(bucket, name);
  if (sha256Before === null) return;
  try {
    await rewriteSegment(bucket, name, {
      record: (record: ArchivedRecord) => redactArchived(record, subject),
      state: (state: DeviceState) => redactState(state, subject),
      replacing: async (bytes, records) =>
        note({ before: name, after: null, sha256Before, sha256After: await sha256HexOf(bytes), records }),
    });
  } catch (thrown) {
    if (!(thrown instanceof SegmentGone)) throw thrown;
  }
}

async function hashOf(bucket: JobDeps["bucket"], name: string): Promise<string | null> {
  const stored = await bucket.get(name);
  return stored && sha256HexOf(new Uint8Array(await stored.arrayBuffer()));
}

function redactState(state: DeviceState, { devices, request: { untilMs } }: Subject): DeviceState {
  if (!devices.has(state.key)) return state;
  const aspects = redactAspects(state.aspects, untilMs);
  const alerts = new Map([...state.alerts].map(([id, alert]) => [id, redactAlert(alert, untilMs)]));
  const isSame =
    sameContent(aspects, state.aspects) && sameContent(Object.fromEntries(alerts), Object.fromEntries(state.alerts));
  return isSame ? state : { ...state, aspects, alerts };
}
