/** Why a step failed, as sentences for whoever deployed: what was sent, what came back, and what to look at. */
export class SmokeProblem extends Error {
  override readonly name = "SmokeProblem";
}

/** An error of Node's fetch or of a socket in one phrase; its cause says more than itself. */
export function phraseOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.name === "TimeoutError") return "no answer in time";
  const { cause } = thrown;
  if (!(cause instanceof Error)) return thrown.message;
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}
