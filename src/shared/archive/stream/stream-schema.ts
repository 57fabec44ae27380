import type { Contract } from "#contracts/define.ts";
import { isPii, type JsonSchema, membersOf, toMarkedSchema } from "#contracts/describe.ts";
import { dataPath } from "#contracts/envelope.ts";
import { CONTRACTS } from "#contracts/index.ts";

/** The schema of a stream, as `wrangler pipelines streams create --schema-file` reads it. */
export type StreamSchema = { readonly fields: readonly StreamField[] };

export type StreamField = StreamType & { readonly name: string; readonly required: boolean };

type StreamType =
  | { readonly type: "string" | "int64" | "float64" | "bool" | "json" }
  | { readonly type: "timestamp"; readonly unit: "millisecond" }
  | { readonly type: "list"; readonly items: StreamType }
  | { readonly type: "struct"; readonly fields: readonly StreamField[] };

const named = (name: string, type: StreamType, required = false): StreamField => ({ name, ...type, required });
const time: StreamType = { type: "timestamp", unit: "millisecond" };

/** What each row has: the columns of the day files that hold no personal value and no bytes. */
const COLUMNS: readonly StreamField[] = [
  named("receipt", { type: "string" }, true),
  named("source", { type: "string" }, true),
  named("topic", { type: "string" }, true),
  named("device_key", { type: "string" }, true),
  named("event_id", { type: "string" }, true),
  named("version", { type: "string" }, true),
  named("occurred_at", time, true),
  named("received_at", time, true),
  named("settled_at", time, true),
  named("outcome", { type: "string" }, true),
  named("contract_version", { type: "int64" }, true),
  named("lane", { type: "string" }),
  // All that is declared and not personal, also what this schema is too old for: a stream's schema never changes.
  named("data", { type: "json" }),
];

/**
 * The columns of every row, and a column for each kind of event with the members of its data, of all sources together. No
 * member that a contract marks as personal is in it, in any version that is still read.
 */
export function streamSchema(contracts: readonly Contract[] = CONTRACTS): StreamSchema {
  const kinds = Map.groupBy(contracts, kindOf);
  const structs = [...kinds]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([kind, group]) => {
      const [first, ...others] = group.map((contract) => typeOf(publicDataSchema(contract)));
      const type = others.reduce(commonType, first as StreamType);
      return type.type === "struct" && type.fields.length > 0 ? [named(kind, type)] : [];
    });
  return { fields: [...COLUMNS, ...structs] };
}

/** `status_reported` of `device.elt.status.reported`. */
export const kindOf = ({ entity, action }: Pick<Contract, "entity" | "action">): string => `${entity}_${action}`;

/** The schema of a contract's data without what is personal in any version that is still read. */
export function publicDataSchema(contract: Contract): JsonSchema {
  const at = dataPath(contract.places).reduce<JsonSchema>(
    (schema, name) => membersOf(schema).properties[name] ?? {},
    toMarkedSchema(contract),
  );
  return withoutPersonal(at);
}

/** @returns objects with their members in one place, whatever their kinds are */
function withoutPersonal(schema: JsonSchema): JsonSchema {
  const { properties, required } = membersOf(schema);
  const kept = Object.entries(properties).filter(([, member]) => !isPii(member));
  return {
    ...schema,
    ...(schema.items && { items: withoutPersonal(schema.items) }),
    ...(Object.keys(properties).length > 0 && {
      type: "object",
      properties: Object.fromEntries(kept.map(([name, member]) => [name, withoutPersonal(member)])),
      required,
    }),
  };
}

function typeOf(schema: JsonSchema): StreamType {
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, member]) => named(name, typeOf(member)));
    return { type: "struct", fields };
  }
  if (schema.type === "array" && schema.items) return { type: "list", items: typeOf(schema.items) };
  const scalars = { string: "string", integer: "int64", number: "float64", boolean: "bool" } as const;
  const type = scalars[schema.type as keyof typeof scalars];
  return { type: type ?? (schema.enum?.every((word) => typeof word === "string") ? "string" : "json") };
}

/** A type that holds what both hold: of two structs all members, of two numbers the wider; otherwise any JSON. */
function commonType(a: StreamType, b: StreamType): StreamType {
  if (a.type === "struct" && b.type === "struct") {
    const shared = a.fields.map((field) => {
      const same = b.fields.find(({ name }) => name === field.name);
      return same ? named(field.name, commonType(field, same)) : field;
    });
    const others = b.fields.filter(({ name }) => !a.fields.some((field) => field.name === name));
    return { type: "struct", fields: [...shared, ...others] };
  }
  if (a.type === "list" && b.type === "list") return { type: "list", items: commonType(a.items, b.items) };
  if (a.type === b.type) return bare(a);
  const numbers: readonly string[] = ["int64", "float64"];
  return { type: numbers.includes(a.type) && numbers.includes(b.type) ? "float64" : "json" };
}

/** A type without the name of the field that has it. */
const bare = ({ name: _, required: __, ...type }: StreamType & Partial<StreamField>): StreamType => type as StreamType;
