import { actorOf } from "#auth/actor.ts";
import type { Scope } from "#auth/scope.ts";
import type { Actor } from "#domain/change.ts";
import { type AcknowledgeAlert, type Commands, MAX_AT_ONCE, takesCommand } from "#domain/command.ts";
import { sourceOf } from "#domain/event.ts";
import { type AlertFilter, type AlertKey, AlertRepository, type FoundAlert } from "#repositories/alert.ts";
import { DeviceRepository } from "#repositories/device.ts";
import type { Page, PageRequest } from "#repositories/page.ts";
import type { ReadSession } from "#repositories/read-session.ts";
import type { Acknowledged, AcknowledgedOfMany } from "./bindings.ts";
import { readAfterWrite, readFromPrimary } from "./read-your-writes.ts";

export type AlertsDeps = {
  readonly scope: Scope;
  /** The `sub` of the caller's token. */
  readonly subject?: string | null;
  readonly session: ReadSession;
  readonly commands: Pick<Commands, "acknowledgeAlert" | "acknowledgeAlerts">;
};

/** The alerts within one caller's scope. */
export class Alerts {
  readonly #scope: Scope;
  readonly #subject: string | null;
  readonly #session: ReadSession;
  readonly #commands: AlertsDeps["commands"];
  readonly #alerts: AlertRepository;

  constructor({ scope, subject = null, session, commands }: AlertsDeps) {
    this.#scope = scope;
    this.#subject = subject;
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
    const known = withoutCommand(alert);
    if (known.kind !== "open") return known;
    const [command] = await this.#commandsFor([known.alert]);
    const { outcome, consistencyToken } = await this.#commands.acknowledgeAlert(command as AcknowledgeAlert);
    const reading = { read: () => this.find([key]), fallback: [known.alert] };
    const [now = null] = await readAfterWrite(this.#session, consistencyToken, reading);
    return { kind: "acknowledged", outcome, alert: now };
  }

  /**
   * Acknowledges up to `MAX_AT_ONCE` alerts, each as `acknowledge` does, with as many statements as for one.
   * @returns how each ended, in the order of the keys
   * @throws RangeError for more keys; an outage if nothing was stored of any of them, safe to retry
   */
  async acknowledgeAll(keys: readonly AlertKey[]): Promise<AcknowledgedOfMany[]> {
    if (keys.length > MAX_AT_ONCE)
      throw new RangeError(`${keys.length} alerts at once. Nothing was done: acknowledge at most ${MAX_AT_ONCE}.`);
    if (keys.length === 0) return [];
    const found = byKey(await readFromPrimary(this.#session, () => this.find(keys)));
    const known = keys.map((key) => withoutCommand(found.get(textOf(key))));
    const open = [...byKey(known.flatMap((one) => (one.kind === "open" ? [one.alert] : []))).values()];
    if (open.length === 0) return known.filter((one) => one.kind !== "open");
    const { outcomes, consistencyToken } = await this.#commands.acknowledgeAlerts(await this.#commandsFor(open));
    const reading = { read: () => this.find(open), fallback: open };
    const now = byKey(await readAfterWrite(this.#session, consistencyToken, reading));
    const ended = new Map(open.map((alert, i) => [textOf(alert), outcomes[i] ?? null]));
    return known.map((one): AcknowledgedOfMany => {
      if (one.kind !== "open") return one;
      const key = textOf(one.alert);
      const outcome = ended.get(key) ?? null;
      if (outcome === null) return { kind: "notTaken", alert: one.alert };
      return { kind: "acknowledged", outcome, alert: now.get(key) ?? null };
    });
  }

  async #commandsFor(alerts: readonly FoundAlert[]): Promise<AcknowledgeAlert[]> {
    const dealers = await this.#dealersOf(alerts);
    return alerts.map(({ deviceKey, alertId, latest: seen }) => {
      const by: Actor = actorOf(this.#scope, this.#subject, dealers(deviceKey));
      return { deviceKey, alertId, seen, by };
    });
  }

  /** The dealer that each alert's device has, for a dealer's token. One that names a single dealer says it itself. */
  async #dealersOf(alerts: readonly FoundAlert[]): Promise<(deviceKey: string) => string | null> {
    if (this.#scope.role !== "dealer") return () => null;
    const [own, ...others] = new Set(this.#scope.dealerIds);
    if (others.length === 0) return () => own ?? null;
    const keys = [...new Set(alerts.map(({ deviceKey }) => deviceKey))];
    const devices = await new DeviceRepository(this.#session).findAll(this.#scope, keys);
    const dealers = new Map(devices.map(({ key, dealerId }) => [key as string, dealerId]));
    return (key) => dealers.get(key) ?? null;
  }
}

/** How an acknowledgement ends that needs no command, or `open` if it does. */
function withoutCommand(
  alert: FoundAlert | undefined,
): Acknowledged | { readonly kind: "open"; readonly alert: FoundAlert } {
  if (!alert) return { kind: "notFound" };
  if (alert.state === "CLEARED") return { kind: "alreadyCleared", alert };
  if (alert.state === "ACKNOWLEDGED") return { kind: "acknowledged", outcome: "unchanged", alert };
  return { kind: takesCommand(sourceOf(alert.deviceKey), "acknowledgeAlert") ? "open" : "unsupported", alert };
}

/** Device keys contain no slash. */
const textOf = ({ deviceKey, alertId }: AlertKey): string => `${deviceKey}/${alertId}`;

const byKey = (alerts: readonly FoundAlert[]): Map<string, FoundAlert> =>
  new Map(alerts.map((alert) => [textOf(alert), alert]));
