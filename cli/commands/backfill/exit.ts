import { BackfillProblem, type ProblemKind } from "../../../backfill/problem.ts";
import { StopError } from "../../../bridge/source.ts";
import { EXIT, type ExitCode, ExitError } from "../../exit-error.ts";

const CODES: Readonly<Record<ProblemKind, ExitCode>> = {
  input: EXIT.usage,
  nothing: EXIT.nothing,
  conflict: EXIT.conflict,
};

/** How an error of a backfill ends the command. */
export function exitFor(error: Error): Error {
  if (error instanceof BackfillProblem) return new ExitError(CODES[error.kind], error.message);
  if (error instanceof StopError) return new ExitError(EXIT.fault, error.message);
  return error;
}
