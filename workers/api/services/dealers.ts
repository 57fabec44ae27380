import type { Scope } from "../../../src/shared/auth/scope.ts";
import type { Dealer } from "../../../src/shared/domain/change.ts";
import { DealerRepository } from "../../../src/shared/repositories/dealer.ts";
import type { ReadHandle } from "../../../src/shared/repositories/repository.ts";

/** The dealers that one caller may see. */
export class Dealers {
  readonly #scope: Scope;
  readonly #dealers: DealerRepository;

  constructor({ scope, session }: { readonly scope: Scope; readonly session: ReadHandle }) {
    this.#scope = scope;
    this.#dealers = new DealerRepository(session);
  }

  /** In no order; what does not exist or is out of scope is left out. */
  find(dealerIds: readonly string[]): Promise<Dealer[]> {
    return this.#dealers.findAll(this.#scope, dealerIds);
  }
}
