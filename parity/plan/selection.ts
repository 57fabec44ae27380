import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse, type SelectionSetNode } from "graphql";

/** What a document asks for, by the names that its answer has. A field without fields of its own is null. */
export type Selection = ReadonlyMap<string, Selection | null>;

/**
 * What a document's only operation selects. Fragments are where they are spread; what several of them select is merged.
 * @throws Error for text that is no GraphQL, or does not have one query
 */
export function selectionOf(text: string): Selection {
  const { definitions } = parse(text, { noLocation: true });
  const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION) as OperationDefinitionNode[];
  const [operation] = operations;
  if (!operation || operations.length > 1 || operation.operation !== "query")
    throw new Error("it has to hold one operation, and that a query");
  const fragments = new Map(
    (definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION) as FragmentDefinitionNode[]).map((each) => [
      each.name.value,
      each,
    ]),
  );
  return gather(operation.selectionSet, fragments, new Map(), []);
}

function gather(
  { selections }: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  into: Map<string, Selection | null>,
  within: readonly string[],
): Selection {
  for (const each of selections) {
    if (each.kind === Kind.FIELD) {
      const name = (each.alias ?? each.name).value;
      const below = into.get(name) as Map<string, Selection | null> | null | undefined;
      into.set(name, each.selectionSet ? gather(each.selectionSet, fragments, below ?? new Map(), within) : null);
      continue;
    }
    if (each.kind === Kind.INLINE_FRAGMENT) {
      gather(each.selectionSet, fragments, into, within);
      continue;
    }
    const name = each.name.value;
    const fragment = fragments.get(name);
    if (!fragment) throw new Error(`there is no fragment ${name}`);
    if (within.includes(name)) throw new Error(`the fragment ${name} spreads itself`);
    gather(fragment.selectionSet, fragments, into, [...within, name]);
  }
  return into;
}

/** What is selected at a place: more fields, `null` for a leaf, `undefined` if it is not selected. */
export function selectedAt(selection: Selection, members: readonly string[]): Selection | null | undefined {
  let at: Selection | null | undefined = selection;
  for (const member of members) at = at?.get(member);
  return at;
}

/** The paths of all leaves. */
export function leavesOf(selection: Selection, above: readonly string[] = []): (readonly string[])[] {
  return [...selection].flatMap(([name, below]) =>
    below === null ? [[...above, name]] : leavesOf(below, [...above, name]),
  );
}
