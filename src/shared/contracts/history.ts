import type { Contract } from "./define.ts";
import { RELEASES, type Release, releaseOf } from "./releases.ts";

/** One version of a contract, for readers of the catalogue. */
export type VersionDescription = {
  readonly version: number;
  /** The release in which it was new, and its date; `null` for one that is not released yet. */
  readonly release: number | null;
  readonly date: string | null;
  /** What it changed of the version before it; `null` for the first. */
  readonly changed: string | null;
  /** What becomes of its records: the current version reads them as they are, or after they are converted. */
  readonly records: "as they are" | "converted";
};

/** The versions of a contract whose records are read, newest first. */
export function historyOf(
  { topic, version, earlier }: Pick<Contract, "topic" | "version" | "earlier">,
  releases: readonly Release[] = RELEASES,
): VersionDescription[] {
  const versions = [...earlier.map((each) => each.version), version];
  return versions.toReversed().map((each): VersionDescription => {
    const { release = null, date = null } = releaseOf(topic, each, releases) ?? {};
    const changed = earlier.find((before) => before.version === each - 1)?.changed ?? null;
    const isConverted = earlier.some((step) => step.version >= each && step.up !== undefined);
    return { version: each, release, date, changed, records: isConverted ? "converted" : "as they are" };
  });
}

/** The history in Markdown, a line a version; empty for a contract that has had one version. */
export function historyLines(history: readonly VersionDescription[]): string[] {
  if (history.length < 2) return [];
  return history.map(({ version, date, changed, records }, i) => {
    const when = date === null ? "not released yet" : `released on ${date}`;
    const whose =
      i === 0 ? "" : ` Its records are read ${records === "converted" ? "after they are converted" : records}.`;
    return `- Version ${version}, ${when}: ${changed ?? "the first that is read."}${whose}`;
  });
}
