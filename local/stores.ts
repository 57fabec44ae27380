import { createHash } from "node:crypto";
import type { DeviceKey } from "#domain/event.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import { type Difference, findDifferences } from "./compare.ts";
import type { Progress } from "./screen.ts";
import type { Stack } from "./stack.ts";

type Bindings = { DB: D1Database; DEVICES: { getByName(key: DeviceKey): DeviceSnapshotSource } };
type D1Database = { prepare(sql: string): { all<T>(): Promise<{ results: T[] }> } };

/**
 * Compares every device's registers in D1 with those in its object, which is written after D1. They must have
 * converged.
 */
export async function compareStores(stack: Stack, progress: Progress): Promise<Difference[]> {
  const { DB, DEVICES } = await stack.worker<Bindings>("concord-ingest").getEnv();
  const { results } = await DB.prepare("SELECT key, latest, aspects FROM devices").all<{
    key: DeviceKey;
    latest: string;
    aspects: string;
  }>();
  const differences: Difference[] = [];
  for (const [i, row] of results.entries()) {
    const snapshot = await DEVICES.getByName(row.key).snapshot();
    const inD1 = { latest: row.latest, aspects: JSON.parse(row.aspects) };
    differences.push(...findDifferences(row.key, inD1, { latest: snapshot?.latest, aspects: snapshot?.aspects }));
    progress(i + 1, results.length);
  }
  return differences;
}

const FLEET_TABLES = ["devices", "alerts", "assignments", "dealer_records", "customer_records"];

/** A hash of every row of the fleet. */
export async function fingerprintStores(stack: Stack): Promise<string> {
  const { DB } = await stack.worker<Bindings>("concord-ingest").getEnv();
  const hash = createHash("sha256");
  for (const table of FLEET_TABLES) {
    const { results } = await DB.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all();
    hash.update(JSON.stringify(results));
  }
  return hash.digest("hex");
}
