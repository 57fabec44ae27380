import * as z from "zod";
import type { Scope } from "../auth/scope.ts";
import type { Interval } from "../domain/assignment.ts";
import type { DeviceKey } from "../domain/event.ts";
import type { HistoryEntry } from "../domain/history.ts";
import type { DeviceSnapshotSource } from "../domain/snapshot.ts";
import { compareText, occurredAtOf } from "../domain/version.ts";
import { type Page, type PageRequest, pageOf, rowsFor } from "./page.ts";

/** History is listed newest first. */
export const HistoryCursor = z.tuple([z.string().max(160), z.string().max(249)]);
export type HistoryCursor = z.infer<typeof HistoryCursor>;

export type HistoryDeps = {
  readonly objectOf: (key: DeviceKey) => DeviceSnapshotSource;
  /** The intervals of a device that the same scope may see. */
  readonly intervalsOf: (key: DeviceKey) => Promise<readonly Interval[]>;
};

/** The last events of a device, from its object. A dealer sees those that occurred while the device was its own. */
export class HistoryRepository {
  readonly #deps: HistoryDeps;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  async findPage(scope: Scope, key: DeviceKey, page: PageRequest<HistoryCursor>): Promise<Page<HistoryEntry>> {
    const [snapshot, intervals] = await Promise.all([
      this.#deps.objectOf(key).snapshot(),
      scope.role === "dealer" ? this.#deps.intervalsOf(key) : null,
    ]);
    const entries = (snapshot?.history ?? []).filter(
      (entry) =>
        isBehind(entry, page.after) && (intervals === null || isWithin(intervals, occurredAtOf(entry.version))),
    );
    return pageOf(entries.slice(0, rowsFor(page)), page, HISTORY_EDGE);
  }
}

const isBehind = ({ version, topic }: HistoryEntry, after: HistoryCursor | null): boolean =>
  after === null || (compareText(version, after[0]) || compareText(topic, after[1])) < 0;

const isWithin = (intervals: readonly Interval[], at: string): boolean =>
  intervals.some(({ from, to }) => from <= at && (to === null || at < to));

const HISTORY_EDGE = {
  cursor: ({ version, topic }: HistoryEntry): HistoryCursor => [version, topic],
  node: (entry: HistoryEntry) => entry,
};
