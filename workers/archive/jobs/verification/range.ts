import { BUCKETS, bucketName, bucketOf } from "#archive/names.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { Range, VerificationState } from "./state.ts";

export const ALL: Range = { from: 0, to: BUCKETS - 1 };

export const isWhole = ({ range, device }: Pick<VerificationState, "range" | "device">): boolean =>
  device === null && range.from === ALL.from && range.to === ALL.to;

/** The buckets of a range, as numbers. */
export const bucketsIn = ({ from, to }: Range): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

export function isInRange({ from, to }: Range, key: DeviceKey): boolean {
  const bucket = Number.parseInt(bucketOf(key), 16);
  return bucket >= from && bucket <= to;
}

/** The buckets of a range as the archive's log takes them. */
export const asLogRange = ({ from, to }: Range) => ({ from: bucketName(from), to: bucketName(to) });

/** Texts that are no device keys have a bucket too: a night counts the dealers of its own buckets. */
export const isTextInRange = (range: Range, text: string): boolean => isInRange(range, text as DeviceKey);
