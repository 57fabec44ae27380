import { actorName, actorOf } from "#auth/actor.ts";
import type { Scope } from "#auth/scope.ts";
import type { Interval } from "#domain/assignment.ts";
import type { By, DesiredState } from "#domain/change.ts";
import { type Commands, takesCommand } from "#domain/command.ts";
import { viewDesired } from "#domain/device.ts";
import type { DeviceArchive } from "#domain/device-archive.ts";
import { type DeviceKey, sourceOf } from "#domain/event.ts";
import { HISTORY_LIMIT, type HistoryEntry } from "#domain/history.ts";
import type { ReadingRange } from "#domain/readings.ts";
import type { Register } from "#domain/register.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import { compareVersions } from "#domain/version.ts";
import { AssignmentRepository } from "#repositories/assignment.ts";
import {
  type DeviceFilter,
  type DeviceListing,
  type DeviceOwner,
  DeviceRepository,
  type FoundDevice,
  seenDevice,
} from "#repositories/device.ts";
import { isOutage } from "#repositories/fault.ts";
import { type HistoryFilter, HistoryRepository } from "#repositories/history.ts";
import type { FleetStatistics } from "#repositories/kept-counts.ts";
import { EMPTY_PAGE, type Page, type PageRequest } from "#repositories/page.ts";
import type { ReadSession } from "#repositories/read-session.ts";
import { StatisticsRepository } from "#repositories/statistics.ts";
import { describeFault, log } from "#telemetry/log.ts";
import type { DesiredStateInput, SetDesiredOutcome } from "./bindings.ts";
import { type DeviceAsOf, type DeviceReadings, EarlierDevices, type TimesAsked } from "./earlier-devices.ts";
import { readAfterWrite, readFromPrimary } from "./read-your-writes.ts";

export type DevicesDeps = {
  readonly scope: Scope;
  /** The `sub` of the caller's token. */
  readonly subject?: string | null;
  readonly session: ReadSession;
  readonly objectOf: (key: DeviceKey) => DeviceSnapshotSource;
  readonly commands: Pick<Commands, "setDesired">;
  /** Absent where the environment has no archive. */
  readonly archive?: DeviceArchive | undefined;
};

/** Devices that one request may read from their objects during an outage of D1. Our choice: not to wake hundreds for a list. */
const MAX_OBJECTS = 20;

/** All intervals that a device's history can overlap: every handover is an event of it, and one came before. */
const RECENT_ASSIGNMENTS: PageRequest = { size: HISTORY_LIMIT + 1, from: "end", after: null, before: null };

type RecentOf = (key: DeviceKey) => Promise<Page<Interval>>;

const intervalsIn = ({ edges }: Page<Interval>): Interval[] => edges.map(({ node }) => node);

/** The devices within one caller's scope, with their assignments and histories. */
export class Devices {
  readonly #scope: Scope;
  readonly #subject: string | null;
  readonly #session: ReadSession;
  readonly #commands: DevicesDeps["commands"];
  readonly #objectOf: (key: DeviceKey) => DeviceSnapshotSource;
  readonly #devices: DeviceRepository;
  readonly #assignments: AssignmentRepository;
  readonly #statistics: StatisticsRepository;
  readonly #earlier: EarlierDevices;
  #answeredByObjects = false;

  constructor({ scope, subject = null, session, commands, objectOf, archive }: DevicesDeps) {
    this.#scope = scope;
    this.#subject = subject;
    this.#session = session;
    this.#commands = commands;
    this.#objectOf = objectOf;
    this.#devices = new DeviceRepository(session);
    this.#assignments = new AssignmentRepository(session);
    this.#statistics = new StatisticsRepository(session);
    this.#earlier = new EarlierDevices(scope, archive);
  }

  /** Whether D1 was unavailable and the devices' objects answered instead. */
  get answeredByObjects(): boolean {
    return this.#answeredByObjects;
  }

