import { WorkerEntrypoint } from "cloudflare:workers";
import type { Scope } from "../../../src/shared/auth/scope.ts";
import type { Interval } from "../../../src/shared/domain/assignment.ts";
import type { Customer, Dealer } from "../../../src/shared/domain/change.ts";
import type { DeviceKey } from "../../../src/shared/domain/event.ts";
import type { HistoryEntry } from "../../../src/shared/domain/history.ts";
import type { AlertCursor, AlertFilter, AlertKey, FoundAlert } from "../../../src/shared/repositories/alert.ts";
import { type Consistency, parseConsistencyToken } from "../../../src/shared/repositories/consistency.ts";
import type { DeviceCursor, DeviceFilter, FoundDevice } from "../../../src/shared/repositories/device.ts";
import type { HistoryCursor } from "../../../src/shared/repositories/history.ts";
import type { Page, PageRequest } from "../../../src/shared/repositories/page.ts";
import type { Env } from "../env.ts";
import { openServices, type Services } from "./index.ts";

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

async function answer<T>(env: Env, call: Call, read: (services: Services) => Promise<T>): Promise<Answer<T>> {
  const services = openServices(env, call.scope, consistencyOf(call));
  const value = await read(services);
  return { value, consistencyToken: services.session.consistencyToken };
}

function consistencyOf({ consistency }: Call): Consistency | undefined {
  if (consistency === undefined) return undefined;
  if (consistency === "strong") return { kind: "strong" };
  const parsed = parseConsistencyToken(consistency);
  if (!parsed) throw new RangeError("`consistency` is not a token of ours; pass one as an answer gave it.");
  return parsed;
}

/** Devices, for other Workers: bind to it instead of writing queries of your own. The GraphQL API reads the same way. */
export class DevicesService extends WorkerEntrypoint<Env> {
  find(call: Call, keys: readonly DeviceKey[]): Promise<Answer<FoundDevice[]>> {
    return answer(this.env, call, ({ devices }) => devices.find(keys));
  }

  list(call: Call, page: PageRequest<DeviceCursor>, filter?: DeviceFilter): Promise<Answer<Page<FoundDevice>>> {
    return answer(this.env, call, ({ devices }) => devices.list(page, filter));
  }

  /** Which dealer had each device when, oldest first. */
  intervals(call: Call, keys: readonly DeviceKey[]): Promise<Answer<Map<string, Interval[]>>> {
    return answer(this.env, call, ({ devices }) => devices.intervals(keys));
  }

  history(call: Call, key: DeviceKey, page: PageRequest<HistoryCursor>): Promise<Answer<Page<HistoryEntry>>> {
    return answer(this.env, call, ({ devices }) => devices.history(key, page));
  }
}

/** Alerts, for other Workers. */
export class AlertsService extends WorkerEntrypoint<Env> {
  find(call: Call, keys: readonly AlertKey[]): Promise<Answer<FoundAlert[]>> {
    return answer(this.env, call, ({ alerts }) => alerts.find(keys));
  }

  list(call: Call, page: PageRequest<AlertCursor>, filter?: AlertFilter): Promise<Answer<Page<FoundAlert>>> {
    return answer(this.env, call, ({ alerts }) => alerts.list(page, filter));
  }
}

/** Dealers, for other Workers. */
export class DealersService extends WorkerEntrypoint<Env> {
  find(call: Call, dealerIds: readonly string[]): Promise<Answer<Dealer[]>> {
    return answer(this.env, call, ({ dealers }) => dealers.find(dealerIds));
  }
}

/** Customers, for other Workers. */
export class CustomersService extends WorkerEntrypoint<Env> {
  find(call: Call, customerIds: readonly string[]): Promise<Answer<Customer[]>> {
    return answer(this.env, call, ({ customers }) => customers.find(customerIds));
  }
}
