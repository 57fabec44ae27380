import type { ConcordEvent } from "#domain/event.ts";
import type { DeviceSnapshot } from "#domain/snapshot.ts";
import type { Version } from "#domain/version.ts";

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
      /**
       * What differs between the events of both values: those of the histories, and the older ones. At most 100 of an
       * object, those first that nothing can still explain; none without a rebuilt value.
       */
      readonly events: readonly EventDifference[];
    };

/** An event that the live value lacks, has with other data, or has although the rebuilt one has not. */
export type EventDifference = {
  readonly version: Version;
  /** `null` of an event that the rebuilt value had and no longer keeps. */
  readonly topic: string | null;
  readonly cause: "missing" | "sameVersion" | "notArchived";
  /** Whether an event that is archived later may still explain it. */
  readonly isAbove: boolean;
};

/**
 * How a rebuild from the archive writes a device's object. The second value is there from the first replayed event until
 * it is dropped; meanwhile live events go into both.
 */
export interface RebuildSink {
  /**
   * Joins replayed events into the second value. Safe to repeat.
   * @param receivedAtMs when the record of each event was received, in the order of the events
   * @returns whether this object keeps the device's state
   */
  replay(
    events: ConcordEvent[],
    receivedAtMs?: readonly number[],
  ): Promise<{ readonly isKept: boolean; readonly rowsWritten: number }>;
  /** Both values as they are now. */
  readRebuilt(): Promise<RebuiltObject>;
  /**
   * Makes the live value what the second one says, except for what is newer in it. Subscribers get a gap if that changes
   * something. Safe to repeat; the second value stays.
   * @param registers for an object without a second value, since it is written only while it is watched: those of its row
   */
  adoptRebuilt(registers?: DeviceSnapshot): Promise<{ readonly isChanged: boolean; readonly revision: number }>;
  /** Removes the second value. */
  dropRebuilt(): Promise<void>;
}
