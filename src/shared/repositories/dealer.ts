import { type SQL, sql } from "drizzle-orm";
import type { Scope } from "#auth/scope.ts";
import type { Dealer } from "#domain/change.ts";
import type { Registers } from "#domain/party.ts";
import { jsonEach } from "./one-of.ts";
import { byName, type PartyFilter, PartyRepository, type Sourced } from "./party.ts";
import { registerRank } from "./registers.ts";
import { keysetOf } from "./scoped-table.ts";
import type { ReadHandle } from "./table-reader.ts";
import { dealers } from "./tables.ts";
import { DEALER_RELATIONS, DEALERS } from "./visibility.ts";

/** A dealer as it was read, with its source. */
export type FoundDealer = Sourced<Dealer>;
/** Conditions on dealers. */
export type DealerFilter = PartyFilter;

const BY_NAME = byName(dealers, "DEALERS");
/** The schema of cursors in lists of dealers. */
export const DealerCursor = BY_NAME.cursor;

const ORDERS = { NAME: keysetOf(DEALERS, "DEALER_RECORDS", ["name"]) };

/** Dealers, by source, as their newest events have them. A dealer sees only itself. */
export class DealerRepository extends PartyRepository<typeof dealers> {
  readonly rows = DEALERS;
  readonly orders = ORDERS;
  readonly relations = DEALER_RELATIONS;

  constructor(handle: ReadHandle, registers?: Registers) {
    super(handle, BY_NAME, registers);
  }

  /** Looks up a dealer's own ids: walking all dealers by name would read the others too. */
  protected override partiesOf = (scope: Scope): SQL | undefined =>
    scope.role === "dealer"
      ? sql`SELECT * FROM (SELECT ${dealers}.*, row_number() OVER (PARTITION BY ${dealers.id}
            ORDER BY ${registerRank(this.registers, dealers.source)}, ${dealers.version} DESC, ${dealers.value} DESC, ${dealers.source}) AS place
          FROM (SELECT DISTINCT value FROM ${jsonEach(scope.dealerIds)}) AS ids
          CROSS JOIN ${dealers} ON ${dealers.id} = ids.value) WHERE place = 1`
      : undefined;
}
