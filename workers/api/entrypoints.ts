import { WorkerEntrypoint } from "cloudflare:workers";
import { readSettings } from "#auth/reader-settings.ts";
import type { Interval } from "#domain/assignment.ts";
import type { DeviceKey, Source } from "#domain/event.ts";
import type { HistoryEntry } from "#domain/history.ts";
import { type PartyKey, partyKeyOf } from "#domain/party.ts";
import { AlertCursor, type AlertFilter, type AlertKey, type FoundAlert } from "#repositories/alert.ts";
import { AssignmentCursor } from "#repositories/assignment.ts";
import { CustomerCursor, type CustomerFilter, type FoundCustomer } from "#repositories/customer.ts";
import { DealerCursor, type DealerFilter, type FoundDealer } from "#repositories/dealer.ts";
import { type DeviceFilter, type DeviceListing, deviceCursorSchema, type FoundDevice } from "#repositories/device.ts";
import { HistoryCursor, type HistoryFilter } from "#repositories/history.ts";
import type { FleetStatistics } from "#repositories/kept-counts.ts";
import type { Page, PageArgs } from "#repositories/page.ts";
import type { DealerStatistics } from "#repositories/statistics.ts";
import type {
  Acknowledged,
  AcknowledgedOfMany,
  AlertsBinding,
  CustomersBinding,
  DealersBinding,
  DesiredStateInput,
  DevicesBinding,
  SetDesiredOutcome,
} from "#services/bindings.ts";
import {
  type Answer,
  alertFilterFrom,
  type Call,
  consistencyOf,
  deviceFilterFrom,
  historyFilterFrom,
  listingFrom,
  pageFrom,
} from "#services/call.ts";
import { openServices, type Services } from "#services/index.ts";
import { type Env, storesFrom } from "./env.ts";

async function answer<T>(env: Env, call: Call, read: (services: Services) => Promise<T>): Promise<Answer<T>> {
  const reading = readSettings(env);
  if (!reading.ok)
    throw new Error(`The api Worker serves nothing until its settings are fixed: ${reading.problems.join("; ")}`);
  const services = openServices(storesFrom(env, reading.config), call.scope, consistencyOf(call), call.subject ?? null);
  const value = await read(services);
  return { value, consistencyToken: services.session.consistencyToken };
}

/**
 * Devices, for other Workers, which bind to it instead of querying D1. The GraphQL API uses the same services. What each
 * method takes, returns and throws is in its interface.
 */
export class DevicesService extends WorkerEntrypoint<Env> implements DevicesBinding {
  find(call: Call, keys: readonly DeviceKey[]): Promise<Answer<FoundDevice[]>> {
    return answer(this.env, call, ({ devices }) => devices.find(keys));
  }

  async list(call: Call, page: PageArgs, listing: DeviceListing = {}): Promise<Answer<Page<FoundDevice>>> {
    const request = pageFrom(page, deviceCursorSchema(listing));
    return answer(this.env, call, ({ devices }) => devices.list(request, listingFrom(listing)));
  }

  statistics(call: Call, dealerId?: string): Promise<Answer<FleetStatistics | null>> {
    return answer(this.env, call, ({ devices }) => devices.statistics(dealerId));
  }

  async count(call: Call, filter?: DeviceFilter): Promise<Answer<number | null>> {
    return answer(this.env, call, ({ devices }) => devices.count(filter && deviceFilterFrom(filter)));
  }

  async assignments(
    call: Call,
    keys: readonly DeviceKey[],
    page: PageArgs,
  ): Promise<Answer<Map<string, Page<Interval>>>> {
    const request = pageFrom(page, AssignmentCursor);
    return answer(this.env, call, ({ devices }) => devices.assignments(keys, request));
  }

