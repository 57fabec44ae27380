import { type JsonSchema, listFields, toJsonSchema } from "#contracts/describe.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { parseTopic } from "#contracts/topic.ts";
import { SOURCES, type Source } from "#domain/event.ts";
import { nearest } from "../../cli/command/nearest.ts";
import { type Cell, type Cells, cellOf, type Row } from "../read/row.ts";
import { Fault } from "./fault.ts";
import type { Lookups } from "./lookups.ts";
import type { Condition, EventSpec, Mapping, SourceSpec, TableSpec, TimeSpec, ValueSpec } from "./schema.ts";
import type { CompiledEvent, CompiledTable, CompiledValue } from "./table.ts";
import { timeReader } from "./times.ts";
import { valueReader } from "./values.ts";

/** What a TypeScript mapping may do with a row before it is mapped: change it, or leave it out by `null`. */
export type RowFunctions = Readonly<Record<string, (cells: Cells) => Cells | null>>;

/** Where in a mapping something is wrong: `tables.devices.events.0.data.model`. */
export type MappingIssue = { readonly path: readonly PropertyKey[]; readonly message: string };

export type Compiled = { readonly tables: readonly CompiledTable[]; readonly issues: readonly MappingIssue[] };

/** Makes of each table what maps its rows. All that is wrong is told at once. */
export function compileMapping(mapping: Mapping, lookups: Lookups, rows: RowFunctions = {}): Compiled {
  const issues: MappingIssue[] = [];
  const tables = Object.entries(mapping.tables).map(([name, spec]) => {
    const report = (path: readonly PropertyKey[], message: string) => {
      issues.push({ path: ["tables", name, ...path], message });
    };
    return compileTable({ name, spec, mapping, lookups, change: rows[name], report });
  });
  for (const name of Object.keys(rows))
    if (!Object.hasOwn(mapping.tables, name))
      issues.push({ path: ["rows", name], message: `there is no table ${name}` });
  return { tables, issues };
}

type Report = (path: readonly PropertyKey[], message: string) => void;

type TableInput = {
  readonly name: string;
  readonly spec: TableSpec;
  readonly mapping: Mapping;
  readonly lookups: Lookups;
  readonly change: CompiledTable["change"];
  readonly report: Report;
};

function compileTable({ name, spec, mapping, lookups, change, report }: TableInput): CompiledTable {
  const zone = mapping.zone;
  const sources = sourcesOf(spec.source);
  const taken = new Set<string>();
  const events = spec.events.map((event, i): CompiledEvent => {
    const at: Report = (path, message) => report(["events", i, ...path], message);
    const topics = topicsOf(event, sources, at);
    for (const topic of topics.values()) {
      const id = `${topic} ${event.name ?? ""}`;
      if (taken.has(id)) at(["topic"], `${topic} is made twice of a row: give one of the events a \`name\``);
      taken.add(id);
    }
    const timed = event.time ?? spec.time;
    return {
      topics,
      contractVersion: event.contractVersion,
      name: event.name ?? "",
      when: conditions(event.when),
      timeColumn: typeof timed === "string" ? timed : timed.column,
      time: timeOf(timed, zone, (message) =>
        event.time === undefined ? report(["time"], message) : at(["time"], message),
      ),
      data: compileData(event, topics, { lookups, zone, at }),
    };
  });
  return {
    name,
    revision: mapping.revision,
    key: [spec.key].flat(),
    device: spec.device,
    columns: change ? [] : columnsOf(spec),
    source: sourceReader(spec.source),
    when: conditions(spec.when),
    events,
    topic: events[0]?.topics.values().next().value ?? "",
    change,
  };
}

/** Every column that a table names. */
function columnsOf({ key, device, source, time, when = {}, events }: TableSpec): string[] {
  const named = (spec: string | { readonly column?: string | undefined }) =>
    typeof spec === "string" ? spec : spec.column;
  const values = events.flatMap(({ data }) => Object.values(data));
  const columns = [
    ...[key, device, named(time)].flat(),
    ...(typeof source === "string" ? [] : [source.column]),
    ...[when, ...events.map((event) => event.when ?? {})].flatMap((each) => Object.keys(each)),
    ...events.flatMap((event) => (event.time === undefined ? [] : named(event.time))),
    ...values.map((value) => (typeof value === "object" && value.lookup !== undefined ? value.by : named(value))),
  ];
  return [...new Set(columns)].filter((column) => column !== undefined);
}

function sourcesOf(spec: SourceSpec): readonly Source[] {
  if (typeof spec === "string") return [spec];
  return spec.values ? [...new Set(Object.values(spec.values))] : SOURCES;
}

function sourceReader(spec: SourceSpec): CompiledTable["source"] {
  if (typeof spec === "string") return () => spec;
  const { column, values } = spec;
  return ({ cells }) => {
    const text = String(cellOf(cells, column) ?? "");
    const source = values ? (Object.hasOwn(values, text) ? values[text] : undefined) : text.toLowerCase();
    const known = SOURCES.find((each) => each === source);
    return (
      known ?? new Fault("unknown_source", `${column} names no source of ours: add the value to \`source.values\``)
    );
  };
}

/** The topic of each source that the table can have. */
function topicsOf({ topic }: EventSpec, sources: readonly Source[], at: Report): ReadonlyMap<Source, string> {
  const topics = new Map<Source, string>();
  for (const given of [topic].flat()) {
    const meant = given.includes("{source}") ? sources.map((source) => given.replace("{source}", source)) : [given];
    for (const name of meant) {
      const source = parseTopic(name)?.source;
      if (!CONTRACTS.some((contract) => contract.topic === name) || source === undefined)
        at(["topic"], unknownTopic(name));
      else if (!sources.includes(source)) at(["topic"], `${name}: no row of this table is of source ${source}`);
      else if (topics.has(source)) at(["topic"], `there are two topics of source ${source}`);
      else topics.set(source, name);
    }
  }
  return topics;
}

