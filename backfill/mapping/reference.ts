import { mappingJsonSchema } from "./schema.ts";

type Schema = {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
};

const BEGIN = "<!-- Written by `npm run generate` from backfill/mapping/schema.ts. -->";
const END = "<!-- The end of what is written. -->";

/** Replaces the part of docs/backfill.md that describes every member of a mapping. */
export function withReference(document: string): string {
  const [before = "", rest = ""] = document.split(BEGIN);
  const after = rest.split(END)[1] ?? "\n";
  return `${before}${BEGIN}\n\n${referenceMarkdown()}\n${END}${after}`;
}

function referenceMarkdown(): string {
  const rows = rowsOf(mappingJsonSchema() as Schema, "").filter(({ path }) => path !== "$schema");
  const line = ({ path, isRequired, text }: Row) => `| \`${path}\` | ${isRequired ? "yes" : ""} | ${text} |`;
  return ["| member | required | what it says |", "|---|---|---|", ...rows.map(line), ""].join("\n");
}

/** Their members are told where such an object stands first. */
const REPEATED = /\*\.csv$|\.events\[\]\.(when|time)$/;

type Row = { readonly path: string; readonly isRequired: boolean; readonly text: string };

/** Every member at every depth. A name that the mapping's author chooses is `*`, an element of a list `[]`. */
function rowsOf(schema: Schema, prefix: string): Row[] {
  const { properties = {}, required = [] } = schema;
  const rows = Object.entries(properties).flatMap(([name, member]): Row[] => {
    const path = `${prefix}${name}`;
    const isRequired = required.includes(name) && member.default === undefined;
    return [{ path, isRequired, text: textOf(member) }, ...(REPEATED.test(path) ? [] : deeper(member, path))];
  });
  return rows;
}

function deeper(schema: Schema, path: string): Row[] {
  const { additionalProperties, items, anyOf = [] } = schema;
  if (schema.properties) return rowsOf(schema, `${path}.`);
  const rows = anyOf.flatMap((each) => deeper(each, path));
  if (typeof additionalProperties === "object") rows.push(...deeper(additionalProperties, `${path}.*`));
  if (items) rows.push(...deeper(items, `${path}[]`));
  return rows.filter(({ path: each }, i) => rows.findIndex((other) => other.path === each) === i);
}

function textOf(schema: Schema): string {
  const { description = "", default: given } = schema;
  const words = schema.enum ?? schema.anyOf?.find((each) => each.enum)?.enum;
  const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
  const parts = [
    description,
    ...(words && !description.includes(String(words[0]))
      ? [`One of ${words.map((word) => `\`${word}\``).join(", ")}.`]
      : []),
    ...(given === undefined || isObject ? [] : [`Default \`${JSON.stringify(given)}\`.`]),
  ];
  return parts.filter(Boolean).join(" ").replaceAll("|", "\\|");
}
