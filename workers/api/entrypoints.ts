import { WorkerEntrypoint } from "cloudflare:workers";
import type * as z from "zod";
import type { Scope } from "../../src/shared/auth/scope.ts";
import type { Interval } from "../../src/shared/domain/assignment.ts";
import type { DeviceKey, Source } from "../../src/shared/domain/event.ts";
import type { HistoryEntry } from "../../src/shared/domain/history.ts";
import { type PartyKey, partyKeyOf } from "../../src/shared/domain/party.ts";
import { type Moment, parseTime } from "../../src/shared/domain/time.ts";
import { AlertCursor, type AlertFilter, type AlertKey, type FoundAlert } from "../../src/shared/repositories/alert.ts";
import { AssignmentCursor } from "../../src/shared/repositories/assignment.ts";
import { type Consistency, NEAREST, parseConsistencyToken } from "../../src/shared/repositories/consistency.ts";
import { CustomerCursor, type CustomerFilter, type FoundCustomer } from "../../src/shared/repositories/customer.ts";
import { DealerCursor, type DealerFilter, type FoundDealer } from "../../src/shared/repositories/dealer.ts";
import {
  type DeviceFilter,
  type DeviceListing,
  deviceCursorOf,
  type FoundDevice,
} from "../../src/shared/repositories/device.ts";
import { HistoryCursor, type HistoryFilter } from "../../src/shared/repositories/history.ts";
import type { Stretch } from "../../src/shared/repositories/keyset.ts";
import {
  type Cursor,
  describeBadPage,
  type Page,
  type PageArgs,
  type PageRequest,
  parsePage,
} from "../../src/shared/repositories/page.ts";
import type { DealerStatistics } from "../../src/shared/repositories/statistics.ts";
import type { Acknowledged } from "../../src/shared/services/alerts.ts";
import type { Wish, WishAnswer } from "../../src/shared/services/devices.ts";
import { openServices, type Services } from "../../src/shared/services/index.ts";
import { type Env, storesOf } from "./env.ts";

/** For whom a Worker that binds to a service is asking, and how fresh the answer has to be. */
export type Call = {
  readonly scope: Scope;
  /** `"strong"`, or the token of an earlier answer, which this one is then no older than. */
  readonly consistency?: "strong" | (string & {});
};

export type Answer<T> = {
  readonly value: T;
  /** For the next call that has to see at least this. `null` where D1 was not read. */
  readonly consistencyToken: string | null;
};

/**
 * What a Worker sees of a service that it binds to: `readonly DEVICES: Bound<DevicesService>`. The platform's own
 * `Service<…>` makes `never` of an answer with something `unknown` in it, as events' data is. Ours are plain data.
 */
export type Bound<Entrypoint> = Omit<Entrypoint, keyof WorkerEntrypoint>;

async function answer<T>(env: Env, call: Call, read: (services: Services) => Promise<T>): Promise<Answer<T>> {
  const services = openServices(storesOf(env), call.scope, consistencyOf(call));
  const value = await read(services);
  return { value, consistencyToken: services.session.consistencyToken };
}

function consistencyOf({ consistency }: Call): Consistency {
  if (consistency === undefined) return NEAREST;
  if (consistency === "strong") return { kind: "strong" };
  const parsed = parseConsistencyToken(consistency);
  if (!parsed) throw new RangeError("`consistency` is not a token of ours; pass one as an answer gave it.");
  return parsed;
}

/** Callers continue a page as clients of GraphQL do: with the cursors that they got. @throws RangeError */
function pageFrom(args: PageArgs, cursor: z.ZodType<Cursor>): PageRequest {
  const parsed = parsePage(args, cursor);
  if (!parsed.ok) throw new RangeError(describeBadPage(parsed.problem));
  return parsed.page;
}

/** Times of filters come as text from other Workers too. @throws RangeError */
function momentFrom(text: string): Moment {
  const moment = parseTime(text);
  if (!moment) throw new RangeError(`${JSON.stringify(text.slice(0, 64))} is no time as RFC 3339 writes it.`);
  return moment;
}

const stretchFrom = (stretch: Stretch | null | undefined): Stretch | null =>
  stretch == null
    ? null
    : {
        from: stretch.from == null ? null : momentFrom(stretch.from),
        to: stretch.to == null ? null : momentFrom(stretch.to),
      };

const deviceFilterFrom = ({ registered, updatedSince, ...filter }: DeviceFilter): DeviceFilter => ({
  ...filter,
  registered: stretchFrom(registered),
  updatedSince: updatedSince == null ? null : momentFrom(updatedSince),
});

