import type { Scope } from "#auth/scope.ts";
import { type Commands, takesCommand } from "#domain/command.ts";
import { sourceOf } from "#domain/event.ts";
import { type AlertFilter, type AlertKey, AlertRepository, type FoundAlert } from "#repositories/alert.ts";
import type { Page, PageRequest } from "#repositories/page.ts";
import type { ReadSession } from "#repositories/read-session.ts";
import type { Acknowledged } from "./bindings.ts";
import { readAfterWrite, readFromPrimary } from "./read-your-writes.ts";

export type AlertsDeps = {
  readonly scope: Scope;
  readonly session: ReadSession;
  readonly commands: Pick<Commands, "acknowledgeAlert">;
};

/** The alerts within one caller's scope. */
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

  /** In no particular order; alerts that do not exist or are out of scope are left out. */
  find(keys: readonly AlertKey[]): Promise<FoundAlert[]> {
    return this.#alerts.findAll(this.#scope, keys);
  }

  list(page: PageRequest, filter: AlertFilter = {}): Promise<Page<FoundAlert>> {
    return this.#alerts.list(this.#scope, page, filter);
  }

  /** The number of alerts, or `null` above `MAX_COUNT`. */
  count(filter: AlertFilter = {}): Promise<number | null> {
    return this.#alerts.countAll(this.#scope, filter);
  }

  /** The same page of each device's alerts. Devices without alerts are left out. */
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
   * Acknowledges an alert in the caller's scope. An alert that is acknowledged already stays as it is.
   * @throws an outage if nothing was stored; safe to retry
   */
  async acknowledge(key: AlertKey): Promise<Acknowledged> {
    const [alert] = await readFromPrimary(this.#session, () => this.find([key]));
    if (!alert) return { kind: "notFound" };
    if (alert.state === "CLEARED") return { kind: "alreadyCleared", alert };
    if (alert.state === "ACKNOWLEDGED") return { kind: "acknowledged", outcome: "unchanged", alert };
    const { deviceKey, alertId, latest: seen } = alert;
    if (!takesCommand(sourceOf(deviceKey), "acknowledgeAlert")) return { kind: "unsupported", alert };
    const { outcome, consistencyToken } = await this.#commands.acknowledgeAlert({ deviceKey, alertId, seen });
    const reading = { read: () => this.find([key]), fallback: [alert] };
    const [now = null] = await readAfterWrite(this.#session, consistencyToken, reading);
    return { kind: "acknowledged", outcome, alert: now };
  }
}
