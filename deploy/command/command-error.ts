/**
 * What went wrong is known, and the message is for whoever ran the command, who gets no stack. Anything else that is
 * thrown is a bug.
 */
export class CommandError extends Error {
  /** What the process ends with: 1, it failed; 2, it was called wrongly. */
  readonly exitCode: 1 | 2 = 1;
}

/** How a command was called cannot work. Its usage is printed too. */
export class UsageError extends CommandError {
  override readonly name = "UsageError";
  override readonly exitCode = 2;
}
