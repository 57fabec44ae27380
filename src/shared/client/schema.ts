/**
 * What caches have to know of schema.graphql, for every client alike. `schema.test.ts` compares it with the schema.
 */

/** The types with a global `id`, which `node` takes. They are the entities of a cache. */
export const NODE_TYPES = ["Alert", "Customer", "Dealer", "Device"] as const;
export type NodeType = (typeof NODE_TYPES)[number];

/** The types with a global `id` that `node` does not take. They are entities of a cache too. */
export const KEYED_TYPES = ["DeviceEvent"] as const;

/**
 * The types without an id of their own: what they say is a part of the object around them. (Connections, edges and
 * payloads of mutations are not among them.)
 */
export const PART_TYPES = [
  "Assignment",
  "DealerNews",
  "DealerStatistics",
  "DeviceChange",
  "DeviceTwin",
  "EarlierDevice",
  "FleetStatistics",
  "Freshness",
  "Location",
  "ReadingPoint",
  "ReadingStatistics",
  "Readings",
  "SeverityCount",
  "SourceCount",
  "StatusCount",
  "StatusReport",
  "TwinState",
  "UserError",
  "Viewer",
] as const;

/** The parts of which an object has one, so that a cache may merge what two queries selected of it. */
export const MERGED_TYPES = [
  "DealerStatistics",
  "DeviceTwin",
  "EarlierDevice",
  "FleetStatistics",
  "Freshness",
  "Location",
  "StatusReport",
  "TwinState",
  "Viewer",
] as const;

/** The lists, by type and field, with the arguments that make it another list. The others say which page. */
export const CONNECTIONS = {
  Query: { alerts: ["filter"], customers: ["filter"], dealers: ["filter"], devices: ["filter", "orderBy"] },
  Customer: { devices: ["filter"] },
  Dealer: { devices: ["filter"] },
  Device: { alerts: ["filter"], assignments: [], history: ["filter"] },
} as const satisfies Record<string, Record<string, readonly string[]>>;

/** The `id` of a device, by its key `{source}:{deviceId}`: what a list has loaded is shown before its page is. */
export const deviceIdOf = (key: string): string => toBase64(`Device:${key}`);

type Named = { readonly id?: unknown; readonly key?: unknown };

/** The `id` of the device that the arguments of `device` or `deviceChanged` name, in `by` or by a deprecated one. */
export function deviceIdIn(args: object | null | undefined): string | undefined {
  const { by, ...beside } = (args ?? {}) as Named & { readonly by?: Named | null };
  const { id, key } = by ?? beside;
  if (typeof id === "string") return id;
  return typeof key === "string" ? deviceIdOf(key) : undefined;
}

/** The type of a node, by its global id; `undefined` for what is no such id. */
export function nodeTypeOf(id: string): NodeType | undefined {
  const name = fromBase64(id)?.split(":", 1)[0];
  return NODE_TYPES.find((type) => type === name);
}

const toBase64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

function fromBase64(text: string): string | undefined {
  try {
    return atob(text);
  } catch {
    return undefined;
  }
}
