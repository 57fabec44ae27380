import type { ArchiveFigures } from "#ops/archive-files-api.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { OpsDeps } from "../ops/deps.ts";

/** What the archive holds; `null` without an archive, or while it does not answer: the other metrics do not wait for it. */
export async function readArchiveFigures({ archive }: Pick<OpsDeps, "archive">): Promise<ArchiveFigures | null> {
  try {
    return (await archive?.archiveFigures()) ?? null;
  } catch (error) {
    log("warn", "metrics.no_archive", describeFault(error));
    return null;
  }
}
