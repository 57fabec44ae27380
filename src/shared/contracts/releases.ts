import index from "./releases/index.json" with { type: "json" };

/** A release of the contracts: the versions that were new in it. Their events are beside it, in a file each. */
export type Release = {
  readonly release: number;
  /** The day on which it was written, as 2026-12-01. */
  readonly date: string;
  readonly topics: Readonly<Record<string, number>>;
};

// The type of the JSON has every topic of any release in each of them.
export const RELEASES = index as readonly unknown[] as readonly Release[];

/** The last released version of each topic. */
export const latestVersions = (releases: readonly Release[] = RELEASES): ReadonlyMap<string, number> =>
  new Map(releases.flatMap(({ topics }) => Object.entries(topics)));

/** The release in which a version was new; `undefined` for one that is not released. */
export const releaseOf = (
  topic: string,
  version: number,
  releases: readonly Release[] = RELEASES,
): Release | undefined => releases.find(({ topics }) => topics[topic] === version);
