import { dataSeenBy } from "#auth/actor.ts";
import { isWithin } from "#domain/assignment.ts";
import type { Device } from "#domain/device.ts";
import type { HistoryEntry } from "#domain/history.ts";
import { compareText, versionMoment } from "#domain/version.ts";
import { AlertCursor, type AlertFilter } from "#repositories/alert.ts";
import { AssignmentCursor } from "#repositories/assignment.ts";
import { CustomerCursor } from "#repositories/customer.ts";
import { DealerCursor } from "#repositories/dealer.ts";
import { type DeviceFilter, deviceCursorSchema } from "#repositories/device.ts";
import { HistoryCursor, type HistoryFilter } from "#repositories/history.ts";
import type { Cursor } from "#repositories/page.ts";
import { MAX_COUNT } from "#repositories/table-reader.ts";
import type { AlertsBinding, CustomersBinding, DealersBinding, DevicesBinding } from "#services/bindings.ts";
import { alertFilterFrom, deviceFilterFrom, historyFilterFrom, listingFrom, pageFrom } from "#services/call.ts";
import { acknowledge, acknowledgeAll, setDesired } from "./fake-commands.ts";
import {
  alertList,
  alertOf,
  alertsMatching,
  deviceList,
  devicesMatching,
  foundAlert,
  foundDevice,
  hasPrefix,
  intervalsSeen,
  isAlertVisible,
  isInRange,
  isVisible,
  pageOf,
} from "./fleet-rows.ts";
import {
  customersSeen,
  dealersSeen,
  findRecords,
  fleetStatisticsOf,
  partyList,
  readRecords,
  sourced,
  statisticsOf,
} from "./party-rows.ts";
import { answer, type FakeStores } from "./reading.ts";

/** Lists are counted up to a limit. */
const countOf = ({ length }: readonly unknown[]): number | null => (length > MAX_COUNT ? null : length);

/** Devices by nothing but these are counted beyond it. */
const COUNTED = ["status", "statuses", "source", "sources", "dealerId", "unassigned"];
const isCounted = (filter: DeviceFilter): boolean =>
  Object.entries(filter).every(([name, condition]) => !condition || COUNTED.includes(name));

export const fakeDevices = (stores: FakeStores): DevicesBinding => ({
  find: async (call, keys) =>
    answer(stores, call, ({ seen, scope }) =>
      keys.flatMap((key) => {
        const device = seen.devices.get(key);
        return device && isVisible(scope, device) ? [foundDevice(scope, device)] : [];
      }),
    ),

  list: async (call, page, listing = {}) => {
    const request = pageFrom(page, deviceCursorSchema(listing));
    return answer(stores, call, ({ seen, scope }) => {
      const asked = listingFrom(listing);
      return pageOf(devicesMatching(seen, scope, asked.filter ?? {}), request, deviceList(scope, asked));
    });
  },

  statistics: async (call, dealerId) =>
    answer(stores, call, ({ seen, scope }) => fleetStatisticsOf(seen, scope, dealerId)),

  count: async (call, filter: DeviceFilter = {}) =>
    answer(stores, call, ({ seen, scope }) => {
      const found = devicesMatching(seen, scope, deviceFilterFrom(filter));
      return isCounted(filter) ? found.length : countOf(found);
    }),

  assignments: async (call, keys, page) => {
    const request = pageFrom(page, AssignmentCursor);
    return answer(stores, call, ({ seen, scope }) => {
      const pages = [...new Set(keys)].toSorted(compareText).map((key) => {
        const device = seen.devices.get(key);
        const intervals = device ? intervalsSeen(scope, device.assignments) : [];
        const list = { cursor: (each: (typeof intervals)[number]): Cursor => ["ASSIGNMENTS", each.from] };
        return [
          key as string,
          pageOf(intervals, request, { ...list, node: (each) => each, direction: "ascending" }),
        ] as const;
      });
      return new Map(pages.filter(([, { edges }]) => edges.length > 0));
    });
  },

  history: async (call, key, page, filter: HistoryFilter = {}) => {
    const request = pageFrom(page, HistoryCursor);
    const { occurred, topic } = historyFilterFrom(filter);
    const answered = answer(stores, call, ({ seen, scope }) => {
      const device: Device | undefined = seen.devices.get(key);
      if (!device) return pageOf([] as HistoryEntry[], request, HISTORY_LIST);
      const intervals = intervalsSeen(scope, device.assignments);
      const entries = device.history.filter(
        ({ version, topic: its }) =>
          (scope.role !== "dealer" || intervals.some((interval) => isWithin(interval, version))) &&
          (topic == null || its === topic) &&
          (occurred == null || isInRange(versionMoment(version), occurred)),
      );
      return pageOf(entries, request, {
        ...HISTORY_LIST,
        node: (entry) => ({ ...entry, data: dataSeenBy(scope, entry.data) }),
      });
    });
    // A history comes from the device's object. Only for a dealer is D1 asked too, for its intervals.
    const { scope, consistency } = call;
    const token = scope.role === "dealer" ? answered.consistencyToken : consistency === "strong" ? null : consistency;
    return { ...answered, consistencyToken: token ?? null };
  },

  setDesired: async (call, wish) => answer(stores, call, (reading) => setDesired(reading, wish)),
});

