import { type SQL, sql } from "drizzle-orm";
import type { Scope } from "#auth/scope.ts";
import type { Customer } from "#domain/change.ts";
import type { Registers } from "#domain/party.ts";
import { byName, type PartyFilter, PartyRepository, type Sourced } from "./party.ts";
import { keySource, registerRank } from "./registers.ts";
import { isOwnDealer, keysetOf } from "./scoped-table.ts";
import type { ReadHandle } from "./table-reader.ts";
import { customers, devices } from "./tables.ts";
import { CUSTOMER_RELATIONS, CUSTOMERS, customersIn } from "./visibility.ts";

/** A customer as it was read, with its source. */
export type FoundCustomer = Sourced<Customer>;
/** Conditions on customers. */
export type CustomerFilter = PartyFilter;

const BY_NAME = byName(customers, "CUSTOMERS");
/** The schema of cursors in lists of customers. */
export const CustomerCursor = BY_NAME.cursor;

const ORDERS = { NAME: keysetOf(CUSTOMERS, "CUSTOMER_RECORDS", ["name"]) };

/**
 * Customers, by source, as their newest events have them. A dealer sees a customer's record in those registers in which
 * the customer has one of the dealer's devices.
 */
export class CustomerRepository extends PartyRepository<typeof customers> {
  readonly rows: typeof CUSTOMERS;
  readonly orders = ORDERS;
  readonly relations = CUSTOMER_RELATIONS;

  constructor(handle: ReadHandle, registers?: Registers) {
    super(handle, BY_NAME, registers);
    this.rows = customersIn(this.registers);
  }

  /** Finds a dealer's customers by its devices: walking all customers by name would read those of other dealers too. */
  protected override partiesOf = (scope: Scope): SQL | undefined => {
    const own = isOwnDealer(scope, devices.dealerId);
    const register = registerRank(this.registers, keySource(devices.key));
    return (
      own &&
      sql`SELECT * FROM (SELECT ${customers}.*, row_number() OVER (PARTITION BY ${customers.id}
          ORDER BY own.register, ${customers.version} DESC, ${customers.value} DESC, ${customers.source}) AS place
        FROM (SELECT DISTINCT ${devices.customerId} AS id, ${register} AS register FROM ${devices} WHERE ${own}) AS own
        CROSS JOIN ${customers} ON ${customers.id} = own.id
          AND ${registerRank(this.registers, customers.source)} = own.register) WHERE place = 1`
    );
  };
}
