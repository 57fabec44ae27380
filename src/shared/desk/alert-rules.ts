export const ALERT_KINDS = ["group_opened", "group_regressed", "spike", "oldest_age", "run_paused"] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** A group with so many open letters. */
type WaitingGroup = { readonly id: string; readonly state: string; readonly signature: string; readonly open: number };

/** How the desk stands, as far as somebody may have to be woken for it. */
export type Observation = {
  readonly nowMs: number;
  /** Groups that are open or have regressed. */
  readonly groups: readonly WaitingGroup[];
  /** Letters whose last failure lies in the last five minutes, and in the hour before those. */
  readonly lettersLately: number;
  readonly lettersBefore: number;
  /** The last failure of the letter that has waited longest. */
  readonly oldestWaitingMs: number | null;
  readonly pausedRuns: readonly { readonly id: string; readonly why: string | null }[];
};

/** Something that is the case, and that somebody wants to hear of. Nothing in it is personal. */
export type Condition = {
  /** What makes it one and the same from one look to the next. */
  readonly key: string;
  readonly kind: AlertKind;
  readonly subject: string;
  /** One line for a pager. */
  readonly summary: string;
};

export const LATELY_MS = 5 * 60_000;
export const BEFORE_MS = 60 * 60_000;

/** Fewer letters in five minutes are no spike, however quiet it was before. Ours, as all that follows. */
const SPIKE_AT_LEAST = 50;
/** How many times as many as usual. */
const SPIKE_TIMES = 5;
const OLDEST_AGE_MS = 24 * 3_600_000;

/** @param isSpiking a spike that goes on becomes what is usual, and is none the less one until it ends */
export function conditionsOf(seen: Observation, isSpiking = false): Condition[] {
  const usually = seen.lettersBefore / (BEFORE_MS / LATELY_MS);
  const isMany = seen.lettersLately >= SPIKE_AT_LEAST;
  const isSpike = isMany && (isSpiking || seen.lettersLately >= SPIKE_TIMES * usually);
  const waitedMs = seen.oldestWaitingMs === null ? 0 : seen.nowMs - seen.oldestWaitingMs;
  const those: (Omit<Condition, "key"> | false)[] = [
    ...seen.groups.map(({ id, state, signature, open }) =>
      state === "regressed"
        ? {
            kind: "group_regressed" as const,
            subject: id,
            summary: `Was resolved, and fails again: ${signature} (${open} open)`,
          }
        : { kind: "group_opened" as const, subject: id, summary: `New kind of failure: ${signature} (${open} open)` },
    ),
    isSpike && {
      kind: "spike",
      subject: "all",
      summary: `${seen.lettersLately} dead letters in five minutes, where ${Math.round(usually)} are usual`,
    },
    waitedMs > OLDEST_AGE_MS && {
      kind: "oldest_age",
      subject: "all",
      summary: `A dead letter has waited for ${Math.floor(waitedMs / 3_600_000)} hours`,
    },
    // Not its name, which people write, and which would go to whoever runs the pager.
    ...seen.pausedRuns.map(({ id, why }) => ({
      kind: "run_paused" as const,
      subject: id,
      summary: `A replay is paused: ${why ?? "nobody said why"}`,
    })),
  ];
  return those.filter((each) => each !== false).map((each) => ({ ...each, key: `${each.kind}:${each.subject}` }));
}

/** An alert as it was last told of. */
export type Known = Condition & { readonly state: "firing" | "recovered"; readonly lastSentAtMs: number };

/** What is to be told now. */
export type Notice = Condition & { readonly state: Known["state"]; readonly expectedSentAtMs: number | null };

/** What comes back within this time is the same trouble, of which somebody has just heard. */
const COOLDOWN_MS = 15 * 60_000;
/** What goes on for as long is told again. */
const REMIND_MS = 4 * 3_600_000;

/** Between what was told and what is: what begins, what goes on for too long, and what is over. */
export function noticesOf(nowMs: number, conditions: readonly Condition[], known: readonly Known[]): Notice[] {
  const byKey = new Map(known.map((each) => [each.key, each]));
  const going = new Set(conditions.map(({ key }) => key));
  const firing = conditions.flatMap((condition): Notice[] => {
    const told = byKey.get(condition.key);
    // A group that is open stays open until somebody comes: that it is there is told once.
    if (told?.state === "firing" && condition.kind === "group_opened") return [];
    const quietMs = told?.state === "firing" ? REMIND_MS : COOLDOWN_MS;
    if (told && nowMs - told.lastSentAtMs < quietMs) return [];
    return [{ ...condition, state: "firing", expectedSentAtMs: told?.lastSentAtMs ?? null }];
  });
  const over = known
    .filter(({ key, state }) => state === "firing" && !going.has(key))
    .map(({ lastSentAtMs, ...each }): Notice => ({ ...each, state: "recovered", expectedSentAtMs: lastSentAtMs }));
  return [...firing, ...over];
}
