import type { Cache, Data, KeyingConfig, Resolver, ResolverConfig } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { CONNECTIONS, deviceIdIn, KEYED_TYPES, NODE_TYPES, nodeTypeOf, PART_TYPES } from "../schema.ts";

/**
 * How graphcache knows Concord's entities: by their global `id`, which is never reused. What has none is a part of the
 * object around it.
 */
export const concordKeys: KeyingConfig = Object.fromEntries([
  ...[...NODE_TYPES, ...KEYED_TYPES].map(
    (type) => [type, ({ id }: Data) => (typeof id === "string" ? id : null)] as const,
  ),
  ...PART_TYPES.map((type) => [type, () => null] as const),
]);

const lists = Object.entries(CONNECTIONS).map(
  ([type, fields]) =>
    [type, Object.fromEntries(Object.keys(fields).map((field) => [field, relayPagination() as Resolver]))] as const,
);

/**
 * How graphcache answers from what it holds: pages of a list are joined (each `filter` and `orderBy` has a list of its
 * own), and `device` and `node` are answered with what any query has loaded.
 */
export const concordResolvers: ResolverConfig = {
  ...Object.fromEntries(lists),
  Query: {
    ...Object.fromEntries(lists).Query,
    // What no query has loaded under its id is left to what the API once answered to these arguments, or to the API.
    device: (_, args, cache, { parentKey }) =>
      held(cache, "Device", deviceIdIn(args)) ?? (cache.resolve(parentKey, "device", args) as Held),
    node: (_, args, cache, { parentKey }) =>
      held(cache, nodeTypeOf(String(args.id)), args.id) ?? (cache.resolve(parentKey, "node", args) as Held),
  },
};

type Held = { __typename: string; id: string };

function held(cache: Cache, type: string | undefined, id: unknown): Held | undefined {
  if (type === undefined || typeof id !== "string") return undefined;
  const entity = { __typename: type, id };
  return cache.resolve(entity, "__typename") === type ? entity : undefined;
}