const HISTORY_LIST = {
  cursor: ({ version, topic }: HistoryEntry): Cursor => ["HISTORY", version, topic],
  node: (entry: HistoryEntry) => entry,
  direction: "descending",
} as const;

export const fakeAlerts = (stores: FakeStores): AlertsBinding => ({
  find: async (call, keys) =>
    answer(stores, call, ({ seen, scope }) =>
      keys.flatMap(({ deviceKey, alertId }) => {
        const row = alertOf(seen, deviceKey, alertId);
        return row && isAlertVisible(scope, row) ? [foundAlert(scope, row)] : [];
      }),
    ),

  list: async (call, page, filter: AlertFilter = {}) => {
    const request = pageFrom(page, AlertCursor);
    return answer(stores, call, ({ seen, scope }) =>
      pageOf(alertsMatching(seen, scope, alertFilterFrom(filter)), request, alertList(scope)),
    );
  },

  count: async (call, filter: AlertFilter = {}) =>
    answer(stores, call, ({ seen, scope }) => countOf(alertsMatching(seen, scope, alertFilterFrom(filter)))),

  acknowledge: async (call, key) => answer(stores, call, (reading) => acknowledge(reading, key)),

  acknowledgeAll: async (call, keys) => answer(stores, call, (reading) => acknowledgeAll(reading, keys)),
});

export const fakeDealers = (stores: FakeStores): DealersBinding => ({
  find: async (call, ids, source) =>
    answer(stores, call, ({ seen, scope, registers }) =>
      findRecords(dealersSeen(seen, scope), ids, { source, registers }).map((row) => sourced(row, registers)),
    ),

  list: async (call, page, { namePrefix } = {}) => {
    const request = pageFrom(page, DealerCursor);
    return answer(stores, call, ({ seen, scope, registers }) => {
      const rows = readRecords(dealersSeen(seen, scope), registers).filter(named(namePrefix));
      return pageOf(rows, request, partyList("DEALERS", registers));
    });
  },

  count: async (call, { namePrefix } = {}) =>
    answer(stores, call, ({ seen, scope, registers }) =>
      countOf(readRecords(dealersSeen(seen, scope), registers).filter(named(namePrefix))),
    ),

  statistics: async (call, ids) =>
    answer(stores, call, ({ seen, scope }) => {
      const counted = [...new Set(ids)].toSorted(compareText).map((id) => [id, statisticsOf(seen, scope, id)] as const);
      return new Map(counted.flatMap(([id, counts]) => (counts ? [[id, counts] as const] : [])));
    }),
});

export const fakeCustomers = (stores: FakeStores): CustomersBinding => ({
  find: async (call, ids, source) =>
    answer(stores, call, ({ seen, scope, registers }) =>
      findRecords(customersSeen(seen, scope, registers), ids, { source, registers }).map((row) =>
        sourced(row, registers),
      ),
    ),

  list: async (call, page, { namePrefix } = {}) => {
    const request = pageFrom(page, CustomerCursor);
    return answer(stores, call, ({ seen, scope, registers }) => {
      const rows = readRecords(customersSeen(seen, scope, registers), registers).filter(named(namePrefix));
      return pageOf(rows, request, partyList("CUSTOMERS", registers));
    });
  },

  count: async (call, { namePrefix } = {}) =>
    answer(stores, call, ({ seen, scope, registers }) =>
      countOf(readRecords(customersSeen(seen, scope, registers), registers).filter(named(namePrefix))),
    ),
});

const named =
  (prefix: string | null | undefined) =>
  ({ value }: { readonly value: { readonly name: string } }): boolean =>
    !prefix || hasPrefix(value.name, prefix);
