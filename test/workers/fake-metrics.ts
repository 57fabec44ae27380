import { DurableObject } from "cloudflare:workers";
import type { MetricsReport } from "#telemetry/metrics.ts";

/** In the place of `MetricsObject`: remembers what it was told. */
export class FakeMetrics extends DurableObject {
  readonly #reports: MetricsReport[] = [];

  report(report: MetricsReport): void {
    this.#reports.push(report);
  }

  reports(): MetricsReport[] {
    return this.#reports;
  }
}
