import type { Scope } from "../auth/scope.ts";
import type { PartyKey, Registers } from "../domain/party.ts";
import { type CustomerFilter, CustomerRepository, type FoundCustomer } from "../repositories/customer.ts";
import type { Page, PageRequest } from "../repositories/page.ts";
import type { ReadHandle } from "../repositories/repository.ts";

/** The customers that one caller may see. */
export class Customers {
  readonly #scope: Scope;
  readonly #customers: CustomerRepository;

  constructor({
    scope,
    session,
    registers,
  }: { readonly scope: Scope; readonly session: ReadHandle; readonly registers?: Registers | undefined }) {
    this.#scope = scope;
    this.#customers = new CustomerRepository(session, registers);
  }

  /** As the first register has each; in no order. What does not exist or is out of scope is left out. */
  find(customerIds: readonly string[]): Promise<FoundCustomer[]> {
    return this.#customers.findAll(this.#scope, customerIds);
  }

  /** As the register of a source has each, by `{source}:{customerId}`. */
  findRecords(keys: readonly PartyKey[]): Promise<Map<string, FoundCustomer>> {
    return this.#customers.findRecords(this.#scope, keys);
  }

  list(page: PageRequest, filter: CustomerFilter = {}): Promise<Page<FoundCustomer>> {
    return this.#customers.findPage(this.#scope, page, filter);
  }

  /** How many there are, or `null` when they are too many to count. */
  count(filter: CustomerFilter = {}): Promise<number | null> {
    return this.#customers.countAll(this.#scope, filter);
  }
}
