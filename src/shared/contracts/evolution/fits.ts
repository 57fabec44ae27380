import type { JsonSchema } from "../describe.ts";

/**
 * Whether data fits a schema as our contracts write it. For the schemas of a release, whose own checks are gone: what
 * only code could say, such as that one member is not above another, is not in them.
 */
export function fits(schema: JsonSchema, value: unknown): boolean {
  const options = schema.anyOf ?? schema.oneOf;
  if (options && !options.some((option) => fits(option, value))) return false;
  if (schema.allOf?.some((part) => !fits(part, value))) return false;
  if (schema.const !== undefined && value !== schema.const) return false;
  if (schema.enum && !schema.enum.includes(value)) return false;
  switch (schema.type) {
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value) && membersFit(schema, value);
    case "array":
      return Array.isArray(value) && lengthFits(schema, value) && elementsFit(schema, value);
    case "string":
      return typeof value === "string" && textFits(schema, value);
    case "integer":
      return Number.isInteger(value) && inBounds(schema, value as number);
    case "number":
      return typeof value === "number" && inBounds(schema, value);
    case "null":
      return value === null;
    case "boolean":
      return typeof value === "boolean";
    default:
      return true;
  }
}

function membersFit({ properties = {}, required = [], additionalProperties: others }: JsonSchema, value: object) {
  if (required.some((name) => !Object.hasOwn(value, name))) return false;
  return Object.entries(value).every(([name, member]) => {
    if (Object.hasOwn(properties, name)) return fits(properties[name] as JsonSchema, member);
    return typeof others === "object" ? fits(others, member) : others !== false;
  });
}

const lengthFits = ({ minItems = 0, maxItems = Infinity }: JsonSchema, { length }: readonly unknown[]): boolean =>
  length >= minItems && length <= maxItems;

const elementsFit = ({ items = {} }: JsonSchema, value: readonly unknown[]): boolean =>
  value.every((element) => fits(items, element));

const textFits = ({ minLength = 0, maxLength = Infinity, pattern }: JsonSchema, text: string): boolean =>
  text.length >= minLength &&
  text.length <= maxLength &&
  (pattern === undefined || new RegExp(pattern, "u").test(text));

const inBounds = (schema: JsonSchema, value: number): boolean => {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = schema;
  const isWithin = value >= minimum && value <= maximum;
  const isBetween = value > exclusiveMinimum && value < exclusiveMaximum;
  return isWithin && isBetween && (schema.multipleOf === undefined || isMultiple(value, schema.multipleOf));
};

/** Of a fraction too: 0.3 is a multiple of 0.1, whatever the last bit of their quotient is. */
function isMultiple(value: number, step: number): boolean {
  const steps = value / step;
  return Math.abs(steps - Math.round(steps)) < 1e-9 * Math.max(1, Math.abs(steps));
}
