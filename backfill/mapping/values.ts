import type { JsonSchema } from "#contracts/describe.ts";
import { parseJson } from "#json/parse-json.ts";
import { type Cell, cellOf, type Row } from "../read/row.ts";
import { Fault } from "./fault.ts";
import type { Lookups } from "./lookups.ts";
import type { ValueSpec } from "./schema.ts";
import { timeReader } from "./times.ts";

export type Conversion = NonNullable<ValueSpec["as"]>;

/** The value that an event gets from a row; `null` for none, which `default` is for; or a Fault. */
export type ReadValue = (row: Row) => unknown;

/** @param schema of the contract at the value's place. @throws RangeError for a spec that cannot work */
export function valueReader(given: string | ValueSpec, schema: JsonSchema | undefined, lookups: Lookups): ReadValue {
  const spec: ValueSpec = typeof given === "string" ? { column: given } : given;
  if (spec.column === undefined) return () => spec.constant;
  const { column, values, otherwise, nullIf } = spec;
  const convert = conversionOf(spec, schema, column);
  const read = cellReader(spec, column, lookups);
  return (row) => {
    let cell = read(row);
    if (cell instanceof Fault) return cell;
    if (nullIf && typeof cell === "string" && nullIf.includes(cell)) cell = null;
    if (cell !== null && values) {
      const key = String(cell);
      if (Object.hasOwn(values, key)) cell = values[key] as Cell;
      else if (otherwise !== undefined) cell = otherwise;
      else return new Fault("unknown_value", `${column} has a value that \`values\` does not have`);
    }
    return cell === null ? null : convert(cell);
  };
}

function cellReader({ lookup, by }: ValueSpec, column: string, lookups: Lookups): (row: Row) => Cell | Fault {
  if (lookup === undefined || by === undefined) return ({ cells }) => cellOf(cells, column);
  const rows = lookups.get(lookup);
  if (!rows) throw new RangeError(`there is no lookup ${lookup}`);
  return ({ cells }) => {
    const key = cellOf(cells, by);
    if (key === null) return null;
    const found = rows.get(String(key));
    return found ? cellOf(found, column) : new Fault("no_lookup_row", `${lookup} has no row for ${by}`);
  };
}

type Convert = (cell: NonNullable<Cell>) => unknown;

function conversionOf(spec: ValueSpec, schema: JsonSchema | undefined, column: string): Convert {
  const { as = typeIn(schema) } = spec;
  const bad = (problem: string) => new Fault("bad_value", `${column} ${problem}`);
  switch (as) {
    case "text":
      return (cell) => (typeof cell === "object" ? bad("is no text") : String(cell));
    case "number":
      return (cell) => numberOf(cell) ?? bad("is no number that JSON keeps exactly");
    case "boolean":
      return booleanReader(spec, bad);
    case "time": {
      const read = timeReader(spec);
      return (cell) => {
        const result = read(cell);
        return result.ok ? result.time : new Fault("bad_time", `${column} ${result.problem}`);
      };
    }
    case "list":
      return (cell) => listOf(cell, spec.separator) ?? bad("is no list");
    case "json":
      return (cell) => withoutNulls(typeof cell === "string" ? (parseJson(cell) ?? bad("is no JSON")) : cell);
    default:
      return as satisfies never;
  }
}

/** A warehouse says null for a member that is not there, at any depth. Contracts leave such members out. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null || value instanceof Fault) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
}

/** What the contract takes at this place. */
function typeIn({ type, format }: JsonSchema = {}): Conversion {
  switch (type) {
    case "string":
      return format === "date-time" ? "time" : "text";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case "array":
      return "list";
    default:
      return "json";
  }
}

function numberOf(cell: NonNullable<Cell>): number | undefined {
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : undefined;
  if (typeof cell !== "string") return undefined;
  const text = cell.trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined;
  const number = Number(text);
  // A decimal is rounded to the nearest double, as everybody expects; an id is not.
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number)) ? number : undefined;
}

const TRUE = ["true", "t", "yes", "y", "on", "1"];
const FALSE = ["false", "f", "no", "n", "off", "0"];

function booleanReader({ trueWords = TRUE, falseWords = FALSE }: ValueSpec, bad: (problem: string) => Fault): Convert {
  const words = new Map([
    ...trueWords.map((word) => [word.toLowerCase(), true] as const),
    ...falseWords.map((word) => [word.toLowerCase(), false] as const),
  ]);
  return (cell) =>
    typeof cell === "boolean"
      ? cell
      : (words.get(String(cell).trim().toLowerCase()) ?? bad("is neither true nor false"));
}

/** Null elements are left out: no contract has them. */
function listOf(cell: NonNullable<Cell>, separator: string | undefined): readonly unknown[] | undefined {
  if (Array.isArray(cell)) return cell.filter((element) => element !== null);
  if (typeof cell !== "string") return undefined;
  if (separator === undefined) {
    const list = parseJson(cell);
    return Array.isArray(list) ? list.filter((element) => element !== null) : undefined;
  }
  return cell
    .split(separator)
    .map((element) => element.trim())
    .filter((element) => element !== "");
}
