import type { Scope } from "../auth/scope.ts";
import type { Dealer } from "../domain/change.ts";
import { type DealerFilter, DealerRepository } from "../repositories/dealer.ts";
import type { Page, PageRequest } from "../repositories/page.ts";
import type { ReadHandle } from "../repositories/repository.ts";
import { type DealerStatistics, StatisticsRepository } from "../repositories/statistics.ts";

/** The dealers that one caller may see. */
export class Dealers {
  readonly #scope: Scope;
  readonly #dealers: DealerRepository;
  readonly #statistics: StatisticsRepository;

  constructor({ scope, session }: { readonly scope: Scope; readonly session: ReadHandle }) {
    this.#scope = scope;
    this.#dealers = new DealerRepository(session);
    this.#statistics = new StatisticsRepository(session);
  }

  /** In no order; what does not exist or is out of scope is left out. */
  find(dealerIds: readonly string[]): Promise<Dealer[]> {
    return this.#dealers.findAll(this.#scope, dealerIds);
  }

  list(page: PageRequest, filter: DealerFilter = {}): Promise<Page<Dealer>> {
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
