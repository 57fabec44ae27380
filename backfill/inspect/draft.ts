import { dataSchema, listFields } from "#contracts/describe.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { SOURCES, type Source } from "#domain/event.ts";
import { counted } from "../../cli/terminal/counted.ts";
import type { Findings } from "./findings.ts";
import type { ColumnProfile, Profile } from "./profile.ts";

export type DraftInput = {
  /** What the table is called in the mapping. */
  readonly table: string;
  /** The pattern of its files below the folder. */
  readonly files: string;
  readonly profile: Profile;
  readonly findings: Findings;
  /** Whether the names of the columns are the file's own. */
  readonly hasNames: boolean;
};

/** A first mapping, with what is known filled in, and comments where somebody has to decide. */
export function draftMapping({ table, files, profile, findings, hasNames }: DraftInput): string {
  const { keys, times, device, source, warnings } = findings;
  const hasLocalTimes = profile.columns.some(({ type }) => type === "time without zone");
  const sources = source ? [...new Set(Object.values(source.values))] : SOURCES;
  return [
    "# yaml-language-server: $schema=backfill-mapping.schema.json",
    `# A first mapping, from ${counted(profile.rows, "row")}. The guide: concord guide backfill`,
    "# For your editor: concord guide backfill-schema > backfill-mapping.schema.json",
    ...warnings.map((warning) => `# ! ${warning}`),
    ...(hasLocalTimes ? ["zone: UTC # of times that name none: ask whose clock it was"] : []),
    "tables:",
    `  ${scalar(table)}:`,
    `    files: ${scalar(files)}`,
    ...(hasNames
      ? []
      : [`    csv: { header: false }`, `    columns: [${profile.columns.map(({ name }) => scalar(name)).join(", ")}]`]),
    `    key: ${scalar(keys[0] ?? "?")}${alternatives(keys)}`,
    `    device: ${scalar(device ?? "?")} # the id that live events have as deviceId`,
    ...sourceLines(source),
    `    time: ${scalar(times[0] ?? "?")}${alternatives(times)}`,
    "    events:",
    ...eventLines(profile.columns, sources),
    "",
  ].join("\n");
}

const alternatives = (names: readonly string[]): string =>
  names.length > 1 ? ` # or ${names.slice(1, 4).join(", ")}` : "";

/** JSON's quoting is YAML's too. */
const scalar = (text: string): string =>
  /^[A-Za-z_][\w./*-]*$/.test(text) && !/^(null|true|false|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);

function sourceLines(source: Findings["source"]): string[] {
  if (!source) return [`    source: ${SOURCES[1]} # ${SOURCES.join(", ")}; or { column, values } if it differs by row`];
  const values = Object.entries(source.values).map(([value, name]) => `${scalar(value)}: ${name}`);
  return [`    source: { column: ${scalar(source.column)}, values: { ${values.join(", ")} } }`];
}

type Candidate = {
  readonly topic: string;
  /** The column of each member that one was found for. */
  readonly data: ReadonlyMap<string, string>;
  readonly missing: readonly string[];
};

/** Events of which every required member has a column; then, as comments, those of which some have. */
function eventLines(columns: readonly ColumnProfile[], sources: readonly Source[]): string[] {
  const candidates = candidatesOf(columns, sources);
  const ready = candidates.filter(({ missing }) => missing.length === 0);
  const partly = candidates.filter(({ missing }) => missing.length > 0);
  const none =
    ready.length === 0
      ? ["      # No topic has columns for all that it requires. `concord guide contracts` lists all topics."]
      : [];
  return [
    ...none,
    ...ready.flatMap((candidate) => linesOf(candidate)),
    ...partly.flatMap((candidate) => linesOf(candidate).map((line) => line.replace(/^ {6}/, "      # "))),
  ];
}

function linesOf({ topic, data, missing }: Candidate): string[] {
  const members = [...data].map(([path, column]) => `          ${scalar(path)}: ${scalar(column)}`);
  return [
    `      - topic: ${scalar(topic)}`,
    "        data:",
    ...members,
    ...missing.map((path) => `          ${path}: "?"`),
  ];
}

function candidatesOf(columns: readonly ColumnProfile[], sources: readonly Source[]): Candidate[] {
  const named = new Map(columns.map(({ name }) => [simple(name), name]));
  const candidates = new Map<string, Candidate>();
  for (const contract of CONTRACTS.filter(({ source }) => sources.includes(source))) {
    const { topic, entity, action } = contract;
    const data = dataSchema(contract);
    const leaves = data
      ? listFields(data).filter(({ path, schema }) => !path.includes("[]") && !schema.properties)
      : [];
    const found = new Map(
      leaves.flatMap(({ path }) => {
        const column = columnFor(path, named);
        return column === undefined ? [] : [[path, column] as const];
      }),
    );
    const missing = leaves.filter(({ path, required }) => required && isNeeded(path, found) && !found.has(path));
    if (found.size === 0) continue;
    const everywhere = sources.every((source) =>
      CONTRACTS.some(
        (each) => each.topic === `device.${source}.${entity}.${action}` && sameData(each.data, contract.data),
      ),
    );
    const name = everywhere && sources.length > 1 ? `device.{source}.${entity}.${action}` : topic;
    candidates.set(name, { topic: name, data: found, missing: missing.map(({ path }) => path) });
  }
  return [...candidates.values()];
}

/**
 * `dealer.name` is DEALER_NAME and not NAME, which is the device's own; `dealer.dealerId` is DEALER_ID, `location.city`
 * is CITY, and `serialNumber` is SERIAL_NUMBER or SERIAL.
 */
function columnFor(path: string, named: ReadonlyMap<string, string>): string | undefined {
  const [parent, leaf] = path.includes(".") ? (path.split(".") as [string, string]) : [undefined, path];
  const isOwn = parent === undefined || parent === "location" || leaf.startsWith(parent);
  const own = isOwn ? (named.get(simple(leaf)) ?? named.get(simple(leaf.replace(/(Number|Pct|C)$/, "")))) : undefined;
  return named.get(simple(path)) ?? own;
}

const sameData = (a: unknown, b: unknown): boolean => a === b;

/** A member within an optional object is needed only if the object is there; all of those here are of one level. */
function isNeeded(path: string, found: ReadonlyMap<string, string>): boolean {
  const parent = path.split(".").slice(0, -1).join(".");
  return parent === "" || [...found.keys()].some((each) => each.startsWith(`${parent}.`));
}

const simple = (name: string): string => name.replaceAll(/[^A-Za-z0-9]/g, "").toLowerCase();
