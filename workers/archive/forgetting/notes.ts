import { listKeys } from "#archive/bucket.ts";
import { FORGOTTEN_PREFIX } from "#archive/names.ts";
import type { Certificate, ForgetCounts, RewrittenFile } from "#ops/archive-forgetting.ts";
import { ForgettingRepository, type ForgottenEntry } from "#repositories/forgetting.ts";
import type { JobDeps } from "../jobs/job-kind.ts";
import type { ForgetRequest } from "./state.ts";

/*
 * What the archive keeps of a request: `forgotten/{requestId}/request.json`, a certificate for each time that it was carried
 * out, and in `forgotten/entries.json` all that was ever forgotten, as the table `forgotten` has it. None has a personal value.
 */

export const ENTRIES_KEY = `${FORGOTTEN_PREFIX}entries.json`;
const requestKey = (requestId: string): string => `${FORGOTTEN_PREFIX}${requestId}/request.json`;
export const certificatePrefix = (requestId: string): string => `${FORGOTTEN_PREFIX}${requestId}/certificate-`;

type Bucket = JobDeps["bucket"];

export async function putRequest(bucket: Bucket, request: ForgetRequest): Promise<void> {
  await bucket.put(requestKey(request.requestId), `${JSON.stringify(request, null, 1)}\n`);
}

export async function readRequest(bucket: Bucket, requestId: string): Promise<ForgetRequest | null> {
  const stored = await bucket.get(requestKey(requestId));
  return stored ? ((await stored.json()) as ForgetRequest) : null;
}

/** How often the list is read again after another job has written it. Ours. */
const MAX_PASSES = 10;

/** Adds entries to the list in the archive, which outlives the database. Of two of one id the later moment stays. */
export async function shareEntries(bucket: Bucket, entries: readonly ForgottenEntry[]): Promise<void> {
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const stored = await bucket.get(ENTRIES_KEY);
    const before = stored ? ((await stored.json()) as ForgottenEntry[]) : [];
    const byId = new Map(before.map((entry) => [entry.id, entry]));
    for (const entry of entries) if (entry.untilMs > (byId.get(entry.id)?.untilMs ?? -1)) byId.set(entry.id, entry);
    const after = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    if (JSON.stringify(after) === JSON.stringify(before)) return;
    const onlyIf = stored ? { etagMatches: stored.etag } : new Headers({ "if-none-match": "*" });
    if (await bucket.put(ENTRIES_KEY, JSON.stringify(after), { onlyIf })) return;
  }
  throw new Error(`${ENTRIES_KEY} was written by others each time; nothing was lost, and the step is repeated`);
}

/** Entries that one statement writes. */
const AT_ONCE = 500;

/**
 * Notes in a database who was ever forgotten, with the tombstones of customers. A rebuild calls it before it replays the
 * archive into an empty or an older database. Safe to repeat.
 * @returns how many entries there are
 */
export async function loadForgotten(bucket: Bucket, db: D1Database): Promise<number> {
  const stored = await bucket.get(ENTRIES_KEY);
  const entries = stored ? ((await stored.json()) as ForgottenEntry[]) : [];
  const repository = new ForgettingRepository(db);
  for (let at = 0; at < entries.length; at += AT_ONCE) await repository.note(entries.slice(at, at + AT_ONCE));
  return entries.length;
}

/** Places that Concord cannot write: docs/operations.md says more of each. */
const REMAINS = [
  "D1 Time Travel: 30 days after completion, then nothing of before can be restored. Restoring to before needs this request to be carried out again, before a rebuild.",
  "Durable Objects' point-in-time recovery: 30 days after completion.",
  "Queues: messages of before at most 4 days; each is redacted when it is consumed.",
  "Kafka, backups, exports and logs that left the platform: as long as their own retention.",
];

export function certificateOf(
  request: ForgetRequest,
  {
    devices,
    files,
    counts,
    completedAtMs,
  }: {
    readonly devices: readonly string[];
    readonly files: readonly RewrittenFile[];
    readonly counts: ForgetCounts;
    readonly completedAtMs: number;
  },
): Certificate {
  return {
    requestId: request.requestId,
    customers: request.customers,
    reason: request.reason,
    requestedBy: request.actor,
    requestedAt: toIso(request.requestedAtMs),
    completedAt: toIso(completedAtMs),
    until: toIso(request.untilMs),
    devices,
    removed: counts,
    files,
    remains: REMAINS,
  };
}

export async function putCertificate(bucket: Bucket, certificate: Certificate): Promise<void> {
  const at = certificate.completedAt.replace(/[-:.]/g, "");
  await bucket.put(
    `${certificatePrefix(certificate.requestId)}${at}.json`,
    `${JSON.stringify(certificate, null, 1)}\n`,
  );
}

/** The newest certificate of a request, `null` as long as there is none. */
export async function readCertificate(bucket: Bucket, requestId: string): Promise<Certificate | null> {
  const prefix = certificatePrefix(requestId);
  let last: string | null = null;
  for (let isEnd = false; !isEnd; ) {
    const page: Awaited<ReturnType<typeof listKeys>> = await listKeys(bucket, { prefix, after: last, limit: 1_000 });
    last = page.keys.at(-1) ?? last;
    isEnd = page.isEnd;
  }
  const stored = last === null ? null : await bucket.get(last);
  return stored ? ((await stored.json()) as Certificate) : null;
}

const toIso = (ms: number): string => new Date(ms).toISOString();
