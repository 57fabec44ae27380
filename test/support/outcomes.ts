import { expect, vi } from "vitest";
import type { Clients, Outcomes } from "../../local/clients.ts";

/** Longer than reports are collected before they are counted. */
const QUIET_MS = 300;

/** The outcomes once nothing is in flight and everything is counted. */
export async function outcomesAtRest(clients: Clients): Promise<Outcomes> {
  let last = await clients.outcomes();
  await vi.waitFor(
    async () => {
      const before = last;
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      last = await clients.outcomes();
      expect([last.inFlight, last]).toEqual([0, before]);
    },
    { timeout: 15_000, interval: 0 },
  );
  return last;
}
