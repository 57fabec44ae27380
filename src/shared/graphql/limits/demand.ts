import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLNamedType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  isCompositeType,
  isIntrospectionType,
  isListType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type VariableValues,
} from "graphql";
import { DEFAULT_PAGE_SIZE } from "#repositories/page.ts";

/** What an operation asks for, computed before anything is read. */
export type Demand = {
  /** The depth of the deepest field. */
  readonly depth: number;
  /** Aliased fields, counted each time that their fragment is spread. */
  readonly aliases: number;
  readonly rootFields: number;
  /** The size of the largest page that is asked for. */
  readonly pageSize: number;
  /**
   * The most objects that the answer can have, plus the extra cost of single fields. A field that two fragments select
   * counts twice: recognising it would make nested fragments cost more to compute than to refuse.
   */
  readonly cost: number;
};

/** The part of validated execution arguments that describes the operation. Scripts have no request. */
export type Asked = {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragmentDefinitions: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly variableValues: VariableValues;
};

/** The cost of the whole introspection, whose size no argument changes. graphql-js itself limits how its lists nest. */
const INTROSPECTION_COST = 1_000;

/** Each object costs one, unless its field has a cost: `extensions: { cost: 10 }`. Leaves cost nothing. */
const OBJECT_COST = 1;

export const measureDemand = (asked: Asked): Demand => new Scale(asked).weigh();

/** What a selection set, or a part of one, adds to the demand. */
type Weight = {
  /** The cost of what occurs once. */
  readonly once: number;
  /** The cost of what occurs once per item of the enclosing page: a connection's edges. */
  readonly perItem: number;
  readonly depth: number;
  readonly aliases: number;
  /** Fields directly at this level. */
  readonly fields: number;
  readonly pageSize: number;
};

const NOTHING: Weight = { once: 0, perItem: 0, depth: 0, aliases: 0, fields: 0, pageSize: 0 };
const LEAF: Weight = { ...NOTHING, depth: 1, fields: 1 };

const sum = (a: Weight, b: Weight): Weight => ({
  once: atMost(a.once + b.once),
  perItem: atMost(a.perItem + b.perItem),
  depth: Math.max(a.depth, b.depth),
  aliases: atMost(a.aliases + b.aliases),
  fields: atMost(a.fields + b.fields),
  pageSize: Math.max(a.pageSize, b.pageSize),
});

/** Nested fragments can multiply beyond what a number holds, and a page size times such a number must not be NaN. */
const atMost = (count: number): number => Math.min(count, Number.MAX_SAFE_INTEGER);

/** Computes each fragment once, however often it is spread, so that the time is linear in the document's length. */
class Scale {
  readonly #asked: Asked;
  readonly #fragments = new Map<string, Weight>();

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  weigh(): Demand {
    const { schema, operation } = this.#asked;
    const root = schema.getRootType(operation.operation);
    const weight = root ? this.#selectionSet(operation.selectionSet, root) : NOTHING;
    const { once, perItem, depth, aliases, fields, pageSize } = weight;
    return { depth, aliases, rootFields: fields, pageSize, cost: atMost(once + perItem * DEFAULT_PAGE_SIZE) };
  }

  #selectionSet({ selections }: SelectionSetNode, parent: GraphQLNamedType): Weight {
    return selections
      .filter((selection) => this.#isIncluded(selection))
      .map((selection) => this.#selection(selection, parent))
      .reduce(sum, NOTHING);
  }

  #selection(selection: SelectionNode, parent: GraphQLNamedType): Weight {
    switch (selection.kind) {
      case Kind.FIELD:
        return this.#field(selection, parent);
      case Kind.FRAGMENT_SPREAD:
        return this.#fragment(selection.name.value);
      case Kind.INLINE_FRAGMENT: {
        const named = selection.typeCondition?.name.value;
        return this.#selectionSet(selection.selectionSet, (named && this.#asked.schema.getType(named)) || parent);
      }
    }
  }

  #fragment(name: string): Weight {
    const known = this.#fragments.get(name);
    if (known) return known;
    const definition = this.#asked.fragmentDefinitions[name];
    const type = definition && this.#asked.schema.getType(definition.typeCondition.name.value);
    // A placeholder while the fragment is computed, so that one which spreads itself terminates.
    this.#fragments.set(name, NOTHING);
    const weight = type ? this.#selectionSet(definition.selectionSet, type) : NOTHING;
    this.#fragments.set(name, weight);
    return weight;
  }

  #field(node: FieldNode, parent: GraphQLNamedType): Weight {
    const aliases = node.alias ? 1 : 0;
    const field = isCompositeType(parent) ? this.#asked.schema.getField(parent, node.name.value) : undefined;
    const type = field && getNamedType(field.type);
    if (!type || !isCompositeType(type)) return { ...LEAF, once: costOf(field, 0), aliases };
    const inner = node.selectionSet ? this.#selectionSet(node.selectionSet, type) : NOTHING;
    const size = this.#listSize(field, node);
    const times = this.#times(field, node);
    const pageSize = Math.max(size ?? 0, times ?? 0, inner.pageSize);
    const level = { ...LEAF, aliases: aliases + inner.aliases, depth: 1 + inner.depth, pageSize };
    if (isIntrospectionType(type)) return { ...level, depth: 1, once: INTROSPECTION_COST };
    const each = costOf(field, OBJECT_COST) + inner.once + inner.perItem * (size ?? DEFAULT_PAGE_SIZE);
    if (!isListType(getNullableType(field.type))) return { ...level, once: atMost((times ?? 1) * each) };
    return size === undefined ? { ...level, perItem: each } : { ...level, once: size * each };
  }

  /** How many items a field is asked for, or `undefined` if its arguments do not tell. */
  #listSize(field: GraphQLField<unknown, unknown>, node: FieldNode): number | undefined {
    const { first, last, ids } = this.#argumentsOf(field, node);
    if (Array.isArray(ids)) return ids.length;
    const size = first ?? last;
    return typeof size === "number" ? Math.max(size, 0) : undefined;
  }

  /** How many objects a subscription has, one an item: the length of the argument that `extensions: { times }` names. */
  #times(field: GraphQLField<unknown, unknown>, node: FieldNode): number | undefined {
    const { times } = field.extensions;
    const names = typeof times === "string" ? this.#argumentsOf(field, node)[times] : undefined;
    return Array.isArray(names) ? names.length : undefined;
  }

  #argumentsOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Record<string, unknown> {
    try {
      return getArgumentValues(field, node, this.#asked.variableValues);
    } catch {
      // The field will fail with this error when it is executed, and then has nothing to count.
      return {};
    }
  }

  #isIncluded(node: SelectionNode): boolean {
    try {
      const { variableValues } = this.#asked;
      const skip = getDirectiveValues(GraphQLSkipDirective, node, variableValues);
      const include = getDirectiveValues(GraphQLIncludeDirective, node, variableValues);
      return skip?.if !== true && include?.if !== false;
    } catch {
      return true;
    }
  }
}

function costOf(field: GraphQLField<unknown, unknown> | undefined, otherwise: number): number {
  const cost = field?.extensions.cost;
  return typeof cost === "number" ? cost : otherwise;
}
