import { DAY_MS, HOUR_MS, MINUTE_MS } from "#domain/time.ts";
export const ALERT_KINDS = ["group_opened", "group_regressed", "spike", "oldest_age", "run_paused"] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** A group and its number of open letters. */
type WaitingGroup = { readonly id: string; readonly state: string; readonly signature: string; readonly open: number };

/** The state of the dead letters, as far as alerts depend on it. */
export type Observation = {
  readonly nowMs: number;
  /** Groups that are open or have regressed. */
  readonly groups: readonly WaitingGroup[];
  /** Letters that last failed within the last five minutes, and within the hour before those. */
  readonly lettersLately: number;
  readonly lettersBefore: number;
  /** The last failure of the letter that has waited longest. */
  readonly oldestWaitingMs: number | null;
  readonly pausedRuns: readonly { readonly id: string; readonly why: string | null }[];
};

/** A condition that raises an alert. It contains no personal data. */
export type Condition = {
  /** Identifies the condition across evaluations. */
  readonly key: string;
  readonly kind: AlertKind;
  readonly subject: string;
  /** One line for a pager. */
  readonly summary: string;
};

export const LATELY_MS = 5 * MINUTE_MS;
export const BEFORE_MS = HOUR_MS;

/** Fewer letters in five minutes are no spike, however quiet it was before. Ours, like the constants below. */
const SPIKE_AT_LEAST = 50;
/** How many times the usual rate. */
const SPIKE_TIMES = 5;
const OLDEST_AGE_MS = DAY_MS;

/** @param isSpiking a long spike raises the usual rate, and still counts as a spike until it ends */
export function evaluateRules(seen: Observation, isSpiking = false): Condition[] {
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
      summary: `A dead letter has waited for ${Math.floor(waitedMs / HOUR_MS)} hours`,
    },
    // A run's name is left out: people write it, and the summary goes to a pager's provider.
    ...seen.pausedRuns.map(({ id, why }) => ({
      kind: "run_paused" as const,
      subject: id,
      summary: `A replay is paused: ${why ?? "no reason was given"}`,
    })),
  ];
  return those.filter((each) => each !== false).map((each) => ({ ...each, key: `${each.kind}:${each.subject}` }));
}

/** An alert as it was last sent. */
export type Known = Condition & { readonly state: "firing" | "recovered"; readonly lastSentAtMs: number };

/** An alert to send now. */
export type Notice = Condition & { readonly state: Known["state"]; readonly expectedSentAtMs: number | null };

/** A condition that returns within this time is the same incident, and is not sent again. */
const COOLDOWN_MS = 15 * MINUTE_MS;
/** A condition that lasts is sent again after this time. */
const REMIND_MS = 4 * HOUR_MS;

/**
 * Compares the alerts that were sent with the conditions that hold: what began, what lasts too long, and what is over.
 */
export function chooseNotices(nowMs: number, conditions: readonly Condition[], known: readonly Known[]): Notice[] {
  const byKey = new Map(known.map((each) => [each.key, each]));
  const going = new Set(conditions.map(({ key }) => key));
  const firing = conditions.flatMap((condition): Notice[] => {
    const told = byKey.get(condition.key);
    // A group stays open until an operator handles it, so this alert is sent once.
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
