import type { Interval } from "#domain/assignment.ts";
import type { CommandOutcome, SetDesired } from "#domain/command.ts";
import type { DeviceKey, Source } from "#domain/event.ts";
import type { HistoryEntry } from "#domain/history.ts";
import type { Issue } from "#domain/issue.ts";
import type { AlertFilter, AlertKey, FoundAlert } from "#repositories/alert.ts";
import type { CustomerFilter, FoundCustomer } from "#repositories/customer.ts";
import type { DealerFilter, FoundDealer } from "#repositories/dealer.ts";
import type { DeviceFilter, DeviceListing, FoundDevice } from "#repositories/device.ts";
import type { HistoryFilter } from "#repositories/history.ts";
import type { FleetStatistics } from "#repositories/kept-counts.ts";
import type { Page, PageArgs } from "#repositories/page.ts";
import type { DealerStatistics } from "#repositories/statistics.ts";
import type { Answer, Call } from "./call.ts";

/*
 * What other Workers call over service bindings. The api Worker implements these interfaces, and they are written out
 * rather than taken from its classes, so that no type of that Worker is part of the SDK. The platform's own `Service<…>`
 * is no alternative: it turns an answer with an `unknown` member, such as an event's data, into `never`.
 *
 * Every method may throw what the platform throws when the api Worker or D1 is out of reach. Nothing was changed then
 * unless the method says otherwise; `isOutage` tells such an error from one that a repetition would meet again.
 */

/** A desired state for a device, by its key. Temperatures in degrees Celsius. */
export type DesiredStateInput = Omit<SetDesired, "deviceKey" | "by"> & { readonly key: string };

/** How setting a desired state ended. */
export type SetDesiredOutcome =
  /** `device` is null if the caller may no longer see it. */
  | { readonly kind: "set"; readonly outcome: CommandOutcome; readonly device: FoundDevice | null }
  /** The version was not the expected one; `device` has the current desired state. */
  | { readonly kind: "conflict"; readonly device: FoundDevice }
  | { readonly kind: "invalid"; readonly issues: readonly Issue[]; readonly device: FoundDevice }
  /** The device's source takes no desired state; nothing was sent. */
  | { readonly kind: "unsupported"; readonly device: FoundDevice }
  | { readonly kind: "notFound" };

/** How acknowledging an alert ended. */
export type Acknowledged =
  /** `alert` is null if the caller may no longer see it. */
  | { readonly kind: "acknowledged"; readonly outcome: CommandOutcome; readonly alert: FoundAlert | null }
  | { readonly kind: "alreadyCleared"; readonly alert: FoundAlert }
  /** The device's source takes no acknowledgement; nothing was sent. */
  | { readonly kind: "unsupported"; readonly alert: FoundAlert }
  | { readonly kind: "notFound" };

/** How acknowledging one of several alerts ended. */
export type AcknowledgedOfMany =
  | Acknowledged
  /** Neither D1 nor the queue took this one, and others were taken. Nothing of it was stored; safe to repeat. */
  | { readonly kind: "notTaken"; readonly alert: FoundAlert };

/**
 * Devices, with their assignments and histories: `[[services]]` with `entrypoint = "DevicesService"`.
 * Source: D1 `devices` and `assignments`, usually less than a second behind the queue; histories from the device's object.
 */
export interface DevicesBinding {
  /**
   * @param keys `{source}:{deviceId}`; case matters. During an outage of D1, up to 20 are read from the devices' objects.
   * @returns the devices in no particular order, without those that do not exist or are out of scope
   */
  find(call: Call, keys: readonly DeviceKey[]): Promise<Answer<FoundDevice[]>>;

  /**
   * A page of the devices in scope, of up to 100.
   * @param listing with times in RFC 3339: `{ filter: { updatedSince: "2026-11-27T13:00:00Z" } }`
   * @throws RangeError for a bad size, a cursor of another list, or text that is not a time
   */
  list(call: Call, page: PageArgs, listing?: DeviceListing): Promise<Answer<Page<FoundDevice>>>;

  /**
   * Current counts of the devices and open alerts in scope, or of those of one dealer in it.
   * @returns `null` for some minutes after the release that began to keep counts, while devices are being counted
   */
  statistics(call: Call, dealerId?: string): Promise<Answer<FleetStatistics | null>>;

  /**
   * The number of devices in scope. `null` if there are more than 10 000 and the filter has anything but dealer, source
   * and status.
   * @throws RangeError for text that is not a time
   */
  count(call: Call, filter?: DeviceFilter): Promise<Answer<number | null>>;

