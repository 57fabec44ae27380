import { DurableObject } from "cloudflare:workers";
import { findContract } from "../../src/shared/contracts/index.ts";
import type { MetricsReport, MetricsSink } from "../../src/shared/telemetry/metrics.ts";
import { addReport, type MetricsTotals, NO_TOTALS } from "./totals.ts";

/**
 * Adds up what all Workers report: their isolates are too short-lived to count for themselves. All totals lie in one
 * packed value, so that a report costs one row written however many counters it moves.
 */
export class MetricsObject extends DurableObject implements MetricsSink {
  #totals: MetricsTotals | undefined;

  async report(report: MetricsReport): Promise<void> {
    const totals = addReport(this.#read(), report, labelOf);
    this.ctx.storage.kv.put(KEY, totals);
    this.#totals = totals;
  }

  async read(): Promise<MetricsTotals> {
    return this.#read();
  }

  #read(): MetricsTotals {
    // Members that an older version did not store start at their zero.
    this.#totals ??= { ...NO_TOTALS, ...this.ctx.storage.kv.get<MetricsTotals>(KEY) };
    return this.#totals;
  }
}

const KEY = "totals";

/** Clients choose topics, so only those of a contract get a series of their own; the number of series stays bounded. */
const labelOf = (topic: string): string => findContract(topic, Date.now())?.topic ?? "other";
