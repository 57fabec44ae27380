import type { Scope } from "../auth/scope.ts";
import type { PartyKey, Registers } from "../domain/party.ts";
import { type DealerFilter, DealerRepository, type FoundDealer } from "../repositories/dealer.ts";
import type { Page, PageRequest } from "../repositories/page.ts";
import type { ReadHandle } from "../repositories/repository.ts";
import { type DealerStatistics, StatisticsRepository } from "../repositories/statistics.ts";

/** The dealers that one caller may see. */
export class Dealers {
  readonly #scope: Scope;
  readonly #dealers: DealerRepository;
  readonly #statistics: StatisticsRepository;

  constructor({
    scope,
    session,
    registers,
  }: { readonly scope: Scope; readonly session: ReadHandle; readonly registers?: Registers | undefined }) {
    this.#scope = scope;
    this.#dealers = new DealerRepository(session, registers);
    this.#statistics = new StatisticsRepository(session);
  }

  /** As the first register has each; in no order. What does not exist or is out of scope is left out. */
  find(dealerIds: readonly string[]): Promise<FoundDealer[]> {
    return this.#dealers.findAll(this.#scope, dealerIds);
  }

  /** As the register of a source has each, by `{source}:{dealerId}`. */
  findRecords(keys: readonly PartyKey[]): Promise<Map<string, FoundDealer>> {
    return this.#dealers.findRecords(this.#scope, keys);
  }

  list(page: PageRequest, filter: DealerFilter = {}): Promise<Page<FoundDealer>> {
    return this.#dealers.findPage(this.#scope, page, filter);
  }

  /** How many there are, or `null` when they are too many to count. */
  count(filter: DealerFilter = {}): Promise<number | null> {
    return this.#dealers.countAll(this.#scope, filter);
  }

  /** What each dealer's devices come to just now. A dealer without devices is left out. */
  statistics(dealerIds: readonly string[]): Promise<Map<string, DealerStatistics>> {
    return this.#statistics.findByDealer(this.#scope, dealerIds);
  }
}
