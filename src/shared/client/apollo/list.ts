import type { FieldPolicy, Reference, StoreObject } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";

type Item = Reference | StoreObject;
type Edge = { readonly node?: Item; readonly cursor?: string };
type List = { readonly edges?: readonly Edge[]; readonly nodes?: readonly Item[]; readonly pageInfo?: object };

/**
 * How a list's pages are joined, whether its items are selected in `edges` or in `nodes`. Apollo's own policy joins
 * `edges` only and would keep of `nodes` the last page; here `nodes` are kept in the edges, and read from them.
 * @param keyArgs the arguments that make it another list
 */
export function listOf(keyArgs: readonly string[]): FieldPolicy {
  const { read, merge, ...policy } = relayStylePagination(keyArgs.length > 0 ? [...keyArgs] : false);
  if (typeof read !== "function" || typeof merge !== "function") throw new Error("Apollo's policy reads and merges");
  return {
    ...policy,
    merge: (existing, incoming, options) => {
      const { nodes, edges, ...rest } = (incoming ?? {}) as List;
      if (!nodes) return merge(existing, incoming, options);
      const joined = nodes.map((node, i): Edge => {
        const edge = edges?.[i];
        return { ...edge, node: edge?.node ? options.mergeObjects(edge.node, node) : node };
      });
      return merge(existing, { ...rest, edges: joined } as never, options);
    },
    read: (existing, options) => {
      const list = read(existing, options) as List | undefined;
      return list && { ...list, nodes: list.edges?.map((edge) => edge.node) };
    },
  };
}
