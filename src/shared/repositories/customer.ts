import { exists, type SQL, sql } from "drizzle-orm";
import type { Scope } from "../auth/scope.ts";
import type { Customer } from "../domain/change.ts";
import { ofOwnDealer, type ReadHandle, Repository } from "./repository.ts";
import { customers, devices } from "./tables.ts";

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
}

function visibleTo(scope: Scope): SQL | undefined {
  const own = ofOwnDealer(scope, devices.dealerId);
  return (
    own && exists(sql`(SELECT 1 FROM ${devices} WHERE ${devices.customerId} = ${customers.customerId} AND ${own})`)
  );
}
