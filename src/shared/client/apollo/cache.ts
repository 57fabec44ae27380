import type { InMemoryCacheConfig, TypePolicies } from "@apollo/client";
import { CONNECTIONS, deviceIdIn, MERGED_TYPES, NODE_TYPES, nodeTypeOf } from "../schema.ts";
import { listOf } from "./list.ts";

/**
 * The configuration of an `InMemoryCache` for Concord's schema: `new InMemoryCache(concordCachePolicies)`.
 *
 * - Entities are kept by `__typename` and `id`, which is Apollo's default: `id` is global and never reused. A selection
 *   of an entity without its `id` is kept as a part of what is around it, and never mistaken for another entity.
 * - Pages of a list are joined, in `edges` and in `nodes`; `filter` and `orderBy` make another list, and `first`, `after`, `last`, `before` do not.
 * - `device(by:)`, `node` and `nodes` are answered with what any query has loaded, if that is all that
 *   is asked for.
 * - A device's report, twin and location are parts of it: two queries that select different fields of one do not drop
 *   each other's.
 */
export const concordCachePolicies: InMemoryCacheConfig = {
  possibleTypes: { Node: [...NODE_TYPES] },
  typePolicies: withLists({
    Query: {
      fields: {
        device: {
          read: (existing, { args, canRead, toReference }) => {
            const id = deviceIdIn(args);
            const found = id === undefined ? undefined : toReference({ __typename: "Device", id });
            return existing === undefined && canRead(found) ? found : existing;
          },
        },
        node: {
          read: (existing, { args, canRead, toReference }) => {
            const found = toReference({ __typename: nodeTypeOf(args?.id), id: args?.id });
            return existing === undefined && canRead(found) ? found : existing;
          },
        },
        nodes: {
          read: (existing, { args, canRead, toReference }) => {
            const found = (args?.ids ?? []).map((id: string) => toReference({ __typename: nodeTypeOf(id), id }));
            return existing === undefined && found.every(canRead) ? found : existing;
          },
        },
      },
    },
    ...Object.fromEntries(MERGED_TYPES.map((type) => [type, { merge: true }])),
  }),
};

function withLists(policies: TypePolicies): TypePolicies {
  const lists = Object.entries(CONNECTIONS).map(([type, fields]) => {
    const joined = Object.entries(fields).map(([name, args]) => [name, listOf(args)] as const);
    const policy = policies[type];
    return [type, { ...policy, fields: { ...policy?.fields, ...Object.fromEntries(joined) } }] as const;
  });
  return { ...policies, ...Object.fromEntries(lists) };
}
