import { join } from "node:path";
import { expect } from "vitest";
import { mapRow } from "../../backfill/mapping/table.ts";
import { prepareBackfill } from "../../backfill/prepare.ts";
import { openFile } from "../../backfill/read/open.ts";
import { LEGACY_PATHS } from "../../samples/legacy/legacy.ts";
import type { SampleRecord } from "../../samples/record.ts";

/** The events that `concord backfill` makes of an unload. */
export async function eventsOf(folder: string, unload: "csv" | "parquet" | "mended"): Promise<SampleRecord[]> {
  const mapping = join(folder, unload === "mended" ? LEGACY_PATHS.mendedMapping : LEGACY_PATHS.mapping);
  const order = {
    folder: join(folder, LEGACY_PATHS[unload]),
    mappingPath: mapping,
    url: "http://none",
    restart: false,
  };
  const { files, lookupProblems } = await prepareBackfill(order);
  expect(lookupProblems).toEqual([]);
  const records: SampleRecord[] = [];
  for (const { source, table, opening } of files) {
    const file = await openFile(source.path, opening);
    for await (const rows of file.rows) {
      for (const row of rows) {
        const result = mapRow(table, row, source.name, Date.UTC(2026, 10, 23));
        for (const { topic, deviceId, value, fault } of result.kind === "made" ? result.events : []) {
          expect(fault, value).toBe(null);
          records.push({ topic, key: deviceId ?? "", value });
        }
      }
    }
    await file.close();
  }
  return records;
}