  /**
   * Which dealer had each device from which version to which, oldest first. A dealer sees its own intervals only.
   * @returns a page by device key, without devices that were never assigned
   * @throws RangeError for a bad size or a cursor of another list
   */
  assignments(call: Call, keys: readonly DeviceKey[], page: PageArgs): Promise<Answer<Map<string, Page<Interval>>>>;

  /**
   * The last 100 events of a device, newest first. A dealer sees those that occurred while the device was its own.
   * @param filter with times in RFC 3339
   * @throws RangeError for a bad size, a cursor of another list, or text that is not a time
   */
  history(call: Call, key: DeviceKey, page: PageArgs, filter?: HistoryFilter): Promise<Answer<Page<HistoryEntry>>>;

  /**
   * Replaces the desired state of a device in scope, if it still has the expected version.
   * @throws an outage if nothing was stored; safe to repeat, since the version is compared again
   */
  setDesired(call: Call, wish: DesiredStateInput): Promise<Answer<SetDesiredOutcome>>;
}

/**
 * Alerts: `[[services]]` with `entrypoint = "AlertsService"`.
 * Source: D1 `alerts`, usually less than a second behind the queue.
 */
export interface AlertsBinding {
  /** @returns the alerts in no particular order, without those that do not exist or are out of scope */
  find(call: Call, keys: readonly AlertKey[]): Promise<Answer<FoundAlert[]>>;

  /**
   * A page of the alerts in scope, of up to 100, by the time of their raise, newest first.
   * @param filter with times in RFC 3339
   * @throws RangeError for a bad size, a cursor of another list, or text that is not a time
   */
  list(call: Call, page: PageArgs, filter?: AlertFilter): Promise<Answer<Page<FoundAlert>>>;

  /**
   * The number of alerts in scope, or `null` if there are more than 10 000.
   * @throws RangeError for text that is not a time
   */
  count(call: Call, filter?: AlertFilter): Promise<Answer<number | null>>;

  /**
   * Acknowledges an alert in scope. One that is acknowledged already stays as it is.
   * @throws an outage if nothing was stored; safe to repeat
   */
  acknowledge(call: Call, key: AlertKey): Promise<Answer<Acknowledged>>;

  /**
   * Acknowledges up to 100 alerts at once, each as `acknowledge` does.
   * @returns how each ended, in the order of the keys
   * @throws RangeError for more than 100 keys; an outage if nothing was stored of any of them, safe to repeat
   */
  acknowledgeAll(call: Call, keys: readonly AlertKey[]): Promise<Answer<AcknowledgedOfMany[]>>;
}

/**
 * Dealers: `[[services]]` with `entrypoint = "DealersService"`. A dealer sees only itself.
 * Source: D1 `dealer_records`, one record per source and dealer.
 */
export interface DealersBinding {
  /**
   * @param source whose records are returned, as devices of that source mean them; without it, the first source's that
   * has each
   * @returns the dealers in no particular order, without those that do not exist or are out of scope
   */
  find(call: Call, dealerIds: readonly string[], source?: Source): Promise<Answer<FoundDealer[]>>;

  /**
   * A page of the dealers in scope, of up to 100, by name.
   * @throws RangeError for a bad size or a cursor of another list
   */
  list(call: Call, page: PageArgs, filter?: DealerFilter): Promise<Answer<Page<FoundDealer>>>;

  /** The number of dealers in scope, or `null` if there are more than 10 000. */
  count(call: Call, filter?: DealerFilter): Promise<Answer<number | null>>;

  /** Current counts of each dealer's devices and open alerts, by dealer id, without dealers that have no devices. */
  statistics(call: Call, dealerIds: readonly string[]): Promise<Answer<Map<string, DealerStatistics>>>;
}

/**
 * Customers: `[[services]]` with `entrypoint = "CustomersService"`. A dealer sees those who have one of its devices.
 * Source: D1 `customer_records`, one record per source and customer. Names, e-mails and phones are personal data.
 */
export interface CustomersBinding {
  /**
   * @param source whose records are returned, as devices of that source mean them; without it, the first source's that
   * has each
   * @returns the customers in no particular order, without those that do not exist or are out of scope
   */
  find(call: Call, customerIds: readonly string[], source?: Source): Promise<Answer<FoundCustomer[]>>;

  /**
   * A page of the customers in scope, of up to 100, by name.
   * @throws RangeError for a bad size or a cursor of another list
   */
  list(call: Call, page: PageArgs, filter?: CustomerFilter): Promise<Answer<Page<FoundCustomer>>>;

  /** The number of customers in scope, or `null` if there are more than 10 000. */
  count(call: Call, filter?: CustomerFilter): Promise<Answer<number | null>>;
}