  /** In no particular order; devices that do not exist or are out of scope are left out. During an outage of D1 their objects answer. */
  async find(keys: readonly string[]): Promise<FoundDevice[]> {
    try {
      return await this.#devices.findAll(this.#scope, keys);
    } catch (thrown) {
      if (!isOutage(thrown) || keys.length > MAX_OBJECTS) throw thrown;
      log("warn", "devices.answered_by_objects", { devices: keys.length, ...describeFault(thrown) });
      const found = await Promise.all(keys.map((key) => this.#findInObject(key as DeviceKey)));
      // An object without a watch does not receive every event, so it can confirm neither a state nor that there is none.
      if (found.includes(undefined)) throw thrown;
      this.#answeredByObjects = true;
      return found.filter((device) => device != null);
    }
  }

  /** Reads a device from its object, which also has the dealer to check the scope. `undefined` if the object is not up to date. */
  async #findInObject(key: DeviceKey): Promise<FoundDevice | null | undefined> {
    const snapshot = await this.#objectOf(key).snapshot();
    if (!snapshot) return snapshot;
    const device = seenDevice(this.#scope, key, snapshot);
    return this.#scope.role !== "dealer" || this.#scope.dealerIds.includes(device.dealerId ?? "") ? device : null;
  }

  /** @param page with cursors of the list's order */
  list(page: PageRequest, listing: DeviceListing = {}): Promise<Page<FoundDevice>> {
    return this.#devices.list(this.#scope, page, listing);
  }

  /** Current counts of all devices in scope, or of one dealer's; `null` while they are being counted for the first time. */
  statistics(dealerId?: string | null): Promise<FleetStatistics | null> {
    return this.#statistics.findFleet(this.#scope, dealerId);
  }

  /** The number of devices, or `null` above `MAX_COUNT`, unless the filter has nothing but dealer, source and status. */
  count(filter: DeviceFilter = {}): Promise<number | null> {
    return this.#devices.countAll(this.#scope, filter);
  }

  /** The same page of each dealer's or customer's devices, by key. Owners without devices are left out. */
  listByOwner(
    owner: DeviceOwner,
    ids: readonly string[],
    { page, filter = {} }: { readonly page: PageRequest; readonly filter?: DeviceFilter },
  ): Promise<Map<string, Page<FoundDevice>>> {
    return this.#devices.findPagesByOwner(this.#scope, { owner, ids }, { page, filter });
  }

  countByOwner(
    owner: DeviceOwner,
    ids: readonly string[],
    filter: DeviceFilter = {},
  ): Promise<Map<string, number | null>> {
    return this.#devices.countByOwner(this.#scope, { owner, ids }, filter);
  }

  /** The intervals of each device, oldest first. Devices that never had a dealer are left out. */
  assignments(keys: readonly string[], page: PageRequest): Promise<Map<string, Page<Interval>>> {
    return this.#assignments.findPages(this.#scope, keys, page);
  }

  /** The intervals of each device that overlap its history. */
  recentAssignments(keys: readonly string[]): Promise<Map<string, Page<Interval>>> {
    return this.assignments(keys, RECENT_ASSIGNMENTS);
  }

  /**
   * The recent events of a device, newest first.
   * @param recentOf replaces `recentAssignments`, to batch it over devices
   */
  history(
    key: DeviceKey,
    { page, filter = {} }: { readonly page: PageRequest; readonly filter?: HistoryFilter },
    recentOf: RecentOf = (one) => this.#recentOf(one),
  ): Promise<Page<HistoryEntry>> {
    const intervalsOf = async (one: DeviceKey) => intervalsIn(await recentOf(one));
    return new HistoryRepository({ objectOf: this.#objectOf, intervalsOf }).findPage(this.#scope, key, {
      page,
      filter,
    });
  }

  async #recentOf(key: DeviceKey): Promise<Page<Interval>> {
    return (await this.recentAssignments([key])).get(key) ?? EMPTY_PAGE;
  }

  /**
   * A device by what had occurred by `asOf`, of what was known at `knownAt`; `null` if nothing was, or the caller may not see
   * it. A dealer sees it if it has the device now, had it then, and if that was known then.
   * @param asked `knownAt` is `null` for now
   * @throws {ArchiveRefused} without an archive, and for times that it does not answer for
   */
  async findAsOf(key: DeviceKey, asked: TimesAsked): Promise<DeviceAsOf | null> {
    if (this.#scope.role !== "dealer") return this.#earlier.find(key, asked, null);
    const [device] = await this.find([key]);
    return device ? this.#earlier.find(key, asked, intervalsIn(await this.#recentOf(key))) : null;
  }

  /**
   * What a device in the caller's scope measured, by steps. A dealer sees what was reported while it had the device, except in
   * the very milliseconds in which it was handed over.
   * @param recentOf replaces `recentAssignments`, to batch it over devices
   * @throws {ArchiveRefused} without an archive, and for a range that has too many points or readings
   */
  async readings(
    key: DeviceKey,
    range: ReadingRange,
    recentOf: RecentOf = (one) => this.#recentOf(one),
  ): Promise<DeviceReadings> {
    return this.#earlier.readings(key, range, this.#scope.role === "dealer" ? intervalsIn(await recentOf(key)) : null);
  }

  /**
   * Sets the desired state of a device in the caller's scope, if it has the expected version. It works during an outage of D1.
   * @throws an outage if nothing was stored; safe to retry
   */
  async setDesired({ key, ...input }: DesiredStateInput): Promise<SetDesiredOutcome> {
    const [device] = await readFromPrimary(this.#session, () => this.find([key]));
    if (!device) return { kind: "notFound" };
    if (!takesCommand(sourceOf(device.key), "setDesiredState")) return { kind: "unsupported", device };
    const { key: deviceKey, dealerId } = device;
    const by = actorOf(this.#scope, this.#subject, dealerId);
    const result = await this.#commands.setDesired({ ...input, deviceKey, by });
    switch (result.kind) {
      case "invalid":
        return { ...result, device };
      case "conflict":
        return { kind: "conflict", device: { ...device, ...this.#seenDesired(result.desired) } };
      case "set": {
        const reading = { read: () => this.find([key]), fallback: [device] };
        const [now] = await readAfterWrite(this.#session, result.consistencyToken, reading);
        const isNewer = now?.desired && compareVersions(now.desired.version, result.desired.version) >= 0;
        const desired = isNewer ? {} : this.#seenDesired(result.desired);
        return { kind: "set", outcome: result.outcome, device: now ? { ...now, ...desired } : null };
      }
    }
  }

  #seenDesired(register: Register<DesiredState & By> | null): Pick<FoundDevice, "desired" | "desiredBy"> {
    const { desired, desiredBy } = viewDesired(register);
    return { desired, desiredBy: actorName(this.#scope, desiredBy) };
  }
}
