import SchemaBuilder from "@pothos/core";
import RelayPlugin, { decodeGlobalID } from "@pothos/plugin-relay";
import { type GraphQLSchema, isObjectType } from "graphql";
import type { Moment } from "#domain/time.ts";
import { MAX_PAGE_SIZE } from "#repositories/page.ts";
import type { Context } from "../context.ts";
import { userError } from "../errors.ts";

type Types = {
  Context: Context;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    /** Answers are RFC 3339 text. Arguments are parsed to instants, since they are compared. */
    DateTime: { Input: Moment; Output: string };
    JSON: { Input: unknown; Output: unknown };
  };
};

/** Each type registers itself here. Fields are non-null unless they say otherwise. */
export const builder = new SchemaBuilder<Types>({
  plugins: [RelayPlugin],
  defaultFieldNullability: false,
  relay: {
    edgesFieldOptions: { nullable: false, description: "In the order of the list, with `first` and with `last`." },
    nodeFieldOptions: { nullable: false, description: "The item." },
    nodesOnConnection: { description: "The items of `edges` without their cursors, in the same order." },
    cursorFieldOptions: { description: "For `after` and `before` of the same list in the same order; opaque." },
    pageInfoFieldOptions: { description: "The page's place in the list." },
    hasNextPageFieldOptions: { description: "Whether more items follow the page." },
    hasPreviousPageFieldOptions: { description: "Whether items come before the page." },
    startCursorFieldOptions: {
      description: "The cursor of the page's first edge, for `before`; null on an empty page.",
    },
    endCursorFieldOptions: { description: "The cursor of the page's last edge, for `after`; null on an empty page." },
    idFieldOptions: { description: "For `node` and for clients' caches; opaque." },
    decodeGlobalID: decodeLoosely,
    pageInfoTypeOptions: { description: "A page's place in its list." },
    defaultConnectionTypeOptions: { description: "A page of a list." },
    defaultEdgeTypeOptions: { description: "An item of a list, with its cursor." },
    nodeTypeOptions: { description: "An object with an id of its own." },
    nodeQueryOptions: {
      args: { id: { description: "The value of an `id` field, unchanged." } },
      description: "A node by its `id`; null if it does not exist or the token may not see it.",
      resolve: (_, { id }, __, { schema }, resolveNode) => resolveNode(checkNode(id, schema)),
    },
    nodesQueryOptions: {
      args: { ids: { description: "Values of `id` fields, unchanged." } },
      nullable: { list: true, items: true },
      description: `Up to ${MAX_PAGE_SIZE} nodes by \`id\`, in the same order. Null where \`node\` would be null; null with an error where the argument is not an id.`,
      resolve: async (_, args, __, { schema }, resolveNodes) => {
        const { ids } = args;
        if (ids.length > MAX_PAGE_SIZE)
          throw userError(`\`ids\` has ${ids.length} entries. Ask for at most ${MAX_PAGE_SIZE} at once.`);
        const checked = ids.map((id) => whatNode(id, schema));
        // The plugin reads the arguments itself, and skips null.
        args.ids = checked.map((each) => (each instanceof Error ? null : each)) as typeof ids;
        const found = await resolveNodes(args.ids);
        // graphql-js turns an Error inside a list into an error at its index.
        return found.map((node, i) => (checked[i] instanceof Error ? checked[i] : node)) as typeof found;
      },
    },
  },
});

builder.queryType({
  description: "Everything that can be read. A token of role dealer sees what belongs to its dealers.",
});

type GlobalId = { typename: string; id: string };

/** A malformed id is an error at its own index, so that the other ids are still answered. */
export function decodeLoosely(text: string): GlobalId {
  try {
    return decodeGlobalID(text);
  } catch {
    return { typename: "", id: text };
  }
}

function checkNode(globalId: GlobalId, schema: GraphQLSchema): GlobalId {
  const checked = whatNode(globalId, schema);
  if (checked instanceof Error) throw checked;
  return checked;
}

function whatNode(globalId: GlobalId, schema: GraphQLSchema): GlobalId | Error {
  const type = schema.getType(globalId.typename);
  const isNode = isObjectType(type) && type.getInterfaces().some(({ name }) => name === "Node");
  return isNode ? globalId : notAnId();
}

const notAnId = () => userError("This is not the id of a node. Use the value of an `id` field, unchanged.");
