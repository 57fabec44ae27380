import { DurableObject } from "cloudflare:workers";

export * from "../../../workers/devices/index.ts";
export { default } from "../../../workers/devices/index.ts";

/** Takes every report. */
export class FakeMetrics extends DurableObject {
  report(): void {}
}
