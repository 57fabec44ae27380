import { DurableObject } from "cloudflare:workers";
import type { DeviceSnapshot, DeviceSnapshotSource } from "../../../src/shared/domain/snapshot.ts";

export * from "../../../workers/api/index.ts";
export { default } from "../../../workers/api/index.ts";

/** Stands in for the ingest Worker's class: it says what a test told it. */
export class DeviceObject extends DurableObject implements DeviceSnapshotSource {
  #snapshot: DeviceSnapshot | null = null;

  async remember(snapshot: DeviceSnapshot): Promise<void> {
    this.#snapshot = snapshot;
  }

  async snapshot(): Promise<DeviceSnapshot | null> {
    return this.#snapshot;
  }
}
