import { and, type Column, type SQL, sql } from "drizzle-orm";
import * as z from "zod";
import type { Scope } from "../auth/scope.ts";
import { type Source, sourceOf } from "../domain/event.ts";
import { type PartyKey, type Registers, registerOf, SEPARATE } from "../domain/party.ts";
import { compareRegisters } from "../domain/register.ts";
import type { Version } from "../domain/version.ts";
import { Keyset, startingWith, within } from "./keyset.ts";
import { type Cursor, type Page, type PageRequest, pageOf } from "./page.ts";
import { type ReadHandle, Repository } from "./repository.ts";
import type { customers, dealers, RecordSource } from "./tables.ts";

/** What one reads of a dealer or a customer. */
export type Sourced<T> = T & {
  /** Whose words these are; `null` where it is not known. */
  readonly source: Source | null;
  /** Tells the register and the id: another register's of the same id is another thing. */
  readonly recordKey: string;
};

/** Absent and null ask for nothing. */
export type PartyFilter = {
  /** Case matters. */
  readonly namePrefix?: string | null | undefined;
};

type PartyTable = typeof dealers | typeof customers;
type Row<T> = {
  readonly id: string;
  readonly source: RecordSource;
  readonly version: Version;
  readonly name: string;
  readonly value: T;
};

const COLUMNS = ["id", "source", "version", "name", "value"] as const;

/** Parties are listed by name. */
export const byName = (table: PartyTable, list: string) =>
  new Keyset(table, list, { name: z.string().max(200), id: z.string().max(64) }, "ascending");

/**
 * Dealers or customers. What is kept of them is kept a source, so that no source changes what another said, and joined
 * for reading: within a register, what was said last; of an id that several registers know, what the first of them says.
 */
export abstract class PartyRepository<T extends object> extends Repository<typeof dealers> {
  protected readonly registers: Registers;
  readonly #table: typeof dealers;
  readonly #keyset: ReturnType<typeof byName>;

  constructor(
    handle: ReadHandle,
    {
      table,
      keyset,
      registers = SEPARATE,
    }: { table: PartyTable; keyset: ReturnType<typeof byName>; registers: Registers | undefined },
  ) {
    // The two differ in the type of their value, which is T, and in their names.
    super(handle, table as typeof dealers);
    this.#table = table as typeof dealers;
    this.#keyset = keyset;
    this.registers = registers;
  }

  /** Which records a scope may see; no condition for all of them. */
  protected abstract visibleTo(scope: Scope): SQL | undefined;
  /** The same for lists, where a few lead to them: of each id the record that is read. */
  protected abstract listedFor(scope: Scope): SQL | undefined;

  /** By id, as the first register has each; in no order. What the scope may not see is left out, as is what does not exist. */
  async findAll(scope: Scope, ids: readonly string[]): Promise<Sourced<T>[]> {
    const rows = await this.#read(ids, { on: sql`${this.#table.id} = ids.value`, scope });
    return [...this.#firstOf(rows).values()].map((row) => this.#withSource(row));
  }

  /** As the register of a source has each, by `{source}:{id}`. */
  async findRecords(scope: Scope, keys: readonly PartyKey[]): Promise<Map<string, Sourced<T>>> {
    const pairs = keys.map((key) => [idOf(key), sourceOf(key as never)]);
    const [theirs, asked] = [this.#table.source, sql`ids.value ->> 1`].map((source) => rankOf(this.registers, source));
    const rows = await this.#read(pairs, {
      on: sql`${this.#table.id} = ids.value ->> 0 AND ${theirs} = ${asked}`,
      scope,
    });
    return new Map(
      keys.flatMap((key) => {
        const register = registerOf(this.registers, sourceOf(key as never));
        const said = rows.filter(({ id, source }) => id === idOf(key) && register.some((each) => each === source));
        const first = this.#firstOf(said).get(idOf(key));
        return first ? [[key, this.#withSource(first)] as const] : [];
      }),
    );
  }

  async findPage(scope: Scope, page: PageRequest, filter: PartyFilter = {}): Promise<Page<Sourced<T>>> {
    const slice = { page, keyset: this.#keyset, stretch: stretchOf(filter) };
    const rows = await this.findSlice({ select: COLUMNS, where: this.#isRead(scope) }, slice, this.listedFor(scope));
    return pageOf(rows as unknown as Row<T>[], page, {
      cursor: (row): Cursor => this.#keyset.cursorOf(row),
      node: (row) => this.#withSource(row),
    });
  }

  /** How many there are, or `null` when there are more than `MAX_COUNT`. */
  countAll(scope: Scope, filter: PartyFilter = {}): Promise<number | null> {
    return this.count(and(this.#isRead(scope), within(this.#table.name, stretchOf(filter))), this.listedFor(scope));
  }

  async #read(ids: readonly unknown[], { on, scope }: { on: SQL; scope: Scope }): Promise<Row<T>[]> {
    const rows = await this.findManyById(ids, { select: COLUMNS, on, where: this.visibleTo(scope) });
    return rows as unknown as Row<T>[];
  }

  /** Whether nothing else of the same id is read before it; a list that others lead to has seen to that. */
  #isRead(scope: Scope): SQL | undefined {
    if (this.listedFor(scope)) return undefined;
    const { id, source, version, value } = this.#table;
    const other = (column: Column) => sql`other.${sql.identifier(column.name)}`;
    const [mine, theirs] = [rankOf(this.registers, source), rankOf(this.registers, other(source))];
    return sql`NOT EXISTS (SELECT 1 FROM ${this.#table} AS other WHERE ${other(id)} = ${id} AND ${other(source)} <> ${source}
      AND (${theirs} < ${mine} OR (${theirs} = ${mine} AND (${other(version)}, ${other(value)}) > (${version}, ${value}))))`;
  }

  #firstOf(rows: readonly Row<T>[]): Map<string, Row<T>> {
    const rank = ({ source }: Row<T>) => {
      const found = this.registers.findIndex((register) => register.some((each) => each === source));
      return found < 0 ? this.registers.length : found;
    };
    const first = new Map<string, Row<T>>();
    for (const row of rows) {
      const known = first.get(row.id);
      const order = known ? rank(row) - rank(known) || compareRegisters(known, row) : -1;
      if (order < 0) first.set(row.id, row);
    }
    return first;
  }

  #withSource({ id, source, value }: Row<T>): Sourced<T> {
    const [register] = source === "" ? [""] : registerOf(this.registers, source);
    return { ...value, source: source === "" ? null : source, recordKey: `${register}:${id}` };
  }
}

/** The place of a source's register among all, as SQL. */
export function rankOf(registers: Registers, source: Column | SQL): SQL {
  const cases = registers.flatMap((register, rank) =>
    register.map((name) => sql`WHEN ${name} THEN ${sql.raw(String(rank))}`),
  );
  return sql`CASE ${source} ${sql.join(cases, sql` `)} ELSE ${sql.raw(String(registers.length))} END`;
}

/** The source of a device's key, as SQL. */
export const sourceOfKey = (key: Column | SQL): SQL => sql`substr(${key}, 1, instr(${key}, ':') - 1)`;

const idOf = (key: PartyKey): string => key.slice(key.indexOf(":") + 1);

const stretchOf = ({ namePrefix }: PartyFilter) => (namePrefix ? startingWith(namePrefix) : {});
