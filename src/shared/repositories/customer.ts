import { exists, type SQL, sql } from "drizzle-orm";
import * as z from "zod";
import type { Scope } from "../auth/scope.ts";
import type { Customer } from "../domain/change.ts";
import { Keyset, startingWith, within } from "./keyset.ts";
import { type Cursor, type Page, type PageRequest, pageOf } from "./page.ts";
import { ofOwnDealer, type ReadHandle, Repository } from "./repository.ts";
import { customers, devices } from "./tables.ts";

/** Absent and null ask for nothing. */
export type CustomerFilter = {
  /** Case matters. */
  readonly namePrefix?: string | null | undefined;
};

/** Customers are listed by name. */
const BY_NAME = new Keyset(
  customers,
  "CUSTOMERS",
  { name: z.string().max(200), customerId: z.string().max(64) },
  "ascending",
);

export const CustomerCursor = BY_NAME.cursor;

const COLUMNS = ["customerId", "name", "value"] as const;
type CustomerRow = Pick<typeof customers.$inferSelect, (typeof COLUMNS)[number]>;

/** Customers as the last event that named them did. A dealer sees those who have a device that is its own now. */
export class CustomerRepository extends Repository<typeof customers> {
  constructor(handle: ReadHandle) {
    super(handle, customers);
  }

  /** In no order; what the scope may not see is left out, as is what does not exist. */
  async findAll(scope: Scope, customerIds: readonly string[]): Promise<Customer[]> {
    const rows = await this.findManyById(customerIds, {
      select: ["value"],
      on: sql`${customers.customerId} = ids.value`,
      where: visibleTo(scope),
    });
    return rows.map(({ value }) => value);
  }

  async findPage(scope: Scope, page: PageRequest, filter: CustomerFilter = {}): Promise<Page<Customer>> {
    const slice = { page, keyset: BY_NAME, stretch: stretchOf(filter) };
    const rows = await this.findSlice({ select: COLUMNS }, slice, devicesFirst(scope));
    return pageOf(rows, page, CUSTOMER_EDGE);
  }

  /** How many there are, or `null` when there are more than `MAX_COUNT`. */
  countAll(scope: Scope, filter: CustomerFilter = {}): Promise<number | null> {
    return this.count(within(customers.name, stretchOf(filter)), devicesFirst(scope));
  }
}

function visibleTo(scope: Scope): SQL | undefined {
  const own = ofOwnDealer(scope, devices.dealerId);
  return (
    own && exists(sql`(SELECT 1 FROM ${devices} WHERE ${devices.customerId} = ${customers.customerId} AND ${own})`)
  );
}

/** The same for a list: a dealer's devices lead to its customers, where walking all by name would read everybody. */
function devicesFirst(scope: Scope): SQL | undefined {
  const own = ofOwnDealer(scope, devices.dealerId);
  return (
    own &&
    sql`SELECT ${customers}.* FROM (SELECT DISTINCT ${devices.customerId} AS id FROM ${devices} WHERE ${own}) AS own
      CROSS JOIN ${customers} ON ${customers.customerId} = own.id`
  );
}

const stretchOf = ({ namePrefix }: CustomerFilter) => (namePrefix ? startingWith(namePrefix) : {});

const CUSTOMER_EDGE = {
  cursor: (row: CustomerRow): Cursor => BY_NAME.cursorOf(row),
  node: ({ value }: CustomerRow): Customer => value,
};
