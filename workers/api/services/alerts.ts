import type { Scope } from "../../../src/shared/auth/scope.ts";
import {
  type AlertCursor,
  type AlertFilter,
  type AlertKey,
  AlertRepository,
  type FoundAlert,
} from "../../../src/shared/repositories/alert.ts";
import type { Page, PageRequest } from "../../../src/shared/repositories/page.ts";
import type { ReadHandle } from "../../../src/shared/repositories/repository.ts";

/** The alerts that one caller may see. */
export class Alerts {
  readonly #scope: Scope;
  readonly #alerts: AlertRepository;

  constructor({ scope, session }: { readonly scope: Scope; readonly session: ReadHandle }) {
    this.#scope = scope;
    this.#alerts = new AlertRepository(session);
  }

  /** In no order; what does not exist or is out of scope is left out. */
  find(keys: readonly AlertKey[]): Promise<FoundAlert[]> {
    return this.#alerts.findAll(this.#scope, keys);
  }

  list(page: PageRequest<AlertCursor>, filter: AlertFilter = {}): Promise<Page<FoundAlert>> {
    return this.#alerts.findPage(this.#scope, page, filter);
  }

  /** The same page of each device's alerts. A device without alerts is left out. */
  listByDevice(
    deviceKeys: readonly string[],
    page: PageRequest<AlertCursor>,
    filter: AlertFilter = {},
  ): Promise<Map<string, Page<FoundAlert>>> {
    return this.#alerts.findPagesByDevice(this.#scope, deviceKeys, page, filter);
  }
}