const listingFrom = ({ filter, ...listing }: DeviceListing): DeviceListing => ({
  ...listing,
  ...(filter && { filter: deviceFilterFrom(filter) }),
});

const alertFilterFrom = ({ raised, ...filter }: AlertFilter): AlertFilter => ({
  ...filter,
  raised: stretchFrom(raised),
});

const historyFilterFrom = ({ occurred, ...filter }: HistoryFilter): HistoryFilter => ({
  ...filter,
  occurred: stretchFrom(occurred),
});

/** Devices, for other Workers: bind to it instead of writing queries of your own. The GraphQL API reads the same way. */
export class DevicesService extends WorkerEntrypoint<Env> {
  find(call: Call, keys: readonly DeviceKey[]): Promise<Answer<FoundDevice[]>> {
    return answer(this.env, call, ({ devices }) => devices.find(keys));
  }

  async list(call: Call, page: PageArgs, listing: DeviceListing = {}): Promise<Answer<Page<FoundDevice>>> {
    const request = pageFrom(page, deviceCursorOf(listing));
    return answer(this.env, call, ({ devices }) => devices.list(request, listingFrom(listing)));
  }

  /** `null` when they are too many to count. */
  async count(call: Call, filter?: DeviceFilter): Promise<Answer<number | null>> {
    return answer(this.env, call, ({ devices }) => devices.count(filter && deviceFilterFrom(filter)));
  }

  /** Which dealer had each device when, oldest first. A device that was never anybody's is left out. */
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

  setDesired(call: Call, wish: Wish): Promise<Answer<WishAnswer>> {
    return answer(this.env, call, ({ devices }) => devices.setDesired(wish));
  }
}

/** Alerts, for other Workers. */
export class AlertsService extends WorkerEntrypoint<Env> {
  find(call: Call, keys: readonly AlertKey[]): Promise<Answer<FoundAlert[]>> {
    return answer(this.env, call, ({ alerts }) => alerts.find(keys));
  }

  async list(call: Call, page: PageArgs, filter?: AlertFilter): Promise<Answer<Page<FoundAlert>>> {
    const request = pageFrom(page, AlertCursor);
    return answer(this.env, call, ({ alerts }) => alerts.list(request, filter && alertFilterFrom(filter)));
  }

  /** `null` when they are too many to count. */
  async count(call: Call, filter?: AlertFilter): Promise<Answer<number | null>> {
    return answer(this.env, call, ({ alerts }) => alerts.count(filter && alertFilterFrom(filter)));
  }

  acknowledge(call: Call, key: AlertKey): Promise<Answer<Acknowledged>> {
    return answer(this.env, call, ({ alerts }) => alerts.acknowledge(key));
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
export class DealersService extends WorkerEntrypoint<Env> {
  /** @param source as this one has them, which is how a device of its means them; else as the first that names each */
  find(call: Call, dealerIds: readonly string[], source?: Source): Promise<Answer<FoundDealer[]>> {
    return answer(this.env, call, ({ dealers }) => findParties(dealers, dealerIds, source));
  }

  async list(call: Call, page: PageArgs, filter?: DealerFilter): Promise<Answer<Page<FoundDealer>>> {
    const request = pageFrom(page, DealerCursor);
    return answer(this.env, call, ({ dealers }) => dealers.list(request, filter));
  }

  /** `null` when they are too many to count. */
  count(call: Call, filter?: DealerFilter): Promise<Answer<number | null>> {
    return answer(this.env, call, ({ dealers }) => dealers.count(filter));
  }

  /** A dealer without devices is left out. */
  statistics(call: Call, dealerIds: readonly string[]): Promise<Answer<Map<string, DealerStatistics>>> {
    return answer(this.env, call, ({ dealers }) => dealers.statistics(dealerIds));
  }
}

/** Customers, for other Workers. */
export class CustomersService extends WorkerEntrypoint<Env> {
  /** @param source as this one has them, which is how a device of its means them; else as the first that names each */
  find(call: Call, customerIds: readonly string[], source?: Source): Promise<Answer<FoundCustomer[]>> {
    return answer(this.env, call, ({ customers }) => findParties(customers, customerIds, source));
  }

  async list(call: Call, page: PageArgs, filter?: CustomerFilter): Promise<Answer<Page<FoundCustomer>>> {
    const request = pageFrom(page, CustomerCursor);
    return answer(this.env, call, ({ customers }) => customers.list(request, filter));
  }

  /** `null` when they are too many to count. */
  count(call: Call, filter?: CustomerFilter): Promise<Answer<number | null>> {
    return answer(this.env, call, ({ customers }) => customers.count(filter));
  }
}