function unknownTopic(name: string): string {
  const topics = CONTRACTS.map(({ topic }) => topic);
  const similar =
    nearest(name, topics) ?? topics.find((topic) => topic.startsWith(name.split(".").slice(0, 3).join(".")));
  const hint = similar === undefined ? "`concord guide contracts` lists all" : `did you mean ${similar}?`;
  return `there is no topic ${name}; ${hint}. Sources with different topics are given as a list`;
}

type DataInput = { readonly lookups: Lookups; readonly zone: string | undefined; readonly at: Report };

function compileData(
  event: EventSpec,
  topics: CompiledEvent["topics"],
  { lookups, zone, at }: DataInput,
): CompiledValue[] {
  const version = event.contractVersion;
  const schemas = [...topics.values()].map((topic) => {
    const unread = version === undefined ? undefined : whyNotRead(topic, version);
    if (unread !== undefined) at(["contractVersion"], unread);
    return { topic, fields: fieldsOf(topic, version) };
  });
  for (const { topic, fields } of schemas) reportMissing(topic, fields, event.data, at);
  return Object.entries(event.data).map(([path, given]) => {
    const spec: ValueSpec = typeof given === "string" ? { column: given } : given;
    const [schema] = schemas.map(({ topic, fields }) => {
      const field = fields.get(path);
      if (!field) at(["data", path], unknownMember(topic, path, [...fields.keys()]));
      return field?.schema;
    });
    const read = orReport(
      () => valueReader(zone === undefined || spec.zone !== undefined ? spec : { ...spec, zone }, schema, lookups),
      (message) => at(["data", path], message),
    );
    return { path: path.split("."), read: read ?? (() => null), column: spec.column, default: spec.default };
  });
}

type Fields = ReadonlyMap<string, { readonly required: boolean; readonly schema: JsonSchema }>;

/** @returns what is wrong with a version, if Concord does not read it */
function whyNotRead(topic: string, version: number): string | undefined {
  const { version: current = 0, earlier = [] } = CONTRACTS.find((each) => each.topic === topic) ?? {};
  const first = current - earlier.length;
  if (version >= first && version <= current) return undefined;
  const known = first === current ? `version ${current}` : `versions ${first} to ${current}`;
  return `${topic} is read in ${known}, and not in version ${version}`;
}

/** The members of a topic's data by path, without those inside of lists. @param version the current one if absent */
function fieldsOf(topic: string, version: number | undefined): Fields {
  const contract = CONTRACTS.find((each) => each.topic === topic);
  // A compatible version has no schema of its own: its data fits that of the next.
  const schema =
    contract?.earlier.find((each) => version !== undefined && each.version >= version && each.data)?.data ??
    contract?.data;
  const data = schema && toJsonSchema({ value: schema });
  const fields = data ? listFields(data) : [];
  return new Map(fields.filter(({ path }) => !path.includes("[]")).map(({ path, ...field }) => [path, field]));
}

/** A member that every event needs and no row can give. */
function reportMissing(topic: string, fields: Fields, data: EventSpec["data"], at: Report): void {
  const given = Object.keys(data);
  for (const [path, { required }] of fields) {
    const parent = path.split(".").slice(0, -1).join(".");
    const isAround = parent === "" || given.some((each) => each.startsWith(`${parent}.`));
    const isGiven = given.some((each) => each === path || each === parent || each.startsWith(`${path}.`));
    if (required && isAround && !isGiven) at(["data"], `${topic} needs ${path}`);
  }
}

function unknownMember(topic: string, path: string, known: readonly string[]): string {
  const similar = nearest(path, known);
  return `${topic} has no ${path}; ${similar === undefined ? `it has ${known.join(", ")}` : `did you mean ${similar}?`}`;
}

function timeOf(
  given: string | TimeSpec,
  zone: string | undefined,
  report: (message: string) => void,
): (row: Row) => string | Fault {
  const spec: TimeSpec = typeof given === "string" ? { column: given } : given;
  const { column } = spec;
  const read = orReport(() => timeReader({ ...spec, zone: spec.zone ?? zone }), report);
  return ({ cells }) => {
    const cell = cellOf(cells, column);
    if (cell === null) return new Fault("bad_time", `${column} is null`);
    const result = read?.(cell);
    return result?.ok ? result.time : new Fault("bad_time", `${column} ${result?.problem}`);
  };
}

/** What a RangeError says about a spec is an issue of the mapping. */
function orReport<T>(make: () => T, report: (message: string) => void): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    report(error.message);
    return undefined;
  }
}

function conditions(when: Readonly<Record<string, Condition>> = {}): (row: Row) => boolean {
  const all = Object.entries(when).map(([column, condition]) => conditionOn(column, condition));
  return ({ cells }) => all.every((holds) => holds(cells));
}

function conditionOn(column: string, condition: Condition): (cells: Cells) => boolean {
  const { isNull, nullIf = [] } = condition;
  const some = condition.in && new Set(condition.in.map(String));
  const none = condition.notIn && new Set(condition.notIn.map(String));
  return (cells) => {
    const given: Cell = cellOf(cells, column);
    const cell = typeof given === "string" && nullIf.includes(given) ? null : given;
    if (isNull !== undefined && (cell === null) !== isNull) return false;
    if (some && (cell === null || !some.has(String(cell)))) return false;
    return !(none && cell !== null && none.has(String(cell)));
  };
}
