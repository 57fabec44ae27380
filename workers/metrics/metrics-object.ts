import { DurableObject } from "cloudflare:workers";
import { MINUTE_MS } from "#domain/time.ts";
import { livePart } from "#telemetry/live-part.ts";
import { addReports, type Counts, type MetricsReport, type MetricsTotals, NO_TOTALS } from "#telemetry/metrics.ts";
import type { FlowHistory, HistoryQuery } from "#telemetry/overview.ts";
import type { MetricsShard } from "#telemetry/shards.ts";
import { figureOf, type Slot, type SlotFigure, sumOf, type TopicTimes } from "#telemetry/topic-times.ts";
import { writeDataPoints } from "./analytics.ts";
import type { Env } from "./env.ts";
import { toFlowTotals } from "./flow-totals.ts";
import { toHistory } from "./history.ts";
import { boundedReport, toTopicLabel } from "./labels.ts";
import { addMinute, NO_SLOTS, type Slots, toTopicSlots, toTopicTimes } from "./slots.ts";

/**
 * How long reports are collected before one write. Ours: Workers report after they have answered, so no client waits.
 */
const GATHER_MS = 100;

/** Everything that changes with each report, in one value, so that a write is one row. */
type Now = { readonly totals: MetricsTotals; readonly minute: Slot; readonly lastReceivedMs: LastReceived };
type LastReceived = TopicTimes["lastReceivedMs"];

/**
 * Sums up what all Workers report, since isolates are too short-lived to keep counts. Reports that arrive together are
 * written as one row: at most ten rows a second, however many requests there are. The end of a minute writes one row
 * more, and the end of an hour the row of its day.
 */
export class MetricsObject extends DurableObject<Env> implements MetricsShard {
  #now: Now | undefined;
  #slots: Slots | undefined;
  #writing: Promise<void> | undefined;

  /** Resolves when the report is stored. */
  report(report: MetricsReport): Promise<void> {
    const nowMs = Date.now();
    const { totals, minute, lastReceivedMs } = this.#turnMinute(nowMs);
    const bounded = boundedReport(
      report,
      (name) => totals[name] as Counts,
      (topic) => toTopicLabel(topic, nowMs),
    );
    this.#now = {
      totals: addReports(totals, bounded) as MetricsTotals,
      minute: { at: minute.at, topics: sumOf(minute.topics, toTopicSlots(bounded)) },
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

  async lastHour(): ReturnType<MetricsShard["lastHour"]> {
    const { spans } = await this.times();
    const sum = (figure: SlotFigure) =>
      Object.values(spans["1h"]).reduce((total, slot) => total + figureOf(slot, figure), 0);
    return { entered: sum("entered"), settled: sum("settled") };
  }

  async flow(): ReturnType<MetricsShard["flow"]> {
    const { totals } = this.#load();
    return { ...toFlowTotals(totals), backlog: totals.backlog };
  }

  async times(): Promise<TopicTimes> {
    const nowMs = Date.now();
    const { minute, lastReceivedMs } = this.#turnMinute(nowMs);
    return toTopicTimes(addMinute(this.#loadSlots(), minute), nowMs, lastReceivedMs);
  }

  async history(query: HistoryQuery): Promise<FlowHistory> {
    const { minute } = this.#turnMinute(Date.now());
    return toHistory(addMinute(this.#loadSlots(), minute), query);
  }

  /** Starts a new minute if the stored one is over, and stores that one with the past minutes. */
  #turnMinute(nowMs: number): Now {
    const now = this.#load();
    const at = Math.floor(nowMs / MINUTE_MS);
    if (now.minute.at >= at) return now;
    const { hours } = this.#loadSlots();
    const slots = addMinute(this.#loadSlots(), now.minute);
    const turned = { ...now, minute: { at, topics: {} } };
    const { kv } = this.ctx.storage;
    // In one transaction: an object that dies between the writes must not count the minute twice.
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

  /**
   * One value per day: 30 days of all topics in one value would be close to the limit of 2 MB, and only the last
   * changes.
   */
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
    // Earlier releases stored the totals alone, under a key of their own.
    const totals = stored?.totals ?? kv.get<Partial<MetricsTotals>>(OLD_TOTALS_KEY);
    const minute = stored?.minute ?? { at: Math.floor(Date.now() / MINUTE_MS), topics: {} };
    // Members that an older version did not store start at zero.
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
/** Keys sort like their days, which have five digits until the year 2243. */
const hoursKey = (day: number): string => `${HOURS_PREFIX}${day}`;

const receivedAt = (report: MetricsReport, nowMs: number): LastReceived =>
  Object.fromEntries(Object.keys(livePart(report).accepted).map((topic) => [topic, nowMs]));
