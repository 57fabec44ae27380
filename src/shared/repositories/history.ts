import * as z from "zod";
import type { Scope } from "../auth/scope.ts";
import { type Interval, isWithin } from "../domain/assignment.ts";
import type { DeviceKey } from "../domain/event.ts";
import type { HistoryEntry } from "../domain/history.ts";
import type { DeviceSnapshotSource } from "../domain/snapshot.ts";
import { momentIn } from "../domain/version.ts";
import type { Stretch } from "./keyset.ts";
import { type Cursor, type Page, type PageRequest, pageOfAll } from "./page.ts";

/** Conditions that all have to hold; absent and null ask for nothing. Times are moments, as `parseTime` reads them. */
export type HistoryFilter = {
  readonly occurred?: Stretch | null | undefined;
  readonly topic?: string | null | undefined;
};

const LIST = "HISTORY";

/** History is listed newest first. */
export const HistoryCursor = z.tuple([z.literal(LIST), z.string().max(200), z.string().max(249)]);

export type HistoryDeps = {
  readonly objectOf: (key: DeviceKey) => DeviceSnapshotSource;
  /** The intervals of a device that the same scope may see, for as long as the device remembers. */
  readonly intervalsOf: (key: DeviceKey) => Promise<readonly Interval[]>;
};

/** The last events of a device, from its object. A dealer sees those that occurred while the device was its own. */
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
    return pageOfAll(entries, page, HISTORY_EDGE);
  }
}

function matches({ version, topic }: HistoryEntry, { occurred, topic: wanted }: HistoryFilter): boolean {
  const at = momentIn(version);
  const { from, to } = occurred ?? {};
  return (wanted == null || topic === wanted) && (from == null || from <= at) && (to == null || at < to);
}

const HISTORY_EDGE = {
  cursor: ({ version, topic }: HistoryEntry): Cursor => [LIST, version, topic],
  node: (entry: HistoryEntry) => entry,
  direction: "descending",
} as const;
