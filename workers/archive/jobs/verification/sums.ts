import type { LiveDevice } from "#archive/compare/device.ts";
import { liveParts } from "#archive/compare/device.ts";
import { sha256Hex } from "#base/digest.ts";
import type { Device } from "#domain/device.ts";
import { compareParts, type Part, partsOf } from "#domain/parts.ts";
import { canonicalText } from "#domain/register.ts";
import type { BucketSum } from "./state.ts";

export const NO_SUM: BucketSum = { devices: 0, differences: 0, archived: "0".repeat(16), live: "0".repeat(16) };

/** A part and its content, as one text. */
export const idOf = ({ path, version, value }: Part): string => canonicalText([path, version, value]);

/** The hashes of a device as it is stored, and as the archive has it, later events that explain stored parts included. */
export async function hashesOf(
  live: LiveDevice,
  fold: Device | null,
  isExplained: (part: Part) => boolean,
): Promise<Pick<BucketSum, "archived" | "live">> {
  const stored = liveParts(live);
  const archived = new Map(fold ? partsOf({ ...fold, history: [] }) : []);
  for (const [path, part] of stored) {
    const known = archived.get(path);
    if ((!known || compareParts(part, known) > 0) && isExplained(part)) archived.set(path, part);
  }
  return { live: await hashOf(live.key, stored), archived: await hashOf(live.key, archived) };
}

async function hashOf(key: string, parts: ReadonlyMap<string, Part>): Promise<string> {
  return sha256Hex(canonicalText([key, [...parts.values()].map(idOf).sort()]), 8);
}

/** Adds one device to a bucket; the order does not matter. */
export const addHashes = (sum: BucketSum, hashes: Pick<BucketSum, "archived" | "live">): BucketSum => ({
  ...sum,
  devices: sum.devices + 1,
  archived: xor(sum.archived, hashes.archived),
  live: xor(sum.live, hashes.live),
});

const xor = (a: string, b: string): string => (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(16).padStart(16, "0");
