import type { Clients, Outcomes, Pushed } from "./clients.ts";

/** The counts of a platform that has received nothing. */
export const NO_OUTCOMES: Outcomes = {
  accepted: 0,
  applied: 0,
  unchanged: 0,
  duplicate: 0,
  superseded: 0,
  deadLettered: { total: 0, byReason: {} },
  inFlight: 0,
  d1RowsWritten: 0,
  objectWrites: 0,
};

/** Waits until everything that was accepted since `before` has an outcome. */
export async function atRest(
  clients: Clients,
  before: Outcomes,
  { accepted, deadLettered }: Pushed,
): Promise<Outcomes> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const now = await clients.outcomes();
    const pushed = accepted + deadLettered;
    if (now.accepted - before.accepted === pushed && now.inFlight === 0) return now;
    if (Date.now() > deadline) {
      throw new Error(
        `${pushed} records were accepted, and a minute later ${now.inFlight} have no outcome: ${JSON.stringify(now)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
