/** `details` in the report of the job `rebuild`. */
export type RebuildDetails = {
  readonly into: "D1" | "live";
  /** What the comparison found, before a switch. */
  readonly found: Findings;
  /** What was found after the switch, among what it replaced and in the counts; `null` before that. */
  readonly left: Findings | null;
  /** D1's bookmark from before the switch: Time Travel restores the live database to it. `null` before a switch. */
  readonly bookmark: string | null;
  /** Everything that was archived before then is replayed; ISO. `null` until the archive was read once. */
  readonly through: string | null;
};

/** Differences between the live state and the archive: counts by `{place} {cause}`, and the first ones in words. */
export type Findings = {
  readonly total: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly first: readonly Finding[];
};

export type Finding = {
  readonly place: string;
  /** The device's key, the party's key `{source}:{id}`, or what a count is of. */
  readonly subject: string;
  readonly path: string;
  readonly cause: string;
  /** In a sentence, without any value. */
  readonly text: string;
};
