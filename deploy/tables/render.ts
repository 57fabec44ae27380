import { isDeepStrictEqual } from "node:util";
import { parse } from "smol-toml";
import type { Table } from "./config.ts";

/** The comment above a member, by its path within the table: `queues.consumers.retry_delay`. */
export type Notes = Readonly<Record<string, string>>;

/**
 * A table as TOML. Its tables and the items of its lists have a header each; what is deeper is in one line, so that a
 * change is a line of a diff.
 * @param header the table's name, such as `env.staging`
 * @throws Error if TOML would read another table from it
 */
export function renderTable(header: string, table: Table, notes: Notes = {}): string {
  const entries = Object.entries(table);
  const scalars = entries.filter(([, value]) => !hasHeader(value));
  const sections = entries.filter(([, value]) => hasHeader(value));
  const blocks = [
    [`[${header}]`, ...membersOf(scalars, "", notes)],
    ...sections.flatMap(([key, value]) => blocksOf({ header: `${header}.${key}`, path: `${key}.`, notes }, value)),
  ];
  const text = `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
  const read = header.split(".").reduce<unknown>((within, key) => (within as Table)[key], parse(text));
  // Cloned, since the parser's tables have no prototype.
  if (isDeepStrictEqual(structuredClone(read), structuredClone(table))) return text;
  throw new Error(`[${header}] could not be written as TOML; this was read back:\n${JSON.stringify(read, null, 2)}`);
}

type Place = { readonly header: string; readonly path: string; readonly notes: Notes };

/** The blocks of a table or of a list of tables. A table of nothing but such lists needs no header of its own. */
function blocksOf({ header, path, notes }: Place, value: unknown): string[][] {
  if (isListOfTables(value)) {
    return value.map((item) => [`[[${header}]]`, ...membersOf(Object.entries(item), path, notes)]);
  }
  const entries = Object.entries(value as Table);
  const lists = entries.filter(([, member]) => isListOfTables(member));
  const others = entries.filter(([, member]) => !isListOfTables(member));
  return [
    ...(others.length > 0 ? [[`[${header}]`, ...membersOf(others, path, notes)]] : []),
    ...lists.flatMap(([key, list]) => blocksOf({ header: `${header}.${key}`, path: `${path}${key}.`, notes }, list)),
  ];
}

const membersOf = (entries: readonly (readonly [string, unknown])[], path: string, notes: Notes): string[] =>
  entries.flatMap(([key, value]) => {
    const note = notes[`${path}${key}`];
    return [...(note ? [`# ${note}`] : []), `${key} = ${renderValue(value)}`];
  });

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isListOfTables = (value: unknown): value is readonly Table[] =>
  Array.isArray(value) && value.length > 0 && value.every(isTable);

const hasHeader = (value: unknown): boolean => isTable(value) || isListOfTables(value);

function renderValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(renderValue).join(", ")}]`;
  if (isTable(value)) {
    const members = Object.entries(value).map(([key, member]) => `${key} = ${renderValue(member)}`);
    return `{ ${members.join(", ")} }`;
  }
  return typeof value === "string" ? renderText(value) : String(value);
}

/** JSON's escapes are TOML's too. JSON within a text is readable only between single quotes. */
const renderText = (text: string): string =>
  text.includes('"') && /^[ -&(-~]*$/.test(text) ? `'${text}'` : JSON.stringify(text);
