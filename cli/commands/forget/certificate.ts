import type { Certificate } from "#ops/archive-forgetting.ts";
import { opsCommand } from "../../ops/ops-command.ts";
import { formatTime } from "../../terminal/times.ts";

export const certificate = opsCommand({
  details: "It has no personal value: what was removed, in which places, how many, and the hashes of rewritten files.",
  arguments: { request: { summary: "The request, as `concord forget list` has it" } },
  examples: ["concord forget certificate 2026-11-30-5f0c2a91", "concord forget certificate 2026-11-30-5f0c2a91 --json"],
  run: async ({ client, print }, { request }) => {
    const found = await client.get<Certificate>(`/archive/forgets/${encodeURIComponent(request)}`);
    print(found, () => certificateLines(found));
  },
});

/** A certificate in lines for people. */
export function certificateLines(found: Certificate): string[] {
  const { removed, devices, files, remains } = found;
  return [
    `Certificate of ${found.requestId}`,
    `  customer   ${found.customers.join(", ")}`,
    `  requested  ${formatTime(found.requestedAt)}, by ${found.requestedBy}: ${found.reason}`,
    `  completed  ${formatTime(found.completedAt)}`,
    `  devices    ${devices.length}: what is personal of their events until ${formatTime(found.until)}`,
    ...devices.map((key) => `    ${key}`),
    "  redacted",
    ...Object.entries(removed)
      .filter(([name]) => name !== "devices")
      .map(([name, count]) => `    ${String(count).padStart(6)}  ${WORDS[name] ?? name}`),
    `  files of the archive  ${files.length}`,
    ...files.flatMap(({ before, after, sha256Before, sha256After }) => [
      `    ${before}  ${sha256Before}`,
      `    ${after ?? before}  ${sha256After}`,
    ]),
    "  still held elsewhere",
    ...remains.map((text) => `    ${text}`),
  ];
}

const WORDS: Readonly<Record<string, string>> = {
  databaseRows: "rows of the database",
  objects: "objects of devices",
  historyEvents: "events of their histories",
  lettersRedacted: "dead letters, without what is personal",
  lettersEmptied: "dead letters, emptied since their contract refuses them",
  auditEntries: "entries of the audit log, whose words quoted the customer",
  operatorsWords: "reasons, notes, names of runs and patches, which quoted the customer",
  jobNotes: "notes of a verification or a rebuild, which was ended",
  rawObjects: "raw objects of the archive",
  rawRecords: "records in them",
  dayFiles: "day files of the archive",
  dayRecords: "records in them",
  seriesSegments: "segments of the series",
  seriesLines: "lines in them",
  foldFiles: "files of folds that verification had stored, removed",
};
