import type { ConcordEvent } from "#domain/event.ts";
import { REDACTED } from "#domain/redacted.ts";
import type { Contract } from "./define.ts";
import { isPii, type JsonSchema, membersOf, toMarkedSchema } from "./describe.ts";
import { dataPath } from "./envelope.ts";
import { findContract } from "./index.ts";

/**
 * The event without what its contract marks as personal. Members that may be absent are left out, others get a value that
 * means nothing. The result passes the contract, and its change follows from it. Redacting it again changes nothing.
 * @throws Error if the contract takes no such value; a test holds that every contract does
 */
export function redactEvent(event: ConcordEvent): ConcordEvent {
  if (event.data === null) return event;
  const contract = findContract(event.topic, 0);
  if (!contract) throw new Error(`${event.topic} has no contract, so nobody knows what is personal in its events`);
  for (const isShort of [true, false]) {
    const data = redactBy(dataSchemaOf(contract), event.data, { isShort });
    const parsed = contract.data.safeParse(data);
    if (parsed.success) return { ...event, data, change: contract.toChange(parsed.data) };
  }
  throw new Error(`${event.topic}: its contract refuses every value that could stand for a personal one`);
}

/**
 * The data of a stored event, as {@link redactEvent} has it. What its contract does not declare is left out, since it may
 * be personal; `null` if the topic has no contract any more.
 */
export function redactData(topic: string, data: unknown): unknown {
  const contract = findContract(topic, 0);
  return contract && data !== null ? (redactBy(dataSchemaOf(contract), data, { isShort: true }) ?? null) : null;
}

/** Whether a topic's events can hold anything that is personal. */
export function hasPersonalValues(topic: string): boolean {
  const contract = findContract(topic, 0);
  return contract === undefined || isMarked(dataSchemaOf(contract));
}

const isMarked = (schema: JsonSchema): boolean =>
  isPii(schema) ||
  Object.values(membersOf(schema).properties).some(isMarked) ||
  (schema.items !== undefined && isMarked(schema.items));

/** `isShort`: personal members that may be absent are left out. */
type Way = { readonly isShort: boolean };

function redactBy(schema: JsonSchema | undefined, value: unknown, way: Way): unknown {
  if (schema === undefined) return undefined;
  if (isPii(schema)) return replacement(schema);
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((each) => redactBy(items, each, way)) : [];
  }
  if (typeof value !== "object" || value === null) return value;
  const { properties, required } = membersOf(kindOf(schema, value));
  const members = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
    const declared = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (declared === undefined) return [];
    if (isPii(declared) && way.isShort && !required.includes(name)) return [];
    return [[name, redactBy(declared, member, way)]];
  });
  return Object.fromEntries(members);
}

/** Of several kinds of an object, that of the value: what one kind requires, another may not have. */
function kindOf(schema: JsonSchema, value: object): JsonSchema {
  const kinds = schema.oneOf ?? schema.anyOf;
  const kind = kinds?.find((each) =>
    Object.entries(membersOf(each).properties).every(([name, member]) => {
      const words = member.enum ?? (member.const === undefined ? undefined : [member.const]);
      return words === undefined || isPii(member) || words.includes((value as Record<string, unknown>)[name]);
    }),
  );
  if (!kind) return schema;
  const { oneOf: _, anyOf: __, ...others } = schema;
  return { ...others, allOf: [...(others.allOf ?? []), kind] };
}

/** A value of the schema that says nothing. */
function replacement(schema: JsonSchema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const [form] = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  if (schema.type === undefined && form) return replacement(form);
  switch (schema.type) {
    case "number":
    case "integer":
      return Math.min(Math.max(0, schema.minimum ?? schema.exclusiveMinimum ?? 0), schema.maximum ?? 0);
    case "boolean":
      return false;
    case "array":
      return Array.from({ length: schema.minItems ?? 0 }, () => replacement(schema.items ?? {}));
    case "object": {
      const { properties, required } = membersOf(schema);
      return Object.fromEntries(required.map((name) => [name, replacement(properties[name] ?? {})]));
    }
    case "null":
      return null;
    default:
      return textFor(schema);
  }
}

function textFor({ format, pattern, minLength = 0, maxLength = REDACTED.length }: JsonSchema): string {
  if (format === "date-time") return "1970-01-01T00:00:00Z";
  const fits = (text: string) =>
    text.length >= minLength &&
    text.length <= Math.max(maxLength, minLength) &&
    (!pattern || new RegExp(pattern, "u").test(text));
  const lengths = [minLength, REDACTED.length, maxLength];
  const candidates = [
    REDACTED.padEnd(minLength, "-").slice(0, Math.max(maxLength, minLength)),
    "forgotten@forgotten.invalid",
    ...["x", "X", "0"].flatMap((letter) => lengths.map((length) => letter.repeat(length))),
  ];
  return candidates.find(fits) ?? REDACTED;
}

const schemas = new WeakMap<Contract, JsonSchema>();

/** The schema of the topic's data, with the marks of all versions that are still read. */
function dataSchemaOf(contract: Contract): JsonSchema {
  const known = schemas.get(contract);
  if (known) return known;
  const path = dataPath(contract.places);
  const whole = toMarkedSchema(contract);
  const schema = path.reduce((at: JsonSchema, name) => membersOf(at).properties[name] ?? {}, whole);
  schemas.set(contract, schema);
  return schema;
}
