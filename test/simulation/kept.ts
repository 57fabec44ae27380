/**
 * The simulation has no file system: behind this mark a line holds a schedule, as JSON, that `npm run simulate` is to
 * write down.
 */
export const KEEP_MARK = "to be kept: ";

/** A schedule that showed a fault of ours, and what that was. All of them run before any new one is drawn. */
export type KeptSchedule<Step = unknown> = {
  readonly found: string;
  readonly seed: number;
  readonly steps: readonly Step[];
};
