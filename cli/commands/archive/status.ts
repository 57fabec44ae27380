import type { ArchiveFigures } from "#ops/archive-files-api.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { formatTimeAndAge } from "../../terminal/times.ts";

export const status = opsCommand({
  details:
    "Raw objects are what the consumer has written and no compaction has turned into day files yet. A day is compacted\n" +
    "within the hour after it is closed, half an hour after its end in UTC.",
  examples: ["concord archive status"],
  run: async ({ client, print, nowMs }) => {
    const figures = await client.get<ArchiveFigures>("/archive/status");
    print(figures, () => statusLines(figures, nowMs));
  },
});

function statusLines(figures: ArchiveFigures, nowMs: number): string[] {
  const { rawObjects, rawBytes, oldestRawHour, days, firstDay, lastDay, parts, bytes, records, isWhole } = figures;
  return [
    `raw        ${count(rawObjects)} objects, ${count(rawBytes)} bytes`,
    ...(oldestRawHour ? [`since      ${formatTimeAndAge(oldestRawHour, nowMs)}`] : []),
    days === 0
      ? "compacted  no day yet"
      : `compacted  ${count(days)} days, ${firstDay} to ${lastDay}: ${count(records)} records in ${count(parts)} files, ${count(bytes)} bytes`,
    ...(isWhole ? [] : ["The archive has more objects than one look counts: these are its first ones."]),
  ];
}

const count = (value: number): string => value.toLocaleString("en");
