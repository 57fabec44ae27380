import type { DeviceKey } from "#domain/event.ts";

export type RecentQuery = { readonly deviceKey: DeviceKey; readonly sinceMs: number };

/** Of one device: ids of the events that were archived lately and are not compacted yet. */
export type RecentlyArchived = {
  readonly eventIds: readonly string[];
  /** False if there was more than one answer reads: an id that is missing may be in the rest. */
  readonly isWhole: boolean;
};

export interface ArchiveRecent {
  /** @returns `null` if the environment has no archive */
  recentlyArchived(query: RecentQuery): Promise<RecentlyArchived | null>;
}
