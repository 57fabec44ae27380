import type { DeviceKey } from "#domain/event.ts";

/**
 * Virtual partitions of all devices. Far more than there will be databases, so that moving one moves a thousandth of the
 * fleet. Fixed for ever: with another number every device would be elsewhere.
 */
export const PARTITIONS = 1_024;

/** Which database has a partition. The map is configuration; nothing else says where a device is. */
export type ShardMap = { readonly shards: readonly string[]; readonly shardOf: readonly number[] };

/** The partition of a device: FNV-1a of its key in UTF-8. Never changes. */
export function partitionOf(key: DeviceKey): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  // The low bits of FNV-1a are its weakest.
  return (((hash >>> 16) ^ hash) >>> 0) % PARTITIONS;
}

/** Partitions spread evenly over databases. @throws RangeError without a database, or with more than partitions */
export function evenMap(shards: readonly string[]): ShardMap {
  if (shards.length < 1 || shards.length > PARTITIONS) {
    throw new RangeError(
      `${PARTITIONS} partitions can be spread over 1 to ${PARTITIONS} databases, not ${shards.length}.`,
    );
  }
  return { shards, shardOf: Array.from({ length: PARTITIONS }, (_, partition) => partition % shards.length) };
}

export const shardOf = ({ shards, shardOf: places }: ShardMap, key: DeviceKey): string =>
  shards[places[partitionOf(key)] as number] as string;

/**
 * The partitions to move so that a database more takes its share: as few as possible, since each is a move of its own.
 * @returns their numbers, taken from the fullest databases
 */
export function movesToGrow({ shards, shardOf: places }: ShardMap): number[] {
  const byShard = shards.map((_, shard) => places.flatMap((at, partition) => (at === shard ? [partition] : [])));
  const share = Math.floor(PARTITIONS / (shards.length + 1));
  const moved: number[] = [];
  while (moved.length < share) {
    const fullest = byShard.reduce((a, b) => (b.length > a.length ? b : a));
    moved.push(fullest.pop() as number);
  }
  return moved;
}
