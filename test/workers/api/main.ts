import type { DeviceSnapshot } from "../../../src/shared/domain/snapshot.ts";
import { DeviceObject as IngestDeviceObject } from "../../../workers/ingest/device-object.ts";

export * from "../../../workers/api/index.ts";
export { default } from "../../../workers/api/index.ts";
export { MetricsObject } from "../../../workers/dlq/metrics-object.ts";

/** The ingest Worker's class, except that it says what a test told it. */
export class DeviceObject extends IngestDeviceObject {
  #snapshot: DeviceSnapshot | null = null;

  async remember(snapshot: DeviceSnapshot): Promise<void> {
    this.#snapshot = snapshot;
  }

  override async snapshot(): Promise<DeviceSnapshot | null> {
    return this.#snapshot ?? super.snapshot();
  }
}
