import * as z from "zod";
import { dataSeenBy } from "#auth/actor.ts";
import type { Scope } from "#auth/scope.ts";
import { type Interval, isWithin } from "#domain/assignment.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { HistoryEntry } from "#domain/history.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import { versionMoment } from "#domain/version.ts";
import type { KeyRange } from "./keyset.ts";
import { type Cursor, type Page, type PageRequest, pageFromAll } from "./page.ts";

/** Conditions that all have to hold; absent and null are no condition. Times are `Moment`s, as `parseTime` returns them. */
export type HistoryFilter = {
  readonly occurred?: KeyRange | null | undefined;
  readonly topic?: string | null | undefined;
};

const LIST = "HISTORY";

/** History is listed newest first. */
export const HistoryCursor = z.tuple([z.literal(LIST), z.string().max(200), z.string().max(249)]);

export type HistoryDeps = {
  readonly objectOf: (key: DeviceKey) => DeviceSnapshotSource;
  /** The intervals of a device that the scope may see, as far back as its history. */
  readonly intervalsOf: (key: DeviceKey) => Promise<readonly Interval[]>;
};

/** The recent events of a device, from its object. A dealer sees those that occurred while the device was its own. */
export class HistoryRepository {
  readonly #deps: HistoryDeps;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  async findPage(
    scope: Scope,
    key: DeviceKey,
    { page, filter = {} }: { readonly page: PageRequest; readonly filter?: HistoryFilter },
  ): Promise<Page<HistoryEntry>> {
    const [snapshot, intervals] = await Promise.all([
      this.#deps.objectOf(key).snapshot(),
      scope.role === "dealer" ? this.#deps.intervalsOf(key) : null,
    ]);
    const entries = (snapshot?.history ?? []).filter(
      (entry) =>
        matches(entry, filter) &&
        (intervals === null || intervals.some((interval) => isWithin(interval, entry.version))),
    );
    const found = pageFromAll(entries, page, HISTORY_EDGE);
    return { ...found, edges: found.edges.map((edge) => ({ ...edge, node: seenEntry(scope, edge.node) })) };
  }
}

/** An event as a scope may see it. */
export const seenEntry = (scope: Scope, entry: HistoryEntry): HistoryEntry => ({
  ...entry,
  data: dataSeenBy(scope, entry.data),
});

function matches({ version, topic }: HistoryEntry, { occurred, topic: wanted }: HistoryFilter): boolean {
  const at = versionMoment(version);
  const { from, to } = occurred ?? {};
  return (wanted == null || topic === wanted) && (from == null || from <= at) && (to == null || at < to);
}

const HISTORY_EDGE = {
  cursor: ({ version, topic }: HistoryEntry): Cursor => [LIST, version, topic],
  node: (entry: HistoryEntry) => entry,
  direction: "descending",
} as const;
