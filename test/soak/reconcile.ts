import type { Clients, DeadLetter, Outcomes } from "../../local/clients.ts";
import { compareThroughGraphql, type Difference } from "../../local/compare.ts";
import { bar } from "../../local/screen.ts";
import type { Stack } from "../../local/stack.ts";
import { compareStores } from "../../local/stores.ts";
import { foldOracle } from "../../samples/oracle.ts";
import { type Ledger, letterKey } from "./load.ts";

/** As the operations API shows it, with the identity of a letter. */
type ListedLetter = DeadLetter & {
  readonly topic: string;
  readonly key: string | null;
  readonly payload: string | null;
};

/**
 * How long nothing may change before the system counts as settled: longer than a record waits that failed four times in
 * a row.
 */
const QUIET_MS = 25_000;
const LONGEST_DRAIN_MS = 240_000;
const POLL_MS = 1_000;

/** The number of outcomes. More than were accepted is no fault: repeated records have outcomes too. */
export const endedOf = ({ applied, unchanged, duplicate, superseded, deadLettered }: Outcomes): number =>
  applied + unchanged + duplicate + superseded + deadLettered.total;

/**
 * Waits until every record has an outcome, and neither the counters nor the letters change. Gives up after a while; the
 * reconciliation then reports what is missing.
 */
export async function atRest(clients: Clients, ledger: Ledger): Promise<Outcomes> {
  const deadline = Date.now() + LONGEST_DRAIN_MS;
  let last = "";
  let stillSince = Date.now();
  for (;;) {
    const outcomes = await clients.outcomes();
    const state = JSON.stringify([outcomes, (await lettersOf(clients)).length]);
    if (state !== last) stillSince = Date.now();
    last = state;
    if (Date.now() - stillSince >= QUIET_MS && outcomes.inFlight <= 0) return outcomes;
    if (Date.now() > deadline) {
      ledger.violations.push(
        `${LONGEST_DRAIN_MS / 1000} s after the last record ${outcomes.inFlight} have no outcome, or something still moves`,
      );
      return outcomes;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Compares everything that the client was promised with what is stored. @returns the differences */
export async function reconcile(stack: Stack, clients: Clients, ledger: Ledger): Promise<string[]> {
  const oracle = foldOracle(ledger.accepted);
  const shown = await compareThroughGraphql(clients, oracle, bar("GraphQL against the fold"));
  const stored = await compareStores(stack, bar("D1 against device objects"));
  return [...[...shown, ...stored].map(describe), ...letterViolations(await lettersOf(clients), ledger)];
}

/** How many different events the fold of the accepted records expects in the devices' histories. */
export const historyLength = (ledger: Ledger): number =>
  [...foldOracle(ledger.accepted).values()].reduce((sum, { history }) => sum + history.length, 0);

function letterViolations(letters: readonly ListedLetter[], { letters: expected }: Ledger): string[] {
  const found = new Map<string, ListedLetter[]>(
    [...Map.groupBy(letters, ({ topic, key, payload }) => letterKey(topic, key, payload))].map(([key, all]) => [
      key,
      all,
    ]),
  );
  const missing = [...expected].flatMap(([key, reason]) => {
    const [letter, ...twins] = found.get(key) ?? [];
    if (!letter) return [`no letter (${reason}) of ${key}`];
    if (twins.length > 0) return [`${twins.length + 1} letters of one record: ${key}`];
    return letter.reason === reason ? [] : [`the letter ${letter.id} says ${letter.reason}, the answer said ${reason}`];
  });
  const strange = [...found]
    .filter(([key]) => !expected.has(key))
    .flatMap(([key, all]) => all.map(({ id, reason }) => `a letter (${reason}) that should not be: ${id} ${key}`));
  return [...missing, ...strange];
}

/** Every letter, each once: one that fails again while we page is exported twice. */
async function lettersOf(clients: Clients): Promise<ListedLetter[]> {
  const letters = new Map((await clients.exactLetters()).map((letter) => [letter.id, letter]));
  return [...letters.values()];
}

const describe = ({ key, member, expected, found }: Difference): string =>
  `${key} ${member}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`;
