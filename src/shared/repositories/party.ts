import { and, type Column, type SQL, sql } from "drizzle-orm";
import * as z from "zod";
import type { Scope } from "#auth/scope.ts";
import { type Source, sourceOf } from "#domain/event.ts";
import { findRegister, type PartyKey, type Registers, SEPARATE } from "#domain/party.ts";
import { compareRegisters } from "#domain/register.ts";
import { compareText, type Version } from "#domain/version.ts";
import { inRange, Keyset, prefixRange } from "./keyset.ts";
import { type Cursor, type Page, type PageRequest, toPage } from "./page.ts";
import { registerRank } from "./registers.ts";
import { Repository } from "./repository.ts";
import type { ReadHandle, TableReader } from "./table-reader.ts";
import type { customers, dealers, RecordSource } from "./tables.ts";

/** A dealer or a customer as readers see it. */
export type Sourced<T> = T & {
  /** The source of this record; `null` for records from before sources were stored. */
  readonly source: Source | null;
  /** `{register}:{id}`: the same id in another register is another dealer or customer. */
  readonly recordKey: string;
};

/** Absent and null are no condition. */
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

type ValueOf<T extends PartyTable> = T["$inferSelect"]["value"];

/**
 * Dealers or customers. Each source has a record of its own, so that no source changes another's. Readers see, within a
 * register, the newest record, and of equal ones that of the source whose name is first; of an id in several registers, the record in the first of them. That is what `findAll`,
 * `list` and `countAll` return; the methods of the base return the records themselves, by id and source.
 */
export abstract class PartyRepository<T extends PartyTable> extends Repository<T> {
  protected readonly registers: Registers;
  readonly #keyset: ReturnType<typeof byName>;

  constructor(handle: ReadHandle, keyset: ReturnType<typeof byName>, registers: Registers = SEPARATE) {
    super(handle);
    this.#keyset = keyset;
    this.registers = registers;
  }

  /** For lists: a SELECT that finds a dealer's records directly, one for each id; `undefined` to walk the whole list. */
  protected abstract partiesOf(scope: Scope): SQL | undefined;

  /** The two tables differ in the type of their value, and in their names. */
  get #table(): typeof dealers {
    return this.rows.table as typeof dealers;
  }

  get #reader(): TableReader<typeof dealers> {
    return this.unscoped as unknown as TableReader<typeof dealers>;
  }

  /** By id, each from the first register that has it; in no particular order. Those that do not exist or are out of scope are left out. */
  async findAll(scope: Scope, ids: readonly string[]): Promise<Sourced<ValueOf<T>>[]> {
    const rows = await this.#read(ids, { on: sql`${this.#table.id} = ids.value`, scope });
    return [...this.#firstOf(rows).values()].map((row) => this.#withSource(row));
  }

  /** Each from the register of its source, by `{source}:{id}`. */
  async findRecords(scope: Scope, keys: readonly PartyKey[]): Promise<Map<string, Sourced<ValueOf<T>>>> {
    const pairs = keys.map((key) => [partyId(key), sourceOf(key as never)]);
    const [theirs, asked] = [this.#table.source, sql`ids.value ->> 1`].map((source) =>
      registerRank(this.registers, source),
    );
    const rows = await this.#read(pairs, {
      on: sql`${this.#table.id} = ids.value ->> 0 AND ${theirs} = ${asked}`,
      scope,
    });
    return new Map(
      keys.flatMap((key) => {
        const register = findRegister(this.registers, sourceOf(key as never));
        const candidates = rows.filter(
          ({ id, source }) => id === partyId(key) && register.some((each) => each === source),
        );
        const first = this.#firstOf(candidates).get(partyId(key));
        return first ? [[key, this.#withSource(first)] as const] : [];
      }),
    );
  }

  /** A page of the parties that match, by name. @param page with cursors of the list: `DealerCursor`, `CustomerCursor` */
  async list(scope: Scope, page: PageRequest, filter: PartyFilter = {}): Promise<Page<Sourced<ValueOf<T>>>> {
    const slice = { page, keyset: this.#keyset, ranges: [nameRange(filter)] };
    const rows = await this.#reader.findSlice(
      { select: COLUMNS, where: this.#isRead(scope) },
      slice,
      this.partiesOf(scope),
    );
    return toPage(rows as unknown as Row<ValueOf<T>>[], page, {
      cursor: (row): Cursor => this.#keyset.toCursor(row),
      node: (row) => this.#withSource(row),
    });
  }

  /** How many there are, or `null` when there are more than `MAX_COUNT`. */
  countAll(scope: Scope, filter: PartyFilter = {}): Promise<number | null> {
    return this.#reader.count(
      and(this.#isRead(scope), inRange(this.#table.name, nameRange(filter))),
      this.partiesOf(scope),
    );
  }

  async #read(ids: readonly unknown[], { on, scope }: { on: SQL; scope: Scope }): Promise<Row<ValueOf<T>>[]> {
    const rows = await this.#reader.findManyById(ids, { select: COLUMNS, on, where: this.rows.visibleTo(scope) });
    return rows as unknown as Row<ValueOf<T>>[];
  }

  /** True for the record of an id that readers see. Not needed with `partiesOf`, which has only those. */
  #isRead(scope: Scope): SQL | undefined {
    if (this.partiesOf(scope)) return undefined;
    const { id, source, version, value } = this.#table;
    const other = (column: Column) => sql`other.${sql.identifier(column.name)}`;
    const [mine, theirs] = [registerRank(this.registers, source), registerRank(this.registers, other(source))];
    return sql`NOT EXISTS (SELECT 1 FROM ${this.#table} AS other WHERE ${other(id)} = ${id} AND ${other(source)} <> ${source}
      AND (${theirs} < ${mine} OR (${theirs} = ${mine} AND ((${other(version)}, ${other(value)}) > (${version}, ${value})
        OR (${other(version)}, ${other(value)}) = (${version}, ${value}) AND ${other(source)} < ${source}))))`;
  }

  #firstOf(rows: readonly Row<ValueOf<T>>[]): Map<string, Row<ValueOf<T>>> {
    const rank = ({ source }: Row<ValueOf<T>>) => {
      const found = this.registers.findIndex((register) => register.some((each) => each === source));
      return found < 0 ? this.registers.length : found;
    };
    const first = new Map<string, Row<ValueOf<T>>>();
    for (const row of rows) {
      const known = first.get(row.id);
      const order = known
        ? rank(row) - rank(known) || compareRegisters(known, row) || compareText(row.source, known.source)
        : -1;
      if (order < 0) first.set(row.id, row);
    }
    return first;
  }

  #withSource({ id, source, value }: Row<ValueOf<T>>): Sourced<ValueOf<T>> {
    const [register] = source === "" ? [""] : findRegister(this.registers, source);
    return { ...value, source: source === "" ? null : source, recordKey: `${register}:${id}` };
  }
}

const partyId = (key: PartyKey): string => key.slice(key.indexOf(":") + 1);

const nameRange = ({ namePrefix }: PartyFilter) => (namePrefix ? prefixRange(namePrefix) : {});
