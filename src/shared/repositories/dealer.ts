import { type SQL, sql } from "drizzle-orm";
import * as z from "zod";
import type { Scope } from "../auth/scope.ts";
import type { Dealer } from "../domain/change.ts";
import { Keyset, startingWith, within } from "./keyset.ts";
import { type Cursor, type Page, type PageRequest, pageOf } from "./page.ts";
import { eachOf, ofOwnDealer, type ReadHandle, Repository } from "./repository.ts";
import { dealers } from "./tables.ts";

/** Absent and null ask for nothing. */
export type DealerFilter = {
  /** Case matters. */
  readonly namePrefix?: string | null | undefined;
};

/** Dealers are listed by name. */
const BY_NAME = new Keyset(
  dealers,
  "DEALERS",
  { name: z.string().max(200), dealerId: z.string().max(64) },
  "ascending",
);

export const DealerCursor = BY_NAME.cursor;

const COLUMNS = ["dealerId", "name", "value"] as const;
type DealerRow = Pick<typeof dealers.$inferSelect, (typeof COLUMNS)[number]>;

/** Dealers as the last event that named them did. A dealer sees itself and no other. */
export class DealerRepository extends Repository<typeof dealers> {
  constructor(handle: ReadHandle) {
    super(handle, dealers);
  }

  /** In no order; what the scope may not see is left out, as is what does not exist. */
  async findAll(scope: Scope, dealerIds: readonly string[]): Promise<Dealer[]> {
    const rows = await this.findManyById(dealerIds, {
      select: ["value"],
      on: sql`${dealers.dealerId} = ids.value`,
      where: ofOwnDealer(scope, dealers.dealerId),
    });
    return rows.map(({ value }) => value);
  }

  async findPage(scope: Scope, page: PageRequest, filter: DealerFilter = {}): Promise<Page<Dealer>> {
    const slice = { page, keyset: BY_NAME, stretch: stretchOf(filter) };
    const rows = await this.findSlice({ select: COLUMNS }, slice, visibleTo(scope));
    return pageOf(rows, page, DEALER_EDGE);
  }

  /** How many there are, or `null` when there are more than `MAX_COUNT`. */
  countAll(scope: Scope, filter: DealerFilter = {}): Promise<number | null> {
    return this.count(within(dealers.name, stretchOf(filter)), visibleTo(scope));
  }
}

/** A dealer's few are looked up, where walking all by name would read everybody. */
const visibleTo = (scope: Scope): SQL | undefined =>
  scope.role === "dealer"
    ? sql`SELECT ${dealers}.* FROM (SELECT DISTINCT value FROM ${eachOf(scope.dealerIds)}) AS ids
        CROSS JOIN ${dealers} ON ${dealers.dealerId} = ids.value`
    : undefined;

const stretchOf = ({ namePrefix }: DealerFilter) => (namePrefix ? startingWith(namePrefix) : {});

const DEALER_EDGE = {
  cursor: (row: DealerRow): Cursor => BY_NAME.cursorOf(row),
  node: ({ value }: DealerRow): Dealer => value,
};
