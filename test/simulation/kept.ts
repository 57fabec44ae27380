/**
 * The simulation has no file system: a printed line with this mark is followed by a schedule as JSON, which `npm run
 * simulate` writes to a file.
 */
export const KEEP_MARK = "to be kept: ";

/** A schedule that revealed a fault of ours, and that fault. All of them run before any new schedule is drawn. */
export type KeptSchedule<Step = unknown> = {
  readonly found: string;
  readonly seed: number;
  readonly steps: readonly Step[];
};
