import SchemaBuilder from "@pothos/core";
import RelayPlugin, { decodeGlobalID } from "@pothos/plugin-relay";
import { type GraphQLSchema, isObjectType } from "graphql";
import type { Moment } from "../../domain/time.ts";
import { MAX_PAGE_SIZE } from "../../repositories/page.ts";
import type { Context } from "../context.ts";
import { userError } from "../errors.ts";

type Types = {
  Context: Context;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    /** Readers get RFC 3339; what they ask for is compared, as a moment. */
    DateTime: { Input: Moment; Output: string };
    JSON: { Input: unknown; Output: unknown };
  };
};

/** Every type adds itself to this. Fields are non-null unless they say otherwise. */
export const builder = new SchemaBuilder<Types>({
  plugins: [RelayPlugin],
  defaultFieldNullability: false,
  relay: {
    edgesFieldOptions: { nullable: false, description: "In the order of the list, from whichever end it is read." },
    nodeFieldOptions: { nullable: false, description: "What stands there." },
    cursorFieldOptions: { description: "For `after` and `before` of the same list in the same order." },
    pageInfoFieldOptions: { description: "Where the page lies in the list." },
    hasNextPageFieldOptions: { description: "Whether the list goes on behind it." },
    hasPreviousPageFieldOptions: { description: "Whether the list has something before it." },
    startCursorFieldOptions: { description: "For `before`: of its first edge; null on an empty page." },
    endCursorFieldOptions: { description: "For `after`: of its last edge; null on an empty page." },
    idFieldOptions: { description: "For `node` and for clients' caches; opaque." },
    decodeGlobalID: decodeLoosely,
    pageInfoTypeOptions: { description: "Where a page lies in its list." },
    defaultConnectionTypeOptions: { description: "A page of a list." },
    defaultEdgeTypeOptions: { description: "A place in a list." },
    nodeTypeOptions: { description: "Anything that has an id of its own." },
    nodeQueryOptions: {
      description: "A node by its `id`; null when there is none, or none that the token may see.",
      resolve: (_, { id }, __, { schema }, resolveNode) => resolveNode(checkNode(id, schema)),
    },
    nodesQueryOptions: {
      nullable: { list: true, items: true },
      description: `Up to ${MAX_PAGE_SIZE} nodes by \`id\`, in the same order, with nulls like those of \`node\`, and a null with an error in the place of what is no id.`,
      resolve: async (_, args, __, { schema }, resolveNodes) => {
        const { ids } = args;
        if (ids.length > MAX_PAGE_SIZE) throw userError(`\`ids\` may hold at most ${MAX_PAGE_SIZE}.`);
        const checked = ids.map((id) => whatNode(id, schema));
        // The plugin reads the arguments themselves, and passes over what is null.
        args.ids = checked.map((each) => (each instanceof Error ? null : each)) as typeof ids;
        const found = await resolveNodes(args.ids);
        // graphql-js makes the error of its place out of an error in a list.
        return found.map((node, i) => (checked[i] instanceof Error ? checked[i] : node)) as typeof found;
      },
    },
  },
});

builder.queryType({ description: "What can be read. A token of role dealer sees what belongs to its dealers." });

type GlobalId = { typename: string; id: string };

/** What is no id is judged in its own place, so that it takes nothing else away. */
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

const notAnId = () => userError("That is not an id; pass one as an `id` field gave it.");
