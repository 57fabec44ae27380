import { formatTime } from "../../cli/terminal/times.ts";
import type { LogEntry } from "./log.ts";
import type { BridgeState, Phase } from "./state.ts";

export type Status = {
  readonly phase: Phase;
  /** Records that Concord has taken, a second, since the last look. */
  readonly perSecond: number;
  /** `null` where the source cannot tell. */
  readonly lag: number | null;
  /** The age of the oldest record that was read and is not committed, by its own time. */
  readonly lagMs: number;
  /** How long ago it was read. */
  readonly oldestMs: number;
  readonly accepted: number;
  readonly deadLettered: number;
  readonly lost: number;
};

/** Looks at a bridge now and then, and tells its rates since the last look. */
export class StatusWatch {
  readonly #state: BridgeState;
  readonly #now: () => number;
  #last: { readonly atMs: number; readonly sent: number };

  constructor(state: BridgeState, now: () => number) {
    this.#state = state;
    this.#now = now;
    this.#last = { atMs: now(), sent: 0 };
  }

  look(): Status {
    const { phase, positions, totals } = this.#state;
    const { accepted, deadLettered, lost } = totals;
    const now = { atMs: this.#now(), sent: accepted + deadLettered };
    const elapsedMs = Math.max(1, now.atMs - this.#last.atMs);
    const perSecond = ((now.sent - this.#last.sent) * 1_000) / elapsedMs;
    this.#last = now;
    const ages = [...positions.ages().values()];
    const lagMs = Math.max(0, ...ages.map(({ recordMs }) => recordMs));
    const oldestMs = Math.max(0, ...ages.map(({ waitingMs }) => waitingMs));
    return { phase, perSecond, lag: positions.lag, lagMs, oldestMs, accepted, deadLettered, lost };
  }
}

/** `delivering  1,234 records/s  lag 5,678 (2.1 s)  oldest waiting 0.4 s  accepted 1,000  dead letters 3` */
export function statusLine(status: Status): string {
  const { phase, perSecond, lag, lagMs, oldestMs, accepted, deadLettered, lost } = status;
  return [
    phaseText(phase),
    `${count(perSecond)} records/s`,
    `lag ${lag === null ? "unknown" : count(lag)} (${seconds(lagMs)})`,
    `oldest waiting ${seconds(oldestMs)}`,
    `accepted ${count(accepted)}`,
    ...(deadLettered > 0 ? [`dead letters ${count(deadLettered)}`] : []),
    ...(lost > 0 ? [`LOST ${count(lost)}`] : []),
  ].join("  ");
}

/** The same for a log. */
export function statusEntry(status: Status): LogEntry {
  const { phase, perSecond, lag, lagMs, oldestMs, accepted, deadLettered, lost } = status;
  const attributes = {
    state: phase.kind,
    "records.per_second": Math.round(perSecond),
    ...(lag !== null && { "lag.records": lag }),
    "lag.seconds": lagMs / 1_000,
    "oldest.seconds": oldestMs / 1_000,
    accepted,
    dead_lettered: deadLettered,
    lost,
  };
  return { level: "info", event: "bridge.status", message: statusLine(status), attributes };
}

/** `waiting for Concord since 2026-11-30 12:00:00Z (503: the queue is full)` */
export function phaseText(phase: Phase): string {
  const since = `since ${formatTime(new Date(phase.sinceMs).toISOString())}`;
  switch (phase.kind) {
    case "delivering":
      return "delivering";
    case "waiting":
      return `waiting for ${phase.on} ${since} (${phase.reason})`;
    case "joining":
      return `joining ${since}${phase.reason === null ? "" : ` (${phase.reason})`}`;
    case "ended":
      return `ended: ${phase.reason}`;
  }
}

const count = (value: number): string => Math.round(value).toLocaleString("en");
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** Where each topic stands, for the end: `device.a.b.c: 3 partitions, 1,234 records behind`. */
export function standingEntries({ positions }: BridgeState): LogEntry[] {
  const topics = Map.groupBy(positions.standings(), ({ topic }) => topic);
  return [...topics].map(([topic, partitions]) => {
    const behind = partitions.flatMap(({ lag }) => lag ?? []);
    const lag = behind.length < partitions.length ? null : behind.reduce((sum, each) => sum + each, 0);
    const left = lag === null ? "lag unknown" : lag === 0 ? "all is delivered" : `${count(lag)} records behind`;
    const offsets = partitions.map(({ partition, committed }) => `${partition} at ${committed ?? "no offset"}`);
    return {
      level: "info",
      event: "bridge.standing",
      message: `${topic}: ${left}; committed: ${offsets.join(", ")}`,
      attributes: {
        "messaging.destination.name": topic,
        partitions: partitions.length,
        ...(lag !== null && { "lag.records": lag }),
      },
    };
  });
}
