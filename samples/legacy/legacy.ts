import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DAY_MS, HOUR_MS, YEAR_END_MS } from "../calendar.ts";
import { generate } from "../generate.ts";
import { randomOf } from "../random.ts";
import type { SampleRecord } from "../record.ts";
import { type ApiFleet, showFleet } from "./api-fleet.ts";
import { mended, type Planted, plant } from "./plant.ts";
import type { Warehouse } from "./table.ts";
import { writeUnload } from "./unload.ts";
import { loadWarehouse, occurredMsOf } from "./warehouse.ts";

/** Three batches a day. */
const BATCH_EVERY_MS = 8 * HOUR_MS;

/** The events of so long before the unload are published live too: dual running began before it. */
const OVERLAP_MS = 10 * DAY_MS;

export type LegacyWish = {
  /** Equal seeds give equal bytes. */
  readonly seed: number;
  readonly devices: number;
  /** Of the year, about; 13 for each device unless given. */
  readonly events?: number;
};

export type Legacy = {
  /** The year as its sources publish it, in order of arrival. */
  readonly records: readonly SampleRecord[];
  /** When the batch that is unloaded read the sources. */
  readonly unloadMs: number;
  /** From when on the sources publish to Concord too. */
  readonly liveFromMs: number;
  /** When the first batch reads the sources that has all of the year. */
  readonly caughtUpMs: number;
  readonly planted: readonly Planted[];
  readonly unloaded: Warehouse;
  /** The true rows of the devices that the unload has wrong. */
  readonly mended: Warehouse;
  /** What the old API shows at a time: the last batch before it, with the API's own faults. */
  readonly shownAt: (nowMs: number) => ApiFleet;
};

/** The old system of a year of samples: unloaded a day before the year ends. */
export function makeLegacy({ seed, devices, events = devices * 13 }: LegacyWish): Legacy {
  const records = generate({ seed, devices, events });
  const unloadMs = batchBefore(YEAR_END_MS - DAY_MS);
  const liveFromMs = unloadMs - OVERLAP_MS;
  const warehouse = loadWarehouse(records, unloadMs);
  const ground = { warehouse, fleet: showFleet(records, unloadMs), isQuiet: quietSince(records, liveFromMs) };
  const { planted, unloaded, distort } = plant(ground, randomOf(seed).fork("legacy"));
  const shown = new Map<number, ApiFleet>();
  return {
    ...{ records, unloadMs, liveFromMs, planted, unloaded },
    caughtUpMs: batchBefore(YEAR_END_MS) + BATCH_EVERY_MS,
    mended: mended(warehouse, planted),
    shownAt: (nowMs) => {
      const batchMs = batchBefore(nowMs);
      const fleet = shown.get(batchMs) ?? distort(showFleet(records, batchMs));
      shown.set(batchMs, fleet);
      return fleet;
    },
  };
}

/** When the last batch before a time read the sources. */
const batchBefore = (ms: number): number => Math.floor(ms / BATCH_EVERY_MS) * BATCH_EVERY_MS;

/** Whether nothing happens to a device from that time on. */
function quietSince(records: readonly SampleRecord[], sinceMs: number): (key: string) => boolean {
  const busy = new Set<string>();
  for (const { topic, value, fault } of records) {
    if (fault || value === null || occurredMsOf(value) < sinceMs) continue;
    busy.add(`${topic.split(".")[1]}:${JSON.parse(value).deviceId}`);
  }
  return (key) => !busy.has(key);
}

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** What `writeLegacy` leaves in a folder. */
export const LEGACY_PATHS = {
  csv: "csv",
  parquet: "parquet",
  /** The true rows of the devices that the unload has wrong, as Parquet. */
  mended: "mended",
  mapping: "mapping.yaml",
  /** The same with a higher revision, so that its events replace those of the first run. */
  mendedMapping: "mapping-mended.yaml",
  parity: "parity.yaml",
  planted: "planted.json",
} as const;

/** Writes the unload in both formats, the mapping, the comparison and the list of what was planted. */
export function writeLegacy(folder: string, { unloaded, mended, planted }: Legacy): void {
  const at = (name: keyof typeof LEGACY_PATHS) => join(folder, LEGACY_PATHS[name]);
  writeUnload(at("csv"), unloaded, "csv");
  writeUnload(at("parquet"), unloaded, "parquet");
  writeUnload(at("mended"), mended, "parquet");
  for (const name of ["mapping", "parity"] as const) copyFileSync(join(HERE, LEGACY_PATHS[name]), at(name));
  writeFileSync(at("mendedMapping"), `${readFileSync(at("mapping"), "utf8")}revision: 2\n`);
  writeFileSync(at("planted"), `${JSON.stringify(planted, null, 2)}\n`);
}
