import fc from "fast-check";
import {
  buildSchema,
  execute,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from "graphql";
import { describe, expect, it } from "vitest";
import { type Demand, measureDemand } from "./demand.ts";

const DEAR = 7;

/** Documents with more are not executed to their end. */
const MOST_OBJECTS = 5_000;

/** Fields with the argument that says how large a list is. */
const schema = buildSchema(`
  type Query { device: Device  dealer: Dealer  node: Node  devices(first: Int): DeviceConnection }
  interface Node { id: ID  dealer: Dealer }
  type Device implements Node { id: ID  dealer: Dealer  dear: Dealer  alerts(first: Int): AlertConnection }
  type Dealer implements Node { id: ID  dealer: Dealer  name: ID  devices(first: Int): DeviceConnection }
  type DeviceConnection { edges: [DeviceEdge]  page: Page }
  type DeviceEdge { node: Device  cursor: ID }
  type AlertConnection { edges: [AlertEdge]  page: Page }
  type AlertEdge { node: Alert  cursor: ID }
  type Alert { id: ID  device: Device }
  type Page { end: ID }
`);
const dear = (schema.getType("Device") as GraphQLObjectType).getFields().dear;
if (dear) dear.extensions = { cost: DEAR };

const VARIABLES = { yes: true, no: false };

function demandOf(text: string, maxLooks?: number): Demand {
  const document = parse(text);
  const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const { variableDefinitions = [] } = operation as OperationDefinitionNode;
  const read = getVariableValues(schema, variableDefinitions, VARIABLES);
  const asked = {
    schema,
    operation: operation as OperationDefinitionNode,
    fragmentDefinitions: Object.fromEntries(
      (fragments as FragmentDefinitionNode[]).map((fragment) => [fragment.name.value, fragment]),
    ),
    variableValues: read.variableValues ?? { sources: {}, coerced: {} },
  };
  return measureDemand(asked, maxLooks);
}

/** Counts by having graphql execute the document on a world in which each list is as long as it may be. */
function countByExecution(text: string, nodeType: "Device" | "Dealer"): number {
  let objects = 0;
  const one = (cost: number, size?: number) => {
    objects += cost;
    if (objects > MOST_OBJECTS) throw new Error("too many to count");
    return { size };
  };
  const result = execute({
    schema,
    document: parse(text),
    variableValues: VARIABLES,
    rootValue: {},
    typeResolver: () => nodeType,
    fieldResolver: (source: { size?: number }, args: { first?: number }, _, { fieldName, returnType, parentType }) => {
      if (fieldName === "edges") return Array.from({ length: source.size ?? 20 }, () => one(1));
      if (fieldName === "dear") return one(DEAR);
      if (/Connection$/.test(String(returnType))) return one(1, args.first ?? 20);
      const field = schema.getField(parentType, fieldName);
      return field && /^ID/.test(String(field.type)) ? "x" : one(1);
    },
  });
  if (objects <= MOST_OBJECTS) expect(result).not.toHaveProperty("errors");
  return objects;
}

type Draw = <T>(arbitrary: fc.Arbitrary<T>) => T;

const LEAF_OF: Record<string, string> = { DeviceConnection: "__typename", AlertConnection: "__typename" };

/** A selection on a type. Sizes and names depend on the field alone, so that what meets can be merged. */
function drawSelection(draw: Draw, typeName: string, levels: number, below: number): string {
  const type = schema.getType(typeName);
  const fields = type && "getFields" in type ? Object.values(type.getFields()) : [];
  const parts = Array.from({ length: draw(fc.integer({ min: 1, max: 3 })) }, () => {
    const condition = draw(
      fc.constantFrom("", "", "", " @skip(if: $no)", " @include(if: $no)", " @include(if: $yes)", " @skip(if: true)"),
    );
    const shape = draw(fc.constantFrom("field", "field", "field", "spread", "inline"));
    if (shape === "spread") {
      const fragment = draw(fc.integer({ min: below, max: FRAGMENTS.length }));
      const on = FRAGMENTS[fragment];
      if (on === typeName || (typeName === "Node" && (on === "Device" || on === "Dealer")))
        return `...F${fragment}${condition}`;
    }
    if (shape === "inline" && levels > 0) {
      const on = typeName === "Node" ? draw(fc.constantFrom("Device", "Dealer", "Node")) : typeName;
      return `... on ${on}${condition} { ${drawSelection(draw, on, levels - 1, below)} }`;
    }
    const field = draw(fc.constantFrom(...fields));
    const inner = String(field.type).replaceAll(/[[\]]/g, "");
    const size =
      field.args.length > 0
        ? draw(fc.constantFrom(["", "(first: 2)"], ["three: ", "(first: 3)"], ["none: ", "(first: 0)"]))
        : ["", ""];
    // One name for what may be of two types: then one execution for each type meets the most.
    const same = inner === "Node" ? "" : draw(fc.constantFrom("", "", `same${field.name}${size[0]?.[0] ?? ""}: `));
    const head = `${same || size[0]}${field.name}${size[1]}${condition}`;
    if (inner === "ID") return head;
    return levels > 0
      ? `${head} { ${drawSelection(draw, inner, levels - 1, below)} }`
      : `${head} { ${LEAF_OF[inner] ?? "__typename"} }`;
  });
  return parts.join(" ");
}

/** Each fragment's type; a fragment spreads only those after it. */
const FRAGMENTS = ["Query", "Device", "Dealer", "Device", "DeviceConnection", "DeviceEdge", "Dealer", "Node"];

const documents = fc.gen().map((g) => {
  const draw: Draw = (arbitrary) => g(() => arbitrary);
  const operation = `query ($yes: Boolean!, $no: Boolean!) { ${drawSelection(draw, "Query", 5, 0)} }`;
  const fragments = FRAGMENTS.map((on, i) => `fragment F${i} on ${on} { ${drawSelection(draw, on, 2, i + 1)} }`);
  return [operation, ...fragments].join("\n");
});

const usable = documents.filter((text) => {
  const problems = validate(schema, parse(text)).filter(({ message }) => !/never used|is never used/.test(message));
  return problems.length === 0;
});

describe("the cost of a document", () => {
  it("is the number of objects that an execution of it can make", () => {
    fc.assert(
      fc.property(usable, (text) => {
        const counts = [countByExecution(text, "Device"), countByExecution(text, "Dealer")];
        fc.pre(Math.max(...counts) <= MOST_OBJECTS);
        const { cost } = demandOf(text);
        expect(cost).toBe(Math.max(...counts));
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });

  it("is no less than that where fragments meet too often to recognise each field", () => {
    fc.assert(
      fc.property(usable, fc.integer({ min: 0, max: 60 }), (text, maxLooks) => {
        const counts = [countByExecution(text, "Device"), countByExecution(text, "Dealer")];
        fc.pre(Math.max(...counts) <= MOST_OBJECTS);
        expect(demandOf(text, maxLooks).cost).toBeGreaterThanOrEqual(Math.max(...counts));
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  it("of fragments that meet in ever new sets is a sum, and takes no longer than others", () => {
    // Each path of the two names below reaches another set of the fragments of a level.
    const [levels, states] = [8, 6];
    const spread = (level: number, ...of: number[]) =>
      level === levels ? "name" : of.map((i) => `...L${level}S${Math.min(i, states - 1)}`).join(" ");
    const bodyOf = (level: number, i: number) =>
      i === 0
        ? `x: dealer { ${spread(level + 1, 0, 1)} } dealer { ${spread(level + 1, 0)} }`
        : `x: dealer { ${spread(level + 1, i + 1)} } dealer { ${spread(level + 1, i + 1)} }`;
    const fragments = Array.from({ length: levels * states }, (_, at) => {
      const [level, i] = [Math.floor(at / states), at % states];
      return `fragment L${level}S${i} on Dealer { ${bodyOf(level, i)} }`;
    });
    const text = `{ dealer { ...L0S0 } } ${fragments.join(" ")}`;
    expect(parse(text, { maxTokens: 1_000 }).definitions).toHaveLength(levels * states + 1);
    const startedAt = performance.now();
    const { cost } = demandOf(text);
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(cost).toBeGreaterThan(demandOf(text, Number.POSITIVE_INFINITY).cost);
  });
});
