import { BUCKETS, bucketName } from "#archive/names.ts";
import { DAY_MS } from "#domain/time.ts";
import type {
  BucketResult,
  DifferenceJson,
  VerificationFigures,
  VerificationJson,
  VerificationQuery,
} from "#ops/archive-verification.ts";
import { OTHERS, type Shelves, shelvesOf } from "./shelves.ts";
import type { VerificationState } from "./state.ts";
import { NO_SUM } from "./sums.ts";

/** Keeps the result of each bucket of a run, also of those that have no device. */
export async function keepResults(state: VerificationState, nowMs: number, { results }: Shelves): Promise<void> {
  const { run, device, range, buckets, others } = state;
  const verifiedAt = new Date(nowMs).toISOString();
  const kept = new Map<string, BucketResult>();
  const wholeAtOf = (bucket: string) =>
    bucket === OTHERS ? null : new Date(state.loaded[bucket]?.wholeAtMs ?? state.startedAtMs).toISOString();
  const keep = (bucket: string, { devices, differences, archived, live } = buckets[bucket] ?? NO_SUM) => {
    const hashes = { archivedHash: archived, liveHash: live };
    kept.set(bucket, { bucket, run, verifiedAt, devices, differences, wholeAt: wholeAtOf(bucket), ...hashes });
  };
  if (device !== null) {
    const sum = buckets[device] ?? NO_SUM;
    keep(device, { ...sum, differences: sum.differences + others });
  } else {
    for (let bucket = range.from; bucket <= range.to; bucket += 1) keep(bucketName(bucket));
    keep(OTHERS, { ...NO_SUM, differences: others });
  }
  await results.put(kept);
}

const SWEPT_A_STEP = 500;

/**
 * Removes a page of differences that a later run of their bucket has replaced, and at their end results of single devices
 * but the newest ones. @returns where to go on; `null` at the end
 */
export async function sweep(cursor: string | null, { differences, results }: Shelves): Promise<string | null> {
  const page = await differences.page(cursor, SWEPT_A_STEP);
  const kept = await results.get([...new Set(page.map(([key]) => bucketIn(key)))]);
  await differences.delete(page.filter(([key]) => kept.get(bucketIn(key))?.run !== runIn(key)).map(([key]) => key));
  if (page.length === SWEPT_A_STEP) return page.at(-1)?.[0] as string;
  const ofDevices = (await results.page(null, SWEPT_A_STEP * 2)).filter(([bucket]) => bucket.includes(":"));
  const old = ofDevices.sort(([, a], [, b]) => (a.verifiedAt < b.verifiedAt ? 1 : -1)).slice(MAX_DEVICES);
  await results.delete(old.map(([key]) => key));
  return null;
}

/** Results of runs over one device that are kept. Our choice. */
const MAX_DEVICES = 50;

/** A key is `{bucket} {run} {hash}`; a device's key may have spaces. */
const bucketIn = (key: string): string => key.split(" ").slice(0, -2).join(" ");
const runIn = (key: string): string => key.split(" ").at(-2) as string;

/** Differences of one answer. */
const MAX_SHOWN = 500;

/** The last results, and their differences. */
export async function readResults(
  storage: DurableObjectStorage,
  query: VerificationQuery,
  { withDifferences = true } = {},
): Promise<VerificationJson> {
  const shelves = shelvesOf(storage);
  const all = (await shelves.results.page(null, BUCKETS + MAX_DEVICES * 3)).map(([, result]) => result);
  const ofFleet = all.filter(({ bucket }) => !bucket.includes(":"));
  const buckets = ofFleet.filter(({ bucket }) => bucket !== OTHERS);
  const wanted = query.device !== undefined || query.bucket !== undefined ? all.filter(isWanted(query)) : ofFleet;
  const differences: DifferenceJson[] = [];
  for (const { bucket, run, differences: count } of withDifferences ? wanted : []) {
    if (count === 0 || differences.length >= MAX_SHOWN) continue;
    const page = await shelves.differences.page(`${bucket} ${run} `, MAX_SHOWN - differences.length);
    differences.push(
      ...page.filter(([key]) => key.startsWith(`${bucket} ${run} `)).map(([, difference]) => difference),
    );
  }
  return {
    buckets: BUCKETS,
    verified: buckets.length,
    oldestVerifiedAt: buckets.map(({ verifiedAt }) => verifiedAt).sort()[0] ?? null,
    differenceCount: wanted.reduce((sum, { differences: count }) => sum + count, 0),
    results: wanted,
    differences,
  };
}

const isWanted =
  ({ bucket, device }: VerificationQuery) =>
  (result: BucketResult): boolean =>
    result.bucket === (device ?? bucket);

/** A week, and a day for a night that failed. */
const RECENT_MS = 8 * DAY_MS;

/** What metrics see of the last results. */
export async function readFigures(storage: DurableObjectStorage, nowMs: number): Promise<VerificationFigures> {
  const { results, differenceCount } = await readResults(storage, {}, { withDifferences: false });
  const times = results.filter(({ bucket }) => bucket !== OTHERS).map(({ verifiedAt }) => Date.parse(verifiedAt));
  return {
    recentBuckets: times.filter((ms) => nowMs - ms < RECENT_MS).length,
    oldestVerifiedAtMs: times.length > 0 ? Math.min(...times) : null,
    differences: differenceCount,
  };
}
