/** What a script wants to tell apart. 2 is citty's and ours for a call that cannot work. */
export const EXIT = {
  /** The platform could not be reached, or failed. */
  fault: 1,
  usage: 2,
  /** Nothing was found, or nothing was selected. */
  nothing: 3,
  /** A run is paused, was canceled, or ended with failures. */
  failures: 4,
  /** The token may not do this. */
  forbidden: 5,
  /** Somebody was faster, or a contract refuses it: look again. */
  conflict: 6,
} as const;

/** Ends the command with a code of its own, and with its message alone. */
export class ExitError extends Error {
  override readonly name = "ExitError";
  readonly code: number;

  constructor(code: (typeof EXIT)[keyof typeof EXIT], message: string) {
    super(message);
    this.code = code;
  }
}
