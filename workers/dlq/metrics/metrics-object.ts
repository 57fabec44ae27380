import { DurableObject } from "cloudflare:workers";
import {
  addReports,
  type Counts,
  type MetricsReport,
  type MetricsSink,
  type MetricsTotals,
  NO_TOTALS,
} from "../../../src/shared/telemetry/metrics.ts";
import type { FlowHistory, FlowTotals } from "../../../src/shared/telemetry/overview.ts";
import { writeDataPoints } from "./analytics.ts";
import { flowTotalsOf } from "./flow-totals.ts";
import { type HistoryQuery, historyOf } from "./history.ts";
import { boundedReport, topicLabelOf } from "./labels.ts";
import {
  addMinute,
  figureOf,
  MINUTE_MS,
  NO_SLOTS,
  type Slot,
  type SlotFigure,
  type Slots,
  slotOf,
  sumOf,
  type TopicTimes,
  timesOf,
} from "./slots.ts";

/** How long reports are gathered before they are written. Ours: whoever reports waits for it behind its answer. */
const GATHER_MS = 100;

type Env = { readonly ANALYTICS?: AnalyticsEngineDataset };

/** All that changes with every report lies in one value. */
type Now = { readonly totals: MetricsTotals; readonly minute: Slot; readonly lastReceivedMs: LastReceived };
type LastReceived = TopicTimes["lastReceivedMs"];

/**
 * Adds up what all Workers report: their isolates are too short-lived to count for themselves. What is reported at about
 * the same time is written at once, as one row: ten a second at most, however many requests there are. A minute that is
 * over takes a row more, and an hour that of its day.
 */
export class MetricsObject extends DurableObject<Env> implements MetricsSink {
  #now: Now | undefined;
  #slots: Slots | undefined;
  #writing: Promise<void> | undefined;

  /** Comes back when the report is stored. */
  report(report: MetricsReport): Promise<void> {
    const nowMs = Date.now();
    const { totals, minute, lastReceivedMs } = this.#turnMinute(nowMs);
    const bounded = boundedReport(
      report,
      (name) => totals[name] as Counts,
      (topic) => topicLabelOf(topic, nowMs),
    );
    this.#now = {
      totals: addReports(totals, bounded) as MetricsTotals,
      minute: { at: minute.at, topics: sumOf(minute.topics, slotOf(bounded)) },
      lastReceivedMs: { ...lastReceivedMs, ...receivedAt(bounded, nowMs) },
    };
    this.#writing ??= this.#write();
    return this.#writing;
  }

  async #write(): Promise<void> {
    await scheduler.wait(GATHER_MS);
    this.#writing = undefined;
    this.ctx.storage.kv.put(NOW_KEY, this.#load());
  }

  async read(): Promise<MetricsTotals> {
    return this.#load().totals;
  }

  /** Records that entered and that settled within the last hour: a count that was lost is forgotten with it. */
  async lastHour(): Promise<{ readonly entered: number; readonly settled: number }> {
    const { spans } = await this.times();
    const sum = (figure: SlotFigure) =>
      Object.values(spans["1h"]).reduce((total, slot) => total + figureOf(slot, figure), 0);
    return { entered: sum("entered"), settled: sum("settled") };
  }

  /** What is drawn once a second, and so is small. */
  async flow(): Promise<FlowTotals & { readonly backlog: MetricsTotals["backlog"] }> {
    const { totals } = this.#load();
    return { ...flowTotalsOf(totals), backlog: totals.backlog };
  }

  async times(): Promise<TopicTimes> {
    const nowMs = Date.now();
    const { minute, lastReceivedMs } = this.#turnMinute(nowMs);
    return timesOf(addMinute(this.#loadSlots(), minute), nowMs, lastReceivedMs);
  }

  async history(query: HistoryQuery): Promise<FlowHistory> {
    const { minute } = this.#turnMinute(Date.now());
    return historyOf(addMinute(this.#loadSlots(), minute), query);
  }

  /** Puts a minute that is over where the others are. */
  #turnMinute(nowMs: number): Now {
    const now = this.#load();
    const at = Math.floor(nowMs / MINUTE_MS);
    if (now.minute.at >= at) return now;
    const { hours } = this.#loadSlots();
    const slots = addMinute(this.#loadSlots(), now.minute);
    const turned = { ...now, minute: { at, topics: {} } };
    const { kv } = this.ctx.storage;
    // All or none: an object that dies in between must not count the minute twice.
    this.ctx.storage.transactionSync(() => {
      kv.put(MINUTES_KEY, slots.minutes);
      if (slots.hours !== hours) this.#putHours(slots.hours, hours);
      kv.put(NOW_KEY, turned);
    });
    this.#slots = slots;
    this.#now = turned;
    writeDataPoints(this.env.ANALYTICS, now.minute);
    return turned;
  }

  /** A value a day: 30 days of all topics in one come near the 2 MB that a value may have, and only the last changes. */
  #putHours(hours: readonly Slot[], before: readonly Slot[]): void {
    const { kv } = this.ctx.storage;
    const last = before.at(-1)?.at ?? -1;
    const days = Map.groupBy(hours, dayOf);
    for (const day of new Set(hours.filter(({ at }) => at > last).map(dayOf))) kv.put(hoursKey(day), days.get(day));
    for (const day of new Set(before.map(dayOf))) if (!days.has(day)) kv.delete(hoursKey(day));
  }

  #load(): Now {
    this.#now ??= this.#stored();
    return this.#now;
  }

  #stored(): Now {
    const { kv } = this.ctx.storage;
    const stored = kv.get<Now>(NOW_KEY);
    // Before there were slots, the totals lay there by themselves.
    const totals = stored?.totals ?? kv.get<Partial<MetricsTotals>>(OLD_TOTALS_KEY);
    const minute = stored?.minute ?? { at: Math.floor(Date.now() / MINUTE_MS), topics: {} };
    // Members that an older version did not store start at their zero.
    return { totals: { ...NO_TOTALS, ...totals }, minute, lastReceivedMs: stored?.lastReceivedMs ?? {} };
  }

  #loadSlots(): Slots {
    const { kv } = this.ctx.storage;
    this.#slots ??= {
      minutes: kv.get<Slots["minutes"]>(MINUTES_KEY) ?? NO_SLOTS.minutes,
      hours: [...kv.list<Slots["hours"]>({ prefix: HOURS_PREFIX })].flatMap(([, hours]) => hours),
    };
    return this.#slots;
  }
}

const NOW_KEY = "now";
const MINUTES_KEY = "minutes";
const HOURS_PREFIX = "hours-";
const OLD_TOTALS_KEY = "totals";

const dayOf = ({ at }: Slot): number => Math.floor(at / 24);
/** In the order of their days, which have five digits until the year 2243. */
const hoursKey = (day: number): string => `${HOURS_PREFIX}${day}`;

const receivedAt = ({ accepted = {} }: MetricsReport, nowMs: number): LastReceived =>
  Object.fromEntries(Object.keys(accepted).map((topic) => [topic, nowMs]));
