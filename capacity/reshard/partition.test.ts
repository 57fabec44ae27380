import { describe, expect, it } from "vitest";
import type { DeviceKey } from "#domain/event.ts";
import { evenMap, movesToGrow, PARTITIONS, partitionOf, shardOf } from "./partition.ts";

const keys = Array.from({ length: 100_000 }, (_, i): DeviceKey => `elt:device-${i}`);

describe("partitions of devices", () => {
  it("have about the same number of devices, also where ids are numbers in a row", () => {
    const counts = Array.from({ length: PARTITIONS }, () => 0);
    for (const key of keys) counts[partitionOf(key)] = (counts[partitionOf(key)] ?? 0) + 1;
    const expected = keys.length / PARTITIONS;
    // Chance alone would make the fullest of a thousand about a third larger.
    expect(Math.max(...counts)).toBeLessThan(expected * 1.5);
    expect(Math.min(...counts)).toBeGreaterThan(expected * 0.6);
  });

  it("never change: a device that is stored has to be found", () => {
    expect(["elt:1", "infinity:A-7", "ecobee:Wärme"].map((key) => partitionOf(key as DeviceKey))).toEqual([
      848, 559, 269,
    ]);
  });

  it("are in the database that the map says, evenly", () => {
    const map = evenMap(["a", "b", "c"]);
    const counts = Map.groupBy(keys, (key) => shardOf(map, key));
    for (const shard of map.shards) expect(counts.get(shard)?.length).toBeGreaterThan(keys.length * 0.32);
  });

  it("move to a further database from the fullest ones, and no more than its share", () => {
    const map = evenMap(["a", "b", "c"]);
    const moved = movesToGrow(map);
    expect(moved).toHaveLength(256);
    expect(new Set(moved).size).toBe(256);
    const left = map.shards.map((_, shard) => map.shardOf.filter((at, i) => at === shard && !moved.includes(i)).length);
    expect(left).toEqual([256, 256, 256]);
  });

  it("cannot be spread over no database", () => {
    expect(() => evenMap([])).toThrow("1024 partitions can be spread over 1 to 1024 databases, not 0.");
  });
});
