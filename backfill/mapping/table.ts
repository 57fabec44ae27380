import { hash } from "node:crypto";
import { type Envelope, writeValue } from "#contracts/envelope.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { describeRejection } from "#contracts/parse.ts";
import { VERSION_MEMBER } from "#contracts/versions.ts";
import type { Source } from "#domain/event.ts";
import { parseTime, toMilliseconds } from "#domain/time.ts";
import { findRejection } from "#queue/rejection.ts";
import { cellOf, type ReadRow, type Row } from "../read/row.ts";
import { Fault } from "./fault.ts";

/** An event of a row, or what there is of it. */
export type MadeEvent = {
  readonly topic: string;
  readonly deviceId: string | null;
  /** The record's value, JSON. */
  readonly value: string;
  /** Milliseconds since 1970, if the event has a time. */
  readonly occurredAtMs: number | null;
  /** Why the boundary will make a dead letter of it. */
  readonly fault: Fault | null;
};

export type RowResult =
  /** No condition of the mapping holds for it. */
  { readonly kind: "skipped" } | { readonly kind: "made"; readonly events: readonly MadeEvent[] };

/** A member of an event's data, and how a row gives it. */
export type CompiledValue = {
  readonly path: readonly string[];
  readonly read: (row: Row) => unknown;
  /** The column that gives it; absent for a constant. */
  readonly column: string | undefined;
  /** In place of null. */
  readonly default: unknown;
};

export type CompiledEvent = {
  /** The topic for each source that it is made for. */
  readonly topics: ReadonlyMap<Source, string>;
  /** The version of the contract that its data is in; the current one if absent. */
  readonly contractVersion: number | undefined;
  readonly name: string;
  readonly when: (row: Row) => boolean;
  /** RFC 3339. */
  readonly time: (row: Row) => string | Fault;
  readonly timeColumn: string;
  readonly data: readonly CompiledValue[];
};

export type CompiledTable = {
  readonly name: string;
  readonly revision: number;
  readonly key: readonly string[];
  readonly device: string;
  /** All columns that a file of it must have. */
  readonly columns: readonly string[];
  readonly source: (row: Row) => Source | Fault;
  readonly when: (row: Row) => boolean;
  readonly events: readonly CompiledEvent[];
  /** Where dead letters go of rows that tell no event. */
  readonly topic: string;
  readonly change: ((cells: Row["cells"]) => Row["cells"] | null) | undefined;
};

/**
 * What a row of a file becomes. Every event is checked as the boundary will check it, so that it is known beforehand
 * which of them will be dead letters.
 * @param file its name, for rows that have no key
 */
export function mapRow(table: CompiledTable, given: ReadRow, file: string, nowMs: number): RowResult {
  if (given.kind === "unreadable") return whole(table, given, file, new Fault("unreadable_row", given.problem));
  const row = changed(table, given);
  if (!row || !table.when(row)) return { kind: "skipped" };
  const source = table.source(row);
  if (source instanceof Fault) return whole(table, row, file, source);
  const missing = [...table.key, table.device].find((column) => textAt(row, column) === null);
  if (missing !== undefined) return whole(table, row, file, new Fault("missing_key", `${missing} is null`));
  const events = table.events.flatMap((event) => {
    const topic = event.topics.get(source);
    return topic === undefined || !event.when(row) ? [] : makeEvent(table, event, topic, row, nowMs);
  });
  return events.length === 0 ? { kind: "skipped" } : { kind: "made", events };
}

function changed({ change }: CompiledTable, row: Row): Row | undefined {
  if (!change) return row;
  const cells = change(row.cells);
  return cells === null ? undefined : { ...row, cells };
}

/** A letter with the row itself: its data is missing, so that no contract takes it for an event. */
function whole(table: CompiledTable, row: ReadRow, file: string, fault: Fault): RowResult {
  const eventId = idOf(table, ["row", file, String(row.number)]);
  const content = row.kind === "row" ? row.cells : { text: row.text };
  const value = toJson({ eventId, table: table.name, row: content });
  return { kind: "made", events: [{ topic: table.topic, deviceId: null, value, occurredAtMs: null, fault }] };
}

