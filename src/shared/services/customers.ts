import type { Scope } from "#auth/scope.ts";
import type { PartyKey, Registers } from "#domain/party.ts";
import { type CustomerFilter, CustomerRepository, type FoundCustomer } from "#repositories/customer.ts";
import type { Page, PageRequest } from "#repositories/page.ts";
import type { ReadHandle } from "#repositories/table-reader.ts";

/** The customers within one caller's scope. */
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

  /** Each from the first register that has it, in no particular order. Those that do not exist or are out of scope are left out. */
  find(customerIds: readonly string[]): Promise<FoundCustomer[]> {
    return this.#customers.findAll(this.#scope, customerIds);
  }

  /** Each from the register of its source, by `{source}:{customerId}`. */
  findRecords(keys: readonly PartyKey[]): Promise<Map<string, FoundCustomer>> {
    return this.#customers.findRecords(this.#scope, keys);
  }

  list(page: PageRequest, filter: CustomerFilter = {}): Promise<Page<FoundCustomer>> {
    return this.#customers.list(this.#scope, page, filter);
  }

  /** The number of customers, or `null` above `MAX_COUNT`. */
  count(filter: CustomerFilter = {}): Promise<number | null> {
    return this.#customers.countAll(this.#scope, filter);
  }
}
