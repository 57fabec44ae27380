import type { Scope } from "../auth/scope.ts";
import type { CommandOutcome, Commands } from "../domain/command.ts";
import { type AlertFilter, type AlertKey, AlertRepository, type FoundAlert } from "../repositories/alert.ts";
import type { Page, PageRequest } from "../repositories/page.ts";
import type { ReadSession } from "../repositories/read-session.ts";
import { readAgain, readStrongly } from "./read-your-writes.ts";

export type AlertsDeps = {
  readonly scope: Scope;
  readonly session: ReadSession;
  readonly commands: Pick<Commands, "acknowledgeAlert">;
};

export type Acknowledged =
  /** `alert` is null when the caller may not see it any more. */
  | { readonly kind: "acknowledged"; readonly outcome: CommandOutcome; readonly alert: FoundAlert | null }
  | { readonly kind: "alreadyCleared"; readonly alert: FoundAlert }
  | { readonly kind: "notFound" };

/** The alerts that one caller may see. */
export class Alerts {
  readonly #scope: Scope;
  readonly #session: ReadSession;
  readonly #commands: AlertsDeps["commands"];
  readonly #alerts: AlertRepository;

  constructor({ scope, session, commands }: AlertsDeps) {
    this.#scope = scope;
    this.#session = session;
    this.#commands = commands;
    this.#alerts = new AlertRepository(session);
  }

  /** In no order; what does not exist or is out of scope is left out. */
  find(keys: readonly AlertKey[]): Promise<FoundAlert[]> {
    return this.#alerts.findAll(this.#scope, keys);
  }

  list(page: PageRequest, filter: AlertFilter = {}): Promise<Page<FoundAlert>> {
    return this.#alerts.findPage(this.#scope, page, filter);
  }

  /** How many there are, or `null` when they are too many to count. */
  count(filter: AlertFilter = {}): Promise<number | null> {
    return this.#alerts.countAll(this.#scope, filter);
  }

  /** The same page of each device's alerts. A device without alerts is left out. */
  listByDevice(
    deviceKeys: readonly string[],
    { page, filter = {} }: { readonly page: PageRequest; readonly filter?: AlertFilter },
  ): Promise<Map<string, Page<FoundAlert>>> {
    return this.#alerts.findPagesByDevice(this.#scope, deviceKeys, { page, filter });
  }

  countByDevice(deviceKeys: readonly string[], filter: AlertFilter = {}): Promise<Map<string, number | null>> {
    return this.#alerts.countByDevice(this.#scope, deviceKeys, filter);
  }

  /**
   * Acknowledges an alert that the caller may see. Once is enough: an acknowledged one is left as it is.
   * @throws an outage when it was kept nowhere; safe to ask again
   */
  async acknowledge(key: AlertKey): Promise<Acknowledged> {
    const [alert] = await readStrongly(this.#session, () => this.find([key]));
    if (!alert) return { kind: "notFound" };
    if (alert.state === "CLEARED") return { kind: "alreadyCleared", alert };
    if (alert.state === "ACKNOWLEDGED") return { kind: "acknowledged", outcome: "unchanged", alert };
    const { deviceKey, alertId, latest: seen } = alert;
    const { outcome, consistencyToken } = await this.#commands.acknowledgeAlert({ deviceKey, alertId, seen });
    const reading = { read: () => this.find([key]), otherwise: [alert] };
    const [now = null] = await readAgain(this.#session, consistencyToken, reading);
    return { kind: "acknowledged", outcome, alert: now };
  }
}