function makeEvent(table: CompiledTable, event: CompiledEvent, topic: string, row: Row, nowMs: number): MadeEvent {
  const deviceId = textAt(row, table.device) ?? "";
  const time = event.time(row);
  const moment = time instanceof Fault ? undefined : parseTime(time);
  const keys = table.key.map((column) => textAt(row, column) ?? "");
  // Of one moment in two notations, as two unloads may have it, the id is the same.
  const eventId = idOf(table, [topic, event.name, ...keys, moment ?? toJson(cellOf(row.cells, event.timeColumn))]);
  const { data, fault: dataFault } = assemble(event.data, row);
  const occurredAt = time instanceof Fault ? cellOf(row.cells, event.timeColumn) : time;
  const { contractVersion } = event;
  const declared = contractVersion === undefined ? {} : { [VERSION_MEMBER]: contractVersion };
  const envelope = { eventId, occurredAt, deviceId, ...declared, data };
  const made = { topic, deviceId, occurredAtMs: moment === undefined ? null : toMilliseconds(moment) };
  const value = toJson(writeEvent(topic, envelope));
  const rejected = rejectionOf(topic, deviceId, value, nowMs);
  const fault = time instanceof Fault ? time : dataFault;
  if (!fault || rejected) return { ...made, value, fault: fault ?? rejected };
  // The contract takes what the file has in place of the value, whatever that may mean.
  return { ...made, value: toJson({ ...envelope, data: undefined, row: row.cells }), fault };
}

/** The value as the topic's source writes it. */
function writeEvent(topic: string, envelope: object): object {
  const places = CONTRACTS.find((each) => each.topic === topic)?.places;
  return places ? writeValue(envelope as Envelope, places) : envelope;
}

/** What the boundary will say of it. */
function rejectionOf(topic: string, key: string, value: string, nowMs: number): Fault | null {
  const rejection = findRejection({ record: { topic, key, value } }, nowMs);
  return rejection ? new Fault(rejection.reason, describeRejection(rejection)) : null;
}

/**
 * The data of an event. A null is left out. An object within it is there if one of its columns is not null, or if it has
 * no columns: constants and defaults alone do not make a customer.
 */
function assemble(values: readonly CompiledValue[], row: Row): { readonly data: object; readonly fault: Fault | null } {
  const data: Record<string, unknown> = {};
  let fault: Fault | null = null;
  const later: (readonly [path: readonly string[], content: unknown])[] = [];
  const withColumns = new Set<string>();
  for (const { path, read, column, default: fallback } of values) {
    let content = read(row);
    if (content instanceof Fault) {
      fault ??= content;
      content = column === undefined ? null : cellOf(row.cells, column);
    }
    if (column !== undefined) withColumns.add(parentOf(path).join("."));
    if (column !== undefined && content !== null) place(data, path, content);
    else if ((content ?? fallback ?? null) !== null) later.push([path, content ?? fallback]);
  }
  for (const [path, content] of later) {
    const parent = parentOf(path);
    if (parent.length === 0 || !withColumns.has(parent.join(".")) || isThere(data, parent)) place(data, path, content);
  }
  return { data, fault };
}

const parentOf = (path: readonly string[]): readonly string[] => path.slice(0, -1);

function place(data: Record<string, unknown>, path: readonly string[], content: unknown): void {
  let at = data;
  for (const name of parentOf(path)) {
    at[name] ??= {};
    at = at[name] as Record<string, unknown>;
  }
  at[path.at(-1) as string] = content;
}

function isThere(data: Record<string, unknown>, path: readonly string[]): boolean {
  let at: unknown = data;
  for (const name of path) at = (at as Record<string, unknown> | undefined)?.[name];
  return at !== undefined;
}

/**
 * "!" sorts before every letter and digit, and an event's version is its time and then its id: of a live event and one
 * of a backfill with the same time, the live one is newer. A higher revision is newer than a lower one.
 */
const idOf = ({ name, revision }: CompiledTable, parts: readonly string[]): string =>
  `!${String(revision).padStart(2, "0")}${hash("sha256", JSON.stringify([name, ...parts]), "base64url").slice(0, 22)}`;

function textAt({ cells }: Row, column: string): string | null {
  const cell = cellOf(cells, column);
  return cell === null ? null : String(cell);
}

/** JSON has no integers beyond 2^53 that everybody reads: they become text. */
const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, member) => (typeof member === "bigint" ? String(member) : member));
