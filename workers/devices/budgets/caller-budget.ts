import { DurableObject } from "cloudflare:workers";
import { Allowance, type BudgetObject, type Lease } from "#objects/budget.ts";

/**
 * One caller's budget of the current minute. It is in memory only: an object is not evicted within a minute of its last
 * request, and one that is reset or deployed begins the minute again, which costs less than a stored row a lease.
 */
export class CallerBudget extends DurableObject implements BudgetObject {
  readonly #allowance = new Allowance();

  async lease(wanted: number, limit: number): Promise<Lease> {
    return this.#allowance.lease(wanted, limit, Date.now());
  }
}
