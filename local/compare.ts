import { isDeepStrictEqual } from "node:util";
import type { OracleDevice, OracleFleet } from "../samples/oracle.ts";
import type { Clients } from "./clients.ts";
import type { Progress } from "./screen.ts";

/** One member of one device in which two sides differ. */
export type Difference = {
  readonly key: string;
  readonly member: string;
  readonly expected: unknown;
  readonly found: unknown;
};

/** How many devices, with all that belongs to them, one operation may read within its cost limit. */
const DEVICES = `query Devices($after: String) {
  devices(first: 6, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node {
      key source deviceId status serialNumber model firmware name features registeredAt updatedAt
      location { country region city postalCode timeZone latitude longitude }
      dealer { dealerId name phone email website }
      customer { customerId name email phone }
      report { online mode indoorTemperatureC heatSetpointC coolSetpointC humidityPct equipment reportedAt }
      twin { version desiredAt desiredBy desired { ...state } reported { ...state } delta { ...state } }
      alerts(first: 100) { pageInfo { hasNextPage } edges { node { alertId code severity state text raisedAt clearedAt acknowledgedAt acknowledgedBy } } }
      assignments(first: 100) { pageInfo { hasNextPage } edges { node { dealer { dealerId } from to } } }
      history(first: 100) { edges { node { eventId } } }
    } }
  }
}
fragment state on TwinState { mode heatSetpointC coolSetpointC }`;

type Edges<T> = {
  readonly edges: readonly { readonly node: T }[];
  readonly pageInfo: { readonly hasNextPage: boolean };
};
type DeviceNode = Omit<OracleDevice, "alerts" | "assignments" | "history"> & {
  readonly alerts: Edges<OracleDevice["alerts"][number]>;
  readonly assignments: Edges<{ dealer: { dealerId: string } | null; from: string; to: string | null }>;
  readonly history: Edges<{ eventId: string }>;
};

/** Compares every device in GraphQL with the oracle: registers and alerts from D1, history from its object. */
export async function compareThroughGraphql(
  clients: Clients,
  oracle: OracleFleet,
  progress: Progress,
): Promise<Difference[]> {
  const differences: Difference[] = [];
  const missing = new Set(oracle.keys());
  let after: string | null = null;
  let seen = 0;
  do {
    const { devices }: { devices: Edges<DeviceNode> & { pageInfo: { endCursor: string | null } } } =
      await clients.query(DEVICES, { after });
    for (const { node } of devices.edges) {
      missing.delete(node.key);
      differences.push(...findDifferences(node.key, oracle.get(node.key), shownDevice(node)));
      progress(++seen, oracle.size);
    }
    after = devices.pageInfo.hasNextPage ? devices.pageInfo.endCursor : null;
  } while (after !== null);
  return [...differences, ...[...missing].map((key) => ({ key, member: "device", expected: "a device", found: null }))];
}

function shownDevice(node: DeviceNode): OracleDevice {
  if (node.alerts.pageInfo.hasNextPage || node.assignments.pageInfo.hasNextPage) {
    throw new Error(`${node.key} has more alerts or assignments than the demo reads`);
  }
  return {
    ...node,
    alerts: node.alerts.edges.map((edge) => edge.node).sort((a, b) => (a.alertId < b.alertId ? -1 : 1)),
    assignments: node.assignments.edges
      .map(({ node: { dealer, from, to } }) => ({ dealerId: dealer?.dealerId ?? null, from, to }))
      .sort((a, b) => (a.from < b.from ? -1 : 1)),
    history: node.history.edges.map((edge) => edge.node.eventId),
  };
}

export function findDifferences(key: string, expected: object | undefined, found: object): Difference[] {
  if (!expected) return [{ key, member: "device", expected: null, found: "a device" }];
  const members = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...members].flatMap((member) => {
    const [a, b] = [expected, found].map((side) => (side as Record<string, unknown>)[member]);
    return isDeepStrictEqual(a, b) ? [] : [{ key, member, expected: a, found: b }];
  });
}
