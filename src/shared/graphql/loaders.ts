import DataLoader from "dataloader";
import { SOURCES } from "#domain/event.ts";
import { type PartyKey, partyKeyOf } from "#domain/party.ts";
import type { AlertFilter, AlertKey } from "#repositories/alert.ts";
import type { DeviceFilter } from "#repositories/device.ts";
import { EMPTY_PAGE, type PageRequest } from "#repositories/page.ts";
import { NO_DEVICES } from "#repositories/statistics.ts";
import type { Services } from "#services/index.ts";

type ListRequest<Filter> = { readonly page: PageRequest; readonly filter: Filter };

/** One request's reads by id: however many resolvers ask for one kind of object, D1 runs one statement. */
export function createLoaders({ devices, dealers, customers, alerts }: Services) {
  return {
    device: byId(
      (keys) => devices.find(keys),
      ({ key }) => key,
    ),
    dealer: byId(
      (ids) => dealers.find(ids),
      ({ dealerId }) => dealerId,
    ),
    customer: byId(
      (ids) => customers.find(ids),
      ({ customerId }) => customerId,
    ),
    /** By `partyKeyOf`: the record of the device's own source. */
    dealerRecord: orElse(null, (keys) => dealers.findRecords(keys as PartyKey[])),
    customerRecord: orElse(null, (keys) => customers.findRecords(keys as PartyKey[])),
    /** By `alertNodeId`. */
    alert: byId((ids) => alerts.find(ids.map(parseAlertNodeId)), alertNodeId),
    assignmentsOf: byRequest(EMPTY_PAGE, (keys, page: PageRequest) => devices.assignments(keys, page)),
    recentAssignments: orElse(EMPTY_PAGE, (keys) => devices.recentAssignments(keys)),
    dealerStatistics: orElse(NO_DEVICES, (ids) => dealers.statistics(ids)),
    alertsOfDevice: byRequest(EMPTY_PAGE, (keys, request: ListRequest<AlertFilter>) =>
      alerts.listByDevice(keys, request),
    ),
    alertCountOfDevice: byRequest(0, (keys, filter: AlertFilter) => alerts.countByDevice(keys, filter)),
    devicesOf: {
      dealerId: byRequest(EMPTY_PAGE, (ids, request: ListRequest<DeviceFilter>) =>
        devices.listByOwner("dealerId", ids, request),
      ),
      customerId: byRequest(EMPTY_PAGE, (ids, request: ListRequest<DeviceFilter>) =>
        devices.listByOwner("customerId", ids, request),
      ),
    },
    deviceCountOf: {
      dealerId: byRequest(0, (ids, filter: DeviceFilter) => devices.countByOwner("dealerId", ids, filter)),
      customerId: byRequest(0, (ids, filter: DeviceFilter) => devices.countByOwner("customerId", ids, filter)),
    },
  };
}

const byId = <T>(
  find: (ids: readonly string[]) => Promise<T[]>,
  idOf: (found: T) => string,
): DataLoader<string, T | null> =>
  orElse(null, async (ids) => new Map((await find(ids)).map((found) => [idOf(found), found])));

const orElse = <T, Absent>(absent: Absent, find: (ids: readonly string[]) => Promise<Map<string, T>>) =>
  new DataLoader<string, T | Absent>(async (ids) => {
    const found = await find(ids);
    return ids.map((id) => {
      const value = found.get(id);
      return value === undefined ? absent : value;
    });
  });

/** Lists by parent: parents with the same arguments share a statement. */
function byRequest<Request, T, Absent>(
  absent: Absent,
  find: (ids: readonly string[], request: Request) => Promise<Map<string, T>>,
) {
  const loaders = new Map<string, DataLoader<string, T | Absent>>();
  return (id: string, request: Request): Promise<T | Absent> => {
    const name = JSON.stringify(request);
    const loader = loaders.get(name) ?? orElse(absent, (ids) => find(ids, request));
    loaders.set(name, loader);
    return loader.load(id);
  };
}

/** A dealer or a customer by its node id. Node ids from before records had a source have no prefix. */
export function partyKeyIn(nodeId: string): PartyKey | undefined {
  const source = SOURCES.find((each) => nodeId.startsWith(`${each}:`));
  return source && partyKeyOf(source, nodeId.slice(source.length + 1));
}

/** Device keys contain no slash, so the first one ends the key. */
export const alertNodeId = ({ deviceKey, alertId }: AlertKey): string => `${deviceKey}/${alertId}`;

export function parseAlertNodeId(nodeId: string): AlertKey {
  const slash = nodeId.indexOf("/");
  return { deviceKey: nodeId.slice(0, slash) as AlertKey["deviceKey"], alertId: nodeId.slice(slash + 1) };
}
