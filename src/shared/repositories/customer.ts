import { exists, type SQL, sql } from "drizzle-orm";
import type { Scope } from "../auth/scope.ts";
import type { Customer } from "../domain/change.ts";
import type { Registers } from "../domain/party.ts";
import { byName, type PartyFilter, PartyRepository, rankOf, type Sourced, sourceOfKey } from "./party.ts";
import { ofOwnDealer, type ReadHandle } from "./repository.ts";
import { customers, devices } from "./tables.ts";

export type FoundCustomer = Sourced<Customer>;
export type CustomerFilter = PartyFilter;

const BY_NAME = byName(customers, "CUSTOMERS");
export const CustomerCursor = BY_NAME.cursor;

/**
 * Customers as the last event of each source that named them did. A dealer sees of a customer what those registers say
 * that have a device of both: a source that gives a device of its own to a customer shows its dealer its own words.
 */
export class CustomerRepository extends PartyRepository<Customer> {
  constructor(handle: ReadHandle, registers?: Registers) {
    super(handle, { table: customers, keyset: BY_NAME, registers });
  }

  protected override visibleTo = (scope: Scope): SQL | undefined => {
    const own = ofOwnDealer(scope, devices.dealerId);
    return (
      own &&
      exists(sql`(SELECT 1 FROM ${devices} WHERE ${devices.customerId} = ${customers.id} AND ${own}
        AND ${this.#deviceRank} = ${rankOf(this.registers, customers.source)})`)
    );
  };

  /** A dealer's devices lead to its customers, where walking all by name would read everybody. */
  protected override listedFor = (scope: Scope): SQL | undefined => {
    const own = ofOwnDealer(scope, devices.dealerId);
    return (
      own &&
      sql`SELECT * FROM (SELECT ${customers}.*, row_number() OVER (PARTITION BY ${customers.id}
          ORDER BY own.register, ${customers.version} DESC, ${customers.value} DESC) AS place
        FROM (SELECT DISTINCT ${devices.customerId} AS id, ${this.#deviceRank} AS register
          FROM ${devices} WHERE ${own}) AS own
        CROSS JOIN ${customers} ON ${customers.id} = own.id
          AND ${rankOf(this.registers, customers.source)} = own.register) WHERE place = 1`
    );
  };

  get #deviceRank(): SQL {
    return rankOf(this.registers, sourceOfKey(devices.key));
  }
}
