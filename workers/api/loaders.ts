import DataLoader from "dataloader";
import type { AlertCursor, AlertFilter, AlertKey } from "../../src/shared/repositories/alert.ts";
import type { DeviceCursor } from "../../src/shared/repositories/device.ts";
import { EMPTY_PAGE, type Page, type PageRequest } from "../../src/shared/repositories/page.ts";
import type { Services } from "./services/index.ts";

type AlertsRequest = { readonly page: PageRequest<AlertCursor>; readonly filter: AlertFilter };

/** One request's reads by id: however many resolvers ask for one kind of thing, D1 sees one statement. */
export function loadersOf({ devices, dealers, customers, alerts }: Services) {
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
    /** By `alertNodeId`. */
    alert: byId((ids) => alerts.find(ids.map(alertKeyOf)), alertNodeId),
    intervals: orElse([], (keys) => devices.intervals(keys)),
    alertsOfDevice: pages((keys, { page, filter }: AlertsRequest) => alerts.listByDevice(keys, page, filter)),
    devicesOfDealer: pages((ids, page: PageRequest<DeviceCursor>) => devices.listByDealer(ids, page)),
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
    return ids.map((id) => found.get(id) ?? absent);
  });

/** Pages by parent: parents that ask for the same page share a statement. */
function pages<Request, T>(find: (ids: readonly string[], request: Request) => Promise<Map<string, Page<T>>>) {
  const loaders = new Map<string, DataLoader<string, Page<T>>>();
  return (id: string, request: Request): Promise<Page<T>> => {
    const name = JSON.stringify(request);
    const loader = loaders.get(name) ?? orElse(EMPTY_PAGE, (ids) => find(ids, request));
    loaders.set(name, loader);
    return loader.load(id);
  };
}

/** Device keys have no slash, so the first one ends the key. */
export const alertNodeId = ({ deviceKey, alertId }: AlertKey): string => `${deviceKey}/${alertId}`;

function alertKeyOf(nodeId: string): AlertKey {
  const slash = nodeId.indexOf("/");
  return { deviceKey: nodeId.slice(0, slash) as AlertKey["deviceKey"], alertId: nodeId.slice(slash + 1) };
}
