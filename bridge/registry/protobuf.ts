import protobuf from "protobufjs";
import protojson from "protobufjs/ext/protojson.js";
import { jsonFloat } from "./exact-numbers.ts";
import type { Compile } from "./stored-schema.ts";
import { readMessageIndexes } from "./wire-format.ts";

const { Enum, Namespace, Root, Type } = protobuf;

/**
 * Protobuf by protobufjs and its ProtoJSON. What a producer leaves out because it is the default of its type is written
 * all the same, as Confluent's own tools do: a contract that requires `online` takes a device that is not.
 */
export const compileProtobuf: Compile = (schema, references) => {
  const root = new Root();
  const imports = new Set<string>();
  const parse = (text: string) => {
    for (const name of protobuf.parse(text, root).imports ?? []) imports.add(name);
  };
  for (const reference of references) parse(reference.schema);
  parse(schema);
  for (const name of imports) addBundled(root, name);
  root.resolveAll();
  // Indexes count the messages of this file, and the root has those of all files.
  const file = protobuf.parse(schema, new Root()).root;
  return (payload) => {
    const { indexes, message } = readMessageIndexes(payload);
    const type = root.lookupType(messageAt(file, indexes));
    return withDefaults(type, protojson.toJson(type, type.decode(message)));
  };
};

/** Timestamps, durations and the like come with protobufjs, and are no references of a schema. */
function addBundled(root: protobuf.Root, name: string): void {
  const bundled = protobuf.common.get(name);
  if (bundled?.nested) root.addJSON(bundled.nested);
}

/** @returns the full name of a message @throws Error if the file has none there */
function messageAt(file: protobuf.Root, indexes: readonly number[]): string {
  let scope: protobuf.Namespace = packageOf(file);
  for (const index of indexes) {
    const message = scope.nestedArray.filter((each) => each instanceof Type)[index];
    if (!message) throw new Error(`its schema has no message [${indexes}]`);
    scope = message;
  }
  return scope.fullName;
}

/** A file has one package: namespaces in each other, of which only the last has anything else. */
function packageOf(file: protobuf.Namespace): protobuf.Namespace {
  const [only, ...others] = file.nestedArray;
  const isNamespace = only instanceof Namespace && !(only instanceof Type) && !(only instanceof protobuf.Service);
  return isNamespace && others.length === 0 ? packageOf(only) : file;
}

/** @param json what ProtoJSON made of a message of the type. Well-known types are not objects of their fields. */
function withDefaults(type: protobuf.Type, json: unknown): unknown {
  if (type.fullName.startsWith(".google.protobuf.") || typeof json !== "object" || json === null) return json;
  const given = json as Readonly<Record<string, unknown>>;
  const written: Record<string, unknown> = { ...given };
  for (const field of type.fieldsArray) {
    if (field.declaringField) continue;
    const { jsonName } = field;
    const value = given[jsonName];
    if (value !== undefined) written[jsonName] = valueWithDefaults(field, value);
    else if (field.repeated) written[jsonName] = [];
    else if (field.map) written[jsonName] = {};
    else if (!field.hasPresence && !(field.resolvedType instanceof Type)) written[jsonName] = defaultOf(field);
  }
  return written;
}

function valueWithDefaults(field: protobuf.Field, value: unknown): unknown {
  const each = (one: unknown): unknown => {
    if (field.resolvedType instanceof Type) return withDefaults(field.resolvedType, one);
    return field.type === "float" && typeof one === "number" ? jsonFloat(one) : one;
  };
  if (field.repeated) return (value as readonly unknown[]).map(each);
  if (field.map) return Object.fromEntries(Object.entries(value as object).map(([key, one]) => [key, each(one)]));
  return each(value);
}

function defaultOf(field: protobuf.Field): unknown {
  if (field.resolvedType instanceof Enum) return field.resolvedType.valuesById[0] ?? 0;
  switch (field.type) {
    case "bool":
      return false;
    case "string":
    case "bytes":
      return "";
    case "int64":
    case "uint64":
    case "sint64":
    case "fixed64":
    case "sfixed64":
      return "0";
    default:
      return 0;
  }
}
