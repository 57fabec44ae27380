import type { DeviceSnapshot } from "#domain/snapshot.ts";
import { DeviceObject as RealDeviceObject } from "../../workers/devices/device-object.ts";

/** The devices Worker's class, except that it says what a test told it, also after it was evicted. */
export class DeviceObject extends RealDeviceObject {
  async remember(snapshot: DeviceSnapshot): Promise<void> {
    this.ctx.storage.kv.put("told", snapshot);
  }

  override async snapshot(): Promise<DeviceSnapshot | null | undefined> {
    return this.ctx.storage.kv.get<DeviceSnapshot>("told") ?? super.snapshot();
  }
}
