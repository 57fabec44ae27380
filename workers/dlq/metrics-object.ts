import { DurableObject } from "cloudflare:workers";
import { findContract } from "../../src/shared/contracts/index.ts";
import type { MetricsReport, MetricsSink } from "../../src/shared/telemetry/metrics.ts";
import { addReport, type MetricsTotals, NO_TOTALS } from "./totals.ts";

/** How long reports are gathered before they are written. Ours: whoever reports waits for it behind its answer. */
const GATHER_MS = 100;

/**
 * Adds up what all Workers report: their isolates are too short-lived to count for themselves. All totals lie in one
 * packed value, and what is reported at about the same time is written at once: a row each tenth of a second at most,
 * however many requests there are.
 */
export class MetricsObject extends DurableObject implements MetricsSink {
  #totals: MetricsTotals | undefined;
  #writing: Promise<void> | undefined;

  /** Comes back when the report is stored. */
  report(report: MetricsReport): Promise<void> {
    this.#totals = addReport(this.#read(), report, labelOf);
    this.#writing ??= this.#write();
    return this.#writing;
  }

  async #write(): Promise<void> {
    await scheduler.wait(GATHER_MS);
    this.#writing = undefined;
    this.ctx.storage.kv.put(KEY, this.#read());
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
