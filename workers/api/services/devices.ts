import type { Scope } from "../../../src/shared/auth/scope.ts";
import type { Interval } from "../../../src/shared/domain/assignment.ts";
import { viewDevice } from "../../../src/shared/domain/device.ts";
import type { DeviceKey } from "../../../src/shared/domain/event.ts";
import type { HistoryEntry } from "../../../src/shared/domain/history.ts";
import type { DeviceSnapshotSource } from "../../../src/shared/domain/snapshot.ts";
import { AssignmentRepository } from "../../../src/shared/repositories/assignment.ts";
import {
  type DeviceCursor,
  type DeviceFilter,
  DeviceRepository,
  type FoundDevice,
} from "../../../src/shared/repositories/device.ts";
import { isOutage } from "../../../src/shared/repositories/fault.ts";
import { type HistoryCursor, HistoryRepository } from "../../../src/shared/repositories/history.ts";
import type { Page, PageRequest } from "../../../src/shared/repositories/page.ts";
import type { ReadHandle } from "../../../src/shared/repositories/repository.ts";
import { faultOf, log } from "../../../src/shared/telemetry/log.ts";

export type DevicesDeps = {
  readonly scope: Scope;
  readonly session: ReadHandle;
  readonly objectOf: (key: DeviceKey) => DeviceSnapshotSource;
};

/** With D1 gone, devices that one request may ask their objects for. Ours: a list is no reason to wake hundreds. */
const MAX_OBJECTS = 20;

/** The devices that one caller may see, and what belongs to each. */
export class Devices {
  readonly #scope: Scope;
  readonly #objectOf: (key: DeviceKey) => DeviceSnapshotSource;
  readonly #devices: DeviceRepository;
  readonly #assignments: AssignmentRepository;
  #answeredByObjects = false;

  constructor({ scope, session, objectOf }: DevicesDeps) {
    this.#scope = scope;
    this.#objectOf = objectOf;
    this.#devices = new DeviceRepository(session);
    this.#assignments = new AssignmentRepository(session);
  }

  /** Whether D1 was out of reach and devices answered for themselves. */
  get answeredByObjects(): boolean {
    return this.#answeredByObjects;
  }

  /** In no order; what does not exist or is out of scope is left out. While D1 is out of reach, their objects answer. */
  async find(keys: readonly string[]): Promise<FoundDevice[]> {
    try {
      return await this.#devices.findAll(this.#scope, keys);
    } catch (thrown) {
      if (!isOutage(thrown) || keys.length > MAX_OBJECTS) throw thrown;
      log("warn", "devices.answered_by_objects", { devices: keys.length, ...faultOf(thrown) });
      this.#answeredByObjects = true;
      const found = await Promise.all(keys.map((key) => this.#findInObject(key as DeviceKey)));
      return found.filter((device) => device !== null);
    }
  }

  /** The object knows who has its device, and so whether this caller may see it, as D1 does. */
  async #findInObject(key: DeviceKey): Promise<FoundDevice | null> {
    const snapshot = await this.#objectOf(key).snapshot();
    if (!snapshot) return null;
    const device = { key, ...viewDevice(snapshot) };
    return this.#scope.role !== "dealer" || this.#scope.dealerIds.includes(device.dealerId ?? "") ? device : null;
  }

  list(page: PageRequest<DeviceCursor>, filter: DeviceFilter = {}): Promise<Page<FoundDevice>> {
    return this.#devices.findPage(this.#scope, page, filter);
  }

  /** The same page of each dealer's devices. A dealer without devices is left out. */
  listByDealer(dealerIds: readonly string[], page: PageRequest<DeviceCursor>): Promise<Map<string, Page<FoundDevice>>> {
    return this.#devices.findPagesByDealer(this.#scope, dealerIds, page);
  }

  /** Which dealer had each device when, oldest first. */
  intervals(keys: readonly string[]): Promise<Map<string, Interval[]>> {
    return this.#assignments.findIntervals(this.#scope, keys);
  }

  /** The last events of a device, newest first. @param intervalsOf finds what `intervals` does, perhaps for many at once */
  history(
    key: DeviceKey,
    page: PageRequest<HistoryCursor>,
    intervalsOf = async (one: DeviceKey) => (await this.intervals([one])).get(one) ?? [],
  ): Promise<Page<HistoryEntry>> {
    return new HistoryRepository({ objectOf: this.#objectOf, intervalsOf }).findPage(this.#scope, key, page);
  }
}
