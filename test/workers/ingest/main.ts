import { DurableObject } from "cloudflare:workers";
import type { MetricsReport } from "#telemetry/metrics.ts";

export { DealerFeed } from "../../../workers/devices/dealer-feed.ts";
export { DeviceObject } from "../../../workers/devices/device-object.ts";
export { LiveHub } from "../../../workers/devices/hub/live-hub.ts";
export { CommandsService, default } from "../../../workers/ingest/index.ts";

/** Remembers what it was told. */
export class FakeMetrics extends DurableObject {
  readonly #reports: MetricsReport[] = [];

  report(report: MetricsReport): void {
    this.#reports.push(report);
  }

  reports(): MetricsReport[] {
    return this.#reports;
  }
}
