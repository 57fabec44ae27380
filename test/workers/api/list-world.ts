import {
  at,
  dealerScope,
  emptyTables,
  nodesOf,
  seedAlerts,
  seedCustomers,
  seedDealers,
  seedDevices,
  seedHistory,
  version,
} from "./support.ts";

/** In minutes. */
export const DAY = 24 * 60;

/** A device that registered in that minute, and has reported since if `online` is set. */
export const known = (serialNumber: string, { minute = 0, online }: { minute?: number; online?: boolean } = {}) => ({
  registration: {
    version: version(minute),
    value: { kind: "registered", model: "M-1", serialNumber, registeredAt: at(minute) } as const,
  },
  ...(online !== undefined && { status: { version: version(minute), value: { online } } }),
});

const D1 = [[1, "D-1"]] as const;

/** Nine devices: some without a serial number, some updated on one day, most of D-1 and of C-1. */
export async function seedWorld(): Promise<void> {
  await emptyTables();
  await seedDealers(
    { dealerId: "D-1", name: "Bryant" },
    { dealerId: "D-2", name: "Arctic" },
    { dealerId: "D-3", name: "Arctic" },
    { dealerId: "D-4", name: "Arctic Air" },
    { dealerId: "D-5", name: "Zephyr" },
  );
  await seedCustomers(
    { customerId: "C-1", name: "Acme" },
    { customerId: "C-2", name: "Acme" },
    { customerId: "C-3", name: "Äther" },
    { customerId: "C-4", name: "Zeta" },
  );
  await seedDevices(
    { key: "ecobee:1", aspects: known("S-9", { minute: 3 }), dealers: D1, customerId: "C-1", updated: DAY },
    { key: "ecobee:2", dealers: D1, customerId: "C-3", updated: 5 },
    { key: "elt:1", aspects: known("S-5", { minute: 2, online: true }), dealers: D1, customerId: "C-1", updated: DAY },
    { key: "elt:2", aspects: known("S-5", { minute: 1, online: false }), dealers: D1, customerId: "C-1" },
    { key: "elt:3", dealers: [[1, "D-2"]], customerId: "C-1", updated: 2 * DAY },
    { key: "elt:4", aspects: known("S-51", { minute: 3, online: true }), dealers: D1, customerId: "C-2" },
    { key: "elt:5", aspects: known("T-1", { minute: 9 }), dealers: [[1, "D-2"]], customerId: "C-2", updated: DAY + 1 },
    {
      key: "elt:6",
      aspects: known("S-4"),
      dealers: [
        [1, "D-1"],
        [2, null],
        [3, "D-2"],
        [4, null],
        [5, "D-1"],
      ],
      customerId: "C-1",
      updated: 1,
    },
    { key: "infinity:1", dealers: D1, customerId: "C-1", updated: 2 * DAY },
  );
  await seedAlerts(
    { deviceKey: "elt:1", alertId: "a-1", raised: 1, severity: "critical" },
    { deviceKey: "elt:1", alertId: "a-2", raised: 1, cleared: 3, severity: "critical" },
    { deviceKey: "elt:1", alertId: "a-3", raised: 4 },
    { deviceKey: "elt:1", alertId: "a-4", cleared: 4 },
    { deviceKey: "elt:1", alertId: "a-5", cleared: 5 },
    { deviceKey: "elt:2", alertId: "a-1", raised: 4, cleared: 5, severity: "critical" },
    { deviceKey: "elt:3", alertId: "a-1", raised: 9, severity: "critical" },
    { deviceKey: "elt:4", alertId: "a-1", raised: 2, severity: "info" },
    { deviceKey: "elt:6", alertId: "d-2's", raised: 3, severity: "critical" },
  );
  await seedHistory("elt:6", 0, 1, 2, 3, 4, 5, 6, 7);
}

export const OWN = dealerScope("D-1");

export const keysOf = (connection: unknown): string[] => nodesOf(connection).map(({ key }) => key);