  async history(
    call: Call,
    key: DeviceKey,
    page: PageArgs,
    filter?: HistoryFilter,
  ): Promise<Answer<Page<HistoryEntry>>> {
    const request = { page: pageFrom(page, HistoryCursor), ...(filter && { filter: historyFilterFrom(filter) }) };
    return answer(this.env, call, ({ devices }) => devices.history(key, request));
  }

  setDesired(call: Call, wish: DesiredStateInput): Promise<Answer<SetDesiredOutcome>> {
    return answer(this.env, call, ({ devices }) => devices.setDesired(wish));
  }
}

/** Alerts, for other Workers. */
export class AlertsService extends WorkerEntrypoint<Env> implements AlertsBinding {
  find(call: Call, keys: readonly AlertKey[]): Promise<Answer<FoundAlert[]>> {
    return answer(this.env, call, ({ alerts }) => alerts.find(keys));
  }

  async list(call: Call, page: PageArgs, filter?: AlertFilter): Promise<Answer<Page<FoundAlert>>> {
    const request = pageFrom(page, AlertCursor);
    return answer(this.env, call, ({ alerts }) => alerts.list(request, filter && alertFilterFrom(filter)));
  }

  async count(call: Call, filter?: AlertFilter): Promise<Answer<number | null>> {
    return answer(this.env, call, ({ alerts }) => alerts.count(filter && alertFilterFrom(filter)));
  }

  acknowledge(call: Call, key: AlertKey): Promise<Answer<Acknowledged>> {
    return answer(this.env, call, ({ alerts }) => alerts.acknowledge(key));
  }

  acknowledgeAll(call: Call, keys: readonly AlertKey[]): Promise<Answer<AcknowledgedOfMany[]>> {
    return answer(this.env, call, ({ alerts }) => alerts.acknowledgeAll(keys));
  }
}

type Parties<T> = {
  readonly find: (ids: readonly string[]) => Promise<T[]>;
  readonly findRecords: (keys: readonly PartyKey[]) => Promise<Map<string, T>>;
};

async function findParties<T>(parties: Parties<T>, ids: readonly string[], source: Source | undefined): Promise<T[]> {
  if (source === undefined) return parties.find(ids);
  return [...(await parties.findRecords(ids.map((id) => partyKeyOf(source, id)))).values()];
}

/** Dealers, for other Workers. */
export class DealersService extends WorkerEntrypoint<Env> implements DealersBinding {
  find(call: Call, dealerIds: readonly string[], source?: Source): Promise<Answer<FoundDealer[]>> {
    return answer(this.env, call, ({ dealers }) => findParties(dealers, dealerIds, source));
  }

  async list(call: Call, page: PageArgs, filter?: DealerFilter): Promise<Answer<Page<FoundDealer>>> {
    const request = pageFrom(page, DealerCursor);
    return answer(this.env, call, ({ dealers }) => dealers.list(request, filter));
  }

  count(call: Call, filter?: DealerFilter): Promise<Answer<number | null>> {
    return answer(this.env, call, ({ dealers }) => dealers.count(filter));
  }

  statistics(call: Call, dealerIds: readonly string[]): Promise<Answer<Map<string, DealerStatistics>>> {
    return answer(this.env, call, ({ dealers }) => dealers.statistics(dealerIds));
  }
}

/** Customers, for other Workers. */
export class CustomersService extends WorkerEntrypoint<Env> implements CustomersBinding {
  find(call: Call, customerIds: readonly string[], source?: Source): Promise<Answer<FoundCustomer[]>> {
    return answer(this.env, call, ({ customers }) => findParties(customers, customerIds, source));
  }

  async list(call: Call, page: PageArgs, filter?: CustomerFilter): Promise<Answer<Page<FoundCustomer>>> {
    const request = pageFrom(page, CustomerCursor);
    return answer(this.env, call, ({ customers }) => customers.list(request, filter));
  }

  count(call: Call, filter?: CustomerFilter): Promise<Answer<number | null>> {
    return answer(this.env, call, ({ customers }) => customers.count(filter));
  }
}
