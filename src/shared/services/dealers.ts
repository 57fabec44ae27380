import type { Scope } from "#auth/scope.ts";
import type { PartyKey, Registers } from "#domain/party.ts";
import { type DealerFilter, DealerRepository, type FoundDealer } from "#repositories/dealer.ts";
import type { Page, PageRequest } from "#repositories/page.ts";
import { type DealerStatistics, StatisticsRepository } from "#repositories/statistics.ts";
import type { ReadHandle } from "#repositories/table-reader.ts";

/** The dealers within one caller's scope. */
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

  /** Each from the first register that has it, in no particular order. Those that do not exist or are out of scope are left out. */
  find(dealerIds: readonly string[]): Promise<FoundDealer[]> {
    return this.#dealers.findAll(this.#scope, dealerIds);
  }

  /** Each from the register of its source, by `{source}:{dealerId}`. */
  findRecords(keys: readonly PartyKey[]): Promise<Map<string, FoundDealer>> {
    return this.#dealers.findRecords(this.#scope, keys);
  }

  list(page: PageRequest, filter: DealerFilter = {}): Promise<Page<FoundDealer>> {
    return this.#dealers.list(this.#scope, page, filter);
  }

  /** The number of dealers, or `null` above `MAX_COUNT`. */
  count(filter: DealerFilter = {}): Promise<number | null> {
    return this.#dealers.countAll(this.#scope, filter);
  }

  /** Current counts of each dealer's devices. Dealers without devices are left out. */
  statistics(dealerIds: readonly string[]): Promise<Map<string, DealerStatistics>> {
    return this.#statistics.findByDealer(this.#scope, dealerIds);
  }
}
