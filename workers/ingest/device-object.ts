import { DurableObject } from "cloudflare:workers";
import type { ConcordEvent } from "../../src/shared/domain/event.ts";
import type { MergeOutcome } from "../../src/shared/domain/outcome.ts";
import { type DeviceSnapshot, type DeviceSnapshotSource, mergeSnapshot } from "../../src/shared/domain/snapshot.ts";

export type ObjectMergeReport = { readonly outcomes: readonly MergeOutcome[]; readonly rowsWritten: number };

/** One device, awake or asleep: its registers and recent history in one stored value, so a write bills one row. */
export class DeviceObject extends DurableObject implements DeviceSnapshotSource {
  #snapshot: DeviceSnapshot | null | undefined;

  /** Merges events; repeated or superseded ones write nothing. Safe to call again with the same events. */
  async merge(events: ConcordEvent[]): Promise<ObjectMergeReport> {
    const known = this.#load();
    const { snapshot, outcomes } = mergeSnapshot(known, events);
    if (snapshot === known) return { outcomes, rowsWritten: 0 };
    // Memory moves only after the write was taken: a failed write must not look done to the next caller.
    this.ctx.storage.kv.put(SNAPSHOT, snapshot);
    this.#snapshot = snapshot;
    return { outcomes, rowsWritten: 1 };
  }

  async snapshot(): Promise<DeviceSnapshot | null> {
    return this.#load();
  }

  #load(): DeviceSnapshot | null {
    if (this.#snapshot === undefined) this.#snapshot = this.ctx.storage.kv.get<DeviceSnapshot>(SNAPSHOT) ?? null;
    return this.#snapshot;
  }
}

const SNAPSHOT = "snapshot";
