import type { ConcordEvent } from "#domain/event.ts";
import type { DeviceSnapshot } from "#domain/snapshot.ts";

/** What a device's object holds live, and beside it the value that a rebuild makes of the archive. */
export type RebuiltObject =
  /** Objects are written only while they have subscribers, so there is nothing to rebuild in them. */
  | { readonly isKept: false }
  | {
      readonly isKept: true;
      readonly live: DeviceSnapshot | null;
      /** `null` if no record of the device was replayed into this object. */
      readonly rebuilt: DeviceSnapshot | null;
      readonly revision: number;
    };

/**
 * How a rebuild from the archive writes a device's object. The second value is there from the first replayed event until
 * it is dropped; meanwhile live events go into both.
 */
export interface RebuildSink {
  /** Joins replayed events into the second value. Safe to repeat. @returns whether this object keeps the device's state */
  replay(events: ConcordEvent[]): Promise<{ readonly isKept: boolean; readonly rowsWritten: number }>;
  /** Both values as they are now. */
  readRebuilt(): Promise<RebuiltObject>;
  /**
   * Makes the live value what the second one says, except for what is newer in it. Subscribers get a gap if that changes
   * something. Safe to repeat; the second value stays.
   */
  adoptRebuilt(): Promise<{ readonly isChanged: boolean; readonly revision: number }>;
  /** Removes the second value. */
  dropRebuilt(): Promise<void>;
}
