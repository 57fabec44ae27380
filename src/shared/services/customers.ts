import type { Scope } from "../auth/scope.ts";
import type { Customer } from "../domain/change.ts";
import { type CustomerFilter, CustomerRepository } from "../repositories/customer.ts";
import type { Page, PageRequest } from "../repositories/page.ts";
import type { ReadHandle } from "../repositories/repository.ts";

/** The customers that one caller may see. */
export class Customers {
  readonly #scope: Scope;
  readonly #customers: CustomerRepository;

  constructor({ scope, session }: { readonly scope: Scope; readonly session: ReadHandle }) {
    this.#scope = scope;
    this.#customers = new CustomerRepository(session);
  }

  /** In no order; what does not exist or is out of scope is left out. */
  find(customerIds: readonly string[]): Promise<Customer[]> {
    return this.#customers.findAll(this.#scope, customerIds);
  }

  list(page: PageRequest, filter: CustomerFilter = {}): Promise<Page<Customer>> {
    return this.#customers.findPage(this.#scope, page, filter);
  }

  /** How many there are, or `null` when they are too many to count. */
  count(filter: CustomerFilter = {}): Promise<number | null> {
    return this.#customers.countAll(this.#scope, filter);
  }
}
