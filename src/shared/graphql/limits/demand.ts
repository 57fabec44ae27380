import {
  type FieldNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  type GraphQLCompositeType,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  type InlineFragmentNode,
  isAbstractType,
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

/**
 * What an operation asks for, computed before anything is read. Fields of one response name are one field, as they are
 * in the answer, however many fragments select them.
 */
export type Demand = {
  /** The depth of the deepest field. */
  readonly depth: number;
  /** Aliased fields. */
  readonly aliases: number;
  readonly rootFields: number;
  /** The size of the largest page that is asked for. */
  readonly pageSize: number;
  /** The most objects that the answer can have, plus the extra cost of single fields. */
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

/**
 * Each object costs one, unless its field has a cost: `extensions: { cost: 10 }`. Leaves cost nothing. A field may cost more
 * if an argument is given: `extensions: { costWith: { asOf: 100 } }`.
 */
const OBJECT_COST = 1;

/**
 * Selections that may be looked at to recognise the same field in several fragments. A screen takes some hundred. Ours:
 * fragments that meet in ever new sets could take more time than their answer.
 */
const MAX_LOOKS = 2_000;

/** @param maxLooks after how many selections the price of a field that meets itself becomes a sum */
export const measureDemand = (asked: Asked, maxLooks = MAX_LOOKS): Demand => new Scale(asked, maxLooks).weigh();

/** What a selection adds to the demand. */
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

/** The most of each: an object has one of several types. */
const greatest = (a: Weight, b: Weight): Weight => ({
  once: Math.max(a.once, b.once),
  perItem: Math.max(a.perItem, b.perItem),
  depth: Math.max(a.depth, b.depth),
  aliases: Math.max(a.aliases, b.aliases),
  fields: Math.max(a.fields, b.fields),
  pageSize: Math.max(a.pageSize, b.pageSize),
});

/** Nested fragments can multiply beyond what a number holds, and a page size times such a number must not be NaN. */
const atMost = (count: number): number => Math.min(count, Number.MAX_SAFE_INTEGER);

/** The fields of one response name. Validation has compared their names and arguments, so the first speaks for all. */
type Merged = [FieldNode, ...FieldNode[]];

/**
 * Weighs selection sets that apply to the same object together, as execution merges them. What has been weighed is not
 * weighed again; after `maxLooks` the sets are weighed one by one and added up, which is more than the answer can hold
 * and never less.
 */
class Scale {
  readonly #asked: Asked;
  readonly #maxLooks: number;
  readonly #weights = new Map<string, Weight>();
  readonly #ids = new Map<SelectionSetNode, number>();
  readonly #included = new Map<SelectionNode, boolean>();
  #looks = 0;

  constructor(asked: Asked, maxLooks: number) {
    this.#asked = asked;
    this.#maxLooks = maxLooks;
  }

  weigh(): Demand {
    const { schema, operation } = this.#asked;
    const root = schema.getRootType(operation.operation);
    const weight = root ? this.#together([operation.selectionSet], root) : NOTHING;
    const { once, perItem, depth, aliases, fields, pageSize } = weight;
    return { depth, aliases, rootFields: fields, pageSize, cost: atMost(once + perItem * DEFAULT_PAGE_SIZE) };
  }

  #together(sets: readonly SelectionSetNode[], type: GraphQLCompositeType): Weight {
    if (sets.length > 1 && this.#looks > this.#maxLooks)
      return sets.map((set) => this.#together([set], type)).reduce(sum, NOTHING);
    const key = `${type.name} ${sets.map((set) => this.#idOf(set)).join()}`;
    const known = this.#weights.get(key);
    if (known) return known;
    // A placeholder while it is computed, so that a fragment which spreads itself terminates.
    this.#weights.set(key, NOTHING);
    const weight = isAbstractType(type)
      ? this.#asked.schema
          .getPossibleTypes(type)
          .map((one) => this.#together(sets, one))
          .reduce(greatest, NOTHING)
      : [...this.#merge(sets, type).values()].map((nodes) => this.#field(nodes, type)).reduce(sum, NOTHING);
    this.#weights.set(key, weight);
    return weight;
  }

  /** The fields of an object of this type, by response name. */
  #merge(sets: readonly SelectionSetNode[], type: GraphQLObjectType): Map<string, Merged> {
    const fields = new Map<string, Merged>();
    const spread = new Set<string>();
    const collect = ({ selections }: SelectionSetNode): void => {
      for (const selection of selections) {
        this.#looks++;
        if (!this.#isIncluded(selection)) continue;
        if (selection.kind === Kind.FIELD) {
          const name = (selection.alias ?? selection.name).value;
          const nodes = fields.get(name);
          if (nodes) nodes.push(selection);
          else fields.set(name, [selection]);
          continue;
        }
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#spreadOnce(selection, spread);
        if (fragment && this.#applies(fragment, type)) collect(fragment.selectionSet);
      }
    };
    for (const set of sets) collect(set);
    return fields;
  }

  #spreadOnce({ name }: FragmentSpreadNode, spread: Set<string>): FragmentDefinitionNode | undefined {
    if (spread.has(name.value)) return undefined;
    spread.add(name.value);
    return this.#asked.fragmentDefinitions[name.value];
  }

  #applies({ typeCondition }: Pick<InlineFragmentNode, "typeCondition">, type: GraphQLObjectType): boolean {
    if (!typeCondition) return true;
    const wanted = this.#asked.schema.getType(typeCondition.name.value);
    return wanted === type || (isAbstractType(wanted) && this.#asked.schema.isSubType(wanted, type));
  }

  #field(nodes: Merged, parent: GraphQLObjectType): Weight {
    const [node] = nodes;
    const aliases = node.alias ? 1 : 0;
    const field = this.#asked.schema.getField(parent, node.name.value);
    const type = field && getNamedType(field.type);
    if (!type || !isCompositeType(type)) return { ...LEAF, once: costOf(field, 0), aliases };
    const inner = this.#together(
      nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
      type,
    );
    const size = this.#listSize(field, node);
    const times = this.#times(field, node);
    const pageSize = Math.max(size ?? 0, times ?? 0, inner.pageSize);
    const level = { ...LEAF, aliases: atMost(aliases + inner.aliases), depth: 1 + inner.depth, pageSize };
    if (isIntrospectionType(type)) return { ...level, depth: 1, once: INTROSPECTION_COST };
    const own = costOf(field, OBJECT_COST) + this.#extraCost(field, node);
    const each = atMost(own + inner.once + inner.perItem * (size ?? DEFAULT_PAGE_SIZE));
    if (!isListType(getNullableType(field.type))) return { ...level, once: atMost((times ?? 1) * each) };
    return size === undefined ? { ...level, perItem: each } : { ...level, once: size * each };
  }

  /** How many items a field is asked for, or `undefined` if its arguments do not tell. */
  #listSize(field: GraphQLField<unknown, unknown>, node: FieldNode): number | undefined {
    const { first, last, ids, input } = this.#argumentsOf(field, node);
    // Of `nodes`, and of a mutation of many.
    const named = ids ?? (input as { readonly ids?: unknown } | undefined)?.ids;
    if (Array.isArray(named)) return named.length;
    const size = first ?? last;
    return typeof size === "number" ? Math.max(size, 0) : undefined;
  }

  /** How many objects a subscription has, one an item: the length of the argument that `extensions: { times }` names. */
  #times(field: GraphQLField<unknown, unknown>, node: FieldNode): number | undefined {
    const { times } = field.extensions;
    const names = typeof times === "string" ? this.#argumentsOf(field, node)[times] : undefined;
    return Array.isArray(names) ? names.length : undefined;
  }

  /** What the arguments that are given cost. */
  #extraCost(field: GraphQLField<unknown, unknown>, node: FieldNode): number {
    const { costWith } = field.extensions;
    if (typeof costWith !== "object" || costWith === null) return 0;
    const given = this.#argumentsOf(field, node);
    return Object.entries(costWith).reduce(
      (extra, [name, cost]) => extra + (given[name] == null ? 0 : Number(cost)),
      0,
    );
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
    const known = this.#included.get(node);
    if (known !== undefined) return known;
    const included = (node.directives ?? []).length === 0 || this.#isWanted(node);
    this.#included.set(node, included);
    return included;
  }

  #isWanted(node: SelectionNode): boolean {
    try {
      const { variableValues } = this.#asked;
      const skip = getDirectiveValues(GraphQLSkipDirective, node, variableValues);
      const include = getDirectiveValues(GraphQLIncludeDirective, node, variableValues);
      return skip?.if !== true && include?.if !== false;
    } catch {
      return true;
    }
  }

  #idOf(set: SelectionSetNode): number {
    const id = this.#ids.get(set) ?? this.#ids.size;
    this.#ids.set(set, id);
    return id;
  }
}

function costOf(field: GraphQLField<unknown, unknown> | undefined, otherwise: number): number {
  const cost = field?.extensions.cost;
  return typeof cost === "number" ? cost : otherwise;
}
