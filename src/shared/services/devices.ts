import type { Scope } from "../auth/scope.ts";
import type { Interval } from "../domain/assignment.ts";
import type { CommandOutcome, Commands, SetDesired } from "../domain/command.ts";
import { viewDevice } from "../domain/device.ts";
import type { DeviceKey } from "../domain/event.ts";
import { HISTORY_LIMIT, type HistoryEntry } from "../domain/history.ts";
import type { Issue } from "../domain/issue.ts";
import { joinRegisters } from "../domain/register.ts";
import type { DeviceSnapshotSource } from "../domain/snapshot.ts";
import { AssignmentRepository } from "../repositories/assignment.ts";
import {
  type DeviceFilter,
  type DeviceListing,
  type DeviceOwner,
  DeviceRepository,
  type FoundDevice,
} from "../repositories/device.ts";
import { isOutage } from "../repositories/fault.ts";
import { type HistoryFilter, HistoryRepository } from "../repositories/history.ts";
import { EMPTY_PAGE, type Page, type PageRequest } from "../repositories/page.ts";
import type { ReadSession } from "../repositories/read-session.ts";
import { faultOf, log } from "../telemetry/log.ts";
import { readAgain, readStrongly } from "./read-your-writes.ts";

export type DevicesDeps = {
  readonly scope: Scope;
  readonly session: ReadSession;
  readonly objectOf: (key: DeviceKey) => DeviceSnapshotSource;
  readonly commands: Pick<Commands, "setDesired">;
};

/** What is to be desired of which device. */
export type Wish = Omit<SetDesired, "deviceKey"> & { readonly key: string };

export type WishAnswer =
  /** `device` is null when the caller may not see it any more. */
  | { readonly kind: "set"; readonly outcome: CommandOutcome; readonly device: FoundDevice | null }
  /** Somebody else was faster; the device tells what they want. */
  | { readonly kind: "conflict"; readonly device: FoundDevice }
  | { readonly kind: "invalid"; readonly issues: readonly Issue[]; readonly device: FoundDevice }
  | { readonly kind: "notFound" };

/** With D1 gone, devices that one request may ask their objects for. Ours: a list is no reason to wake hundreds. */
const MAX_OBJECTS = 20;

/** No more handovers can lie among the events that a device remembers, and one in front of them. */
const AS_FAR_AS_HISTORY: PageRequest = { size: HISTORY_LIMIT + 1, from: "end", after: null, before: null };

/** The devices that one caller may see, and what belongs to each. */
export class Devices {
  readonly #scope: Scope;
  readonly #session: ReadSession;
  readonly #commands: DevicesDeps["commands"];
  readonly #objectOf: (key: DeviceKey) => DeviceSnapshotSource;
  readonly #devices: DeviceRepository;
  readonly #assignments: AssignmentRepository;
  #answeredByObjects = false;

  constructor({ scope, session, commands, objectOf }: DevicesDeps) {
    this.#scope = scope;
    this.#session = session;
    this.#commands = commands;
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
      const found = await Promise.all(keys.map((key) => this.#findInObject(key as DeviceKey)));
      // An object that does not hear of everything cannot say what is so, nor that there is nothing.
      if (found.includes(undefined)) throw thrown;
      this.#answeredByObjects = true;
      return found.filter((device) => device != null);
    }
  }

  /** The object knows who has its device, and so whether this caller may see it, as D1 does. */
  async #findInObject(key: DeviceKey): Promise<FoundDevice | null | undefined> {
    const snapshot = await this.#objectOf(key).snapshot();
    if (!snapshot) return snapshot;
    const device = { key, ...viewDevice(snapshot) };
    return this.#scope.role !== "dealer" || this.#scope.dealerIds.includes(device.dealerId ?? "") ? device : null;
  }

  /** @param page of the order that the list then has */
  list(page: PageRequest, listing: DeviceListing = {}): Promise<Page<FoundDevice>> {
    return this.#devices.findPage(this.#scope, page, listing);
  }

  /** How many there are, or `null` when they are too many to count. */
  count(filter: DeviceFilter = {}): Promise<number | null> {
    return this.#devices.countAll(this.#scope, filter);
  }

  /** The same page of each dealer's or customer's devices, by key. One without devices is left out. */
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

  /** Which dealer had each device when, oldest first. A device that was never anybody's is left out. */
  assignments(keys: readonly string[], page: PageRequest): Promise<Map<string, Page<Interval>>> {
    return this.#assignments.findPages(this.#scope, keys, page);
  }

  /** The same for as long as a device remembers its events: every assignment is one of them. */
  recentAssignments(keys: readonly string[]): Promise<Map<string, Page<Interval>>> {
    return this.assignments(keys, AS_FAR_AS_HISTORY);
  }

  /**
   * The last events of a device, newest first.
   * @param recentOf finds what `recentAssignments` does, perhaps for many at once
   */
  history(
    key: DeviceKey,
    { page, filter = {} }: { readonly page: PageRequest; readonly filter?: HistoryFilter },
    recentOf = async (one: DeviceKey) => (await this.recentAssignments([one])).get(one) ?? EMPTY_PAGE,
  ): Promise<Page<HistoryEntry>> {
    const intervalsOf = async (one: DeviceKey) => (await recentOf(one)).edges.map(({ node }) => node);
    return new HistoryRepository({ objectOf: this.#objectOf, intervalsOf }).findPage(this.#scope, key, {
      page,
      filter,
    });
  }

  /**
   * Sets what is desired of a device that the caller may see, if nobody was faster. It goes on while D1 is out of reach.
   * @throws an outage when it was kept nowhere; safe to ask again
   */
  async setDesired({ key, ...wish }: Wish): Promise<WishAnswer> {
    const [device] = await readStrongly(this.#session, () => this.find([key]));
    if (!device) return { kind: "notFound" };
    const answer = await this.#commands.setDesired({ ...wish, deviceKey: device.key });
    switch (answer.kind) {
      case "invalid":
        return { ...answer, device };
      case "conflict":
        return { kind: "conflict", device: { ...device, desired: answer.desired } };
      case "set": {
        const reading = { read: () => this.find([key]), otherwise: [device] };
        const [now] = await readAgain(this.#session, answer.consistencyToken, reading);
        const desired = joinRegisters(now?.desired ?? undefined, answer.desired);
        return { kind: "set", outcome: answer.outcome, device: now ? { ...now, desired } : null };
      }
    }
  }
}
