import { type SQL, sql } from "drizzle-orm";
import type { Scope } from "../auth/scope.ts";
import type { Dealer } from "../domain/change.ts";
import type { Registers } from "../domain/party.ts";
import { byName, type PartyFilter, PartyRepository, rankOf, type Sourced } from "./party.ts";
import { eachOf, ofOwnDealer, type ReadHandle } from "./repository.ts";
import { dealers } from "./tables.ts";

export type FoundDealer = Sourced<Dealer>;
export type DealerFilter = PartyFilter;

const BY_NAME = byName(dealers, "DEALERS");
export const DealerCursor = BY_NAME.cursor;

/** Dealers as the last event of each source that named them did. A dealer sees itself and no other. */
export class DealerRepository extends PartyRepository<Dealer> {
  constructor(handle: ReadHandle, registers?: Registers) {
    super(handle, { table: dealers, keyset: BY_NAME, registers });
  }

  protected override visibleTo = (scope: Scope): SQL | undefined => ofOwnDealer(scope, dealers.id);

  /** A dealer's few are looked up, where walking all by name would read everybody. */
  protected override listedFor = (scope: Scope): SQL | undefined =>
    scope.role === "dealer"
      ? sql`SELECT * FROM (SELECT ${dealers}.*, row_number() OVER (PARTITION BY ${dealers.id}
            ORDER BY ${rankOf(this.registers, dealers.source)}, ${dealers.version} DESC, ${dealers.value} DESC) AS place
          FROM (SELECT DISTINCT value FROM ${eachOf(scope.dealerIds)}) AS ids
          CROSS JOIN ${dealers} ON ${dealers.id} = ids.value) WHERE place = 1`
      : undefined;
}
