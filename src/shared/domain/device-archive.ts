import type { DeviceState } from "./as-of.ts";
import type { DeviceKey } from "./event.ts";
import type { ReadingPoint, ReadingRange } from "./readings.ts";
import type { Moment } from "./time.ts";

/** An answer of the archive, or why there is none, as a sentence for the reader. Times are milliseconds since 1970 UTC. */
export type ArchiveAnswer<Found> =
  | ({
      readonly kind: "found";
      /** All that was received and settled before this time is in the answer; of what came later, what the device's object has. */
      readonly completeUntilMs: number;
      /**
       * What was received before this time may be missing: the archive began then, or does not keep what is older. `null` if
       * nothing is missing, however long ago it was received.
       */
      readonly completeSinceMs: number | null;
    } & Found)
  | { readonly kind: "refused"; readonly message: string };

export type AskedAsOf = {
  readonly asOf: Moment;
  /** When it was known; `null` for now. */
  readonly knownAtMs: number | null;
};

/** `state` is `null` if nothing about the device had occurred by then, or nothing was known of it. */
export type FoundAsOf = ArchiveAnswer<{ readonly state: DeviceState | null; readonly knownAtMs: number }>;

/** A time in which a dealer had a device, without the moments at which it was handed over; `toMs` is `null` while it lasts. */
export type Held = { readonly fromMs: number; readonly toMs: number | null };

export type AskedReadings = ReadingRange & {
  /** The times of which the reader may know; `null` for any. */
  readonly held: readonly Held[] | null;
};

export type FoundReadings = ArchiveAnswer<{ readonly points: readonly ReadingPoint[] }>;

/** What the archive knows of single devices. It checks no scope: the services do. */
export interface DeviceArchive {
  deviceAsOf(key: DeviceKey, asked: AskedAsOf): Promise<FoundAsOf>;
  deviceReadings(key: DeviceKey, asked: AskedReadings): Promise<FoundReadings>;
}

/** Whether a reader who had the device in these times may know of something that occurred then. */
export const isHeldAt = (held: readonly Held[] | null, atMs: number): boolean =>
  held === null || held.some(({ fromMs, toMs }) => fromMs < atMs && (toMs === null || atMs < toMs));
