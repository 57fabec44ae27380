import type { Clients } from "../../local/clients.ts";
import type { Outcome } from "./records.ts";

/** What Concord says of the records that it has accepted, in its counts and in the letters themselves. */
export type Account = Outcome & {
  readonly accepted: number;
  readonly applied: number;
  readonly inFlight: number;
  /** Failures that the stored letters of the topic tell, by reason. */
  readonly stored: Readonly<Record<string, number>>;
};

export async function readAccount(clients: Clients, topic: string): Promise<Account> {
  const { accepted, applied, unchanged, duplicate, superseded, deadLettered, inFlight } = await clients.outcomes();
  const stored: Record<string, number> = {};
  for (const { reason, failures } of await clients.exactLetters(`?topic=${topic}`)) {
    stored[reason] = (stored[reason] ?? 0) + failures;
  }
  return {
    accepted,
    applied,
    merged: applied + unchanged + duplicate + superseded,
    letters: deadLettered.byReason,
    inFlight,
    stored,
  };
}

export const since = (before: Account, now: Account): Account => ({
  accepted: now.accepted - before.accepted,
  applied: now.applied - before.applied,
  merged: now.merged - before.merged,
  letters: difference(before.letters, now.letters),
  inFlight: now.inFlight,
  stored: difference(before.stored, now.stored),
});

type Counts = Readonly<Record<string, number>>;

function difference(before: Counts, now: Counts): Counts {
  const changed = Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(changed.filter(([, count]) => count !== 0));
}

export function sumOf(outcomes: readonly Outcome[]): Outcome {
  const letters: Record<string, number> = {};
  for (const outcome of outcomes) {
    for (const [reason, count] of Object.entries(outcome.letters)) letters[reason] = (letters[reason] ?? 0) + count;
  }
  return { merged: outcomes.reduce((sum, { merged }) => sum + merged, 0), letters };
}

export const count = ({ merged, letters }: Outcome): number =>
  merged + Object.values(letters).reduce((sum, each) => sum + each, 0);

/** Whether every record that was accepted has its outcome, and every dead one its letter. */
export const isClosed = (account: Account): boolean =>
  account.inFlight === 0 && account.accepted === count(account) && sameCounts(account.letters, account.stored);

/** Whether the account is closed with exactly this. */
export const comesTo = (account: Account, expected: Outcome): boolean =>
  isClosed(account) && account.merged === expected.merged && sameCounts(account.letters, expected.letters);

const sameCounts = (a: Counts, b: Counts): boolean => tell(a) === tell(b);

export const tell = (counts: Counts): string =>
  Object.entries(counts)
    .sort()
    .map(([name, number]) => `${number} ${name}`)
    .join(", ");
