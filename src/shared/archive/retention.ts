import { DAY_MS } from "#domain/time.ts";

/** How long what is known of a record is kept, and where. */
export type Kept = {
  /** The value of a dead letter that is resolved or discarded, in days. A waiting letter keeps its value. */
  readonly letterValueDays: number;
  /** The rest of such a letter, in days. */
  readonly letterDays: number;
  /**
   * The record in the archive, in whole days after the day on which it was received; `null` for ever. With less than 35, the
   * states of months lack what was removed before their month was over.
   */
  readonly archiveDays: number | null;
};

/** How long records are kept: of every topic, and what is different for some. */
export type RetentionTable = {
  /** The most events that a device's object keeps: its newest ones, whatever their topic, and fewer of large ones. */
  readonly objectEvents: number;
  /** How many values of waiting letters a group keeps: half of them its oldest, half its newest. D1 has 10 GB in all. */
  readonly letterValuesAGroup: number;
  readonly every: Kept;
  readonly topics: Readonly<Record<string, Partial<Kept>>>;
};

/** The one place that says how long records are kept. docs/retention.md has it for readers, and a test compares them. */
export const RETENTION: RetentionTable = {
  objectEvents: 1_100,
  letterValuesAGroup: 20_000,
  every: { letterValueDays: 30, letterDays: 180, archiveDays: null },
  topics: {},
};

export const keptOf = (topic: string, { every, topics }: RetentionTable = RETENTION): Kept => ({
  ...every,
  ...(Object.hasOwn(topics, topic) ? topics[topic] : undefined),
});

/**
 * Whether the archive still keeps a topic's records of a day.
 * @param day of their receipt, in UTC: `2026-11-23`
 */
export function isArchived(topic: string, day: string, nowMs: number, table: RetentionTable = RETENTION): boolean {
  const { archiveDays } = keptOf(topic, table);
  return archiveDays === null || nowMs < Date.parse(`${day}T00:00:00Z`) + (archiveDays + 1) * DAY_MS;
}

/** How many days the archive keeps each topic that has a line of its own, by its name, and every other; `null` for ever. */
export function archiveLimits({ every, topics }: RetentionTable = RETENTION): Record<string, number | null> {
  const own = Object.entries(topics).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    [["every", every] as const, ...own].flatMap(([name, { archiveDays }]) =>
      archiveDays === undefined ? [] : [[name, archiveDays] as const],
    ),
  );
}

/** The newest day of which the archive may have to remove something, inclusive; `null` if it keeps everything for ever. */
export function newestExpiredDay(nowMs: number, table: RetentionTable = RETENTION): string | null {
  const limits = Object.values(archiveLimits(table)).filter((limit) => limit !== null);
  if (limits.length === 0) return null;
  return new Date(nowMs - (Math.min(...limits) + 1) * DAY_MS).toISOString().slice(0, "2026-11-23".length);
}
