import { sql } from "drizzle-orm";
import type { Scope } from "../auth/scope.ts";
import type { Dealer } from "../domain/change.ts";
import { ofOwnDealer, type ReadHandle, Repository } from "./repository.ts";
import { dealers } from "./tables.ts";

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
}
