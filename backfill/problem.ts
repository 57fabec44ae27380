/** What kind of a problem it is: something that was given is wrong, nothing was found, or it does not match what was before. */
export type ProblemKind = "input" | "nothing" | "conflict";

/** The backfill cannot go on with this file, mapping or state. The message says why, and what to do. */
export class BackfillProblem extends Error {
  override readonly name = "BackfillProblem";
  readonly kind: ProblemKind;

  constructor(message: string, kind: ProblemKind = "input") {
    super(message);
    this.kind = kind;
  }
}
