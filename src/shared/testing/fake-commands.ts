import { actorOf } from "#auth/actor.ts";
import { SOURCE_SPECS } from "#contracts/all-sources.ts";
import { acknowledgementEvent, type CommandEvent, desiredStateEvent } from "#contracts/commands.ts";
import { writeValue } from "#contracts/envelope.ts";
import { describeRejection, parseRecord } from "#contracts/parse.ts";
import type { DesiredState } from "#domain/change.ts";
import { type CommandOutcome, MAX_AT_ONCE, takesCommand, timeAfter } from "#domain/command.ts";
import { type ConcordEvent, type DeviceKey, deviceIdOf, sourceOf } from "#domain/event.ts";
import { toMoment } from "#domain/time.ts";
import type { Version } from "#domain/version.ts";
import type { AlertKey } from "#repositories/alert.ts";
import type { Acknowledged, DesiredStateInput, SetDesiredOutcome } from "#services/bindings.ts";
import { alertOf, foundAlert, foundDevice, isAlertVisible, isVisible } from "./fleet-rows.ts";
import type { Reading } from "./reading.ts";

/** Sets a desired state, if it still has the expected version. */
export function setDesired(reading: Reading, { key, desired, expectedVersion }: DesiredStateInput): SetDesiredOutcome {
  const read = () => {
    const device = reading.newest().devices.get(key as DeviceKey);
    return device && isVisible(reading.scope, device) ? foundDevice(reading.scope, device) : undefined;
  };
  const device = read();
  if (!device) return { kind: "notFound" };
  if (!takesCommand(sourceOf(device.key), "setDesiredState")) return { kind: "unsupported", device };
  const current = device.desired;
  if (expectedVersion !== undefined && expectedVersion !== (current?.version ?? null)) {
    return { kind: "conflict", device };
  }
  const by = actorOf(reading.scope, reading.subject, device.dealerId);
  const event = eventOf(
    reading,
    device.key,
    desiredStateEvent(device.key, desired as DesiredState, by),
    current?.version,
  );
  if (event.kind === "invalid") return { ...event, device };
  return { kind: "set", outcome: merge(reading, event.event), device: read() ?? null };
}

/** Acknowledges an alert as it is now. */
export function acknowledge(reading: Reading, { deviceKey, alertId }: AlertKey): Acknowledged {
  const read = () => {
    const row = alertOf(reading.newest(), deviceKey, alertId);
    return row && isAlertVisible(reading.scope, row) ? foundAlert(reading.scope, row) : undefined;
  };
  const alert = read();
  if (!alert) return { kind: "notFound" };
  if (alert.state === "CLEARED") return { kind: "alreadyCleared", alert };
  if (alert.state === "ACKNOWLEDGED") return { kind: "acknowledged", outcome: "unchanged", alert };
  if (!takesCommand(sourceOf(alert.deviceKey), "acknowledgeAlert")) return { kind: "unsupported", alert };
  const dealerId = reading.newest().devices.get(alert.deviceKey)?.aspects.dealer?.value.dealerId ?? null;
  const by = actorOf(reading.scope, reading.subject, dealerId);
  const event = eventOf(reading, alert.deviceKey, acknowledgementEvent(alert.deviceKey, alertId, by), alert.latest);
  if (event.kind === "invalid") throw new Error("an acknowledgement breaks its contract");
  return { kind: "acknowledged", outcome: merge(reading, event.event), alert: read() ?? null };
}

/** Acknowledges alerts as they are before the first of them is. */
export function acknowledgeAll(reading: Reading, keys: readonly AlertKey[]): Acknowledged[] {
  if (keys.length > MAX_AT_ONCE) throw new RangeError(`at most ${MAX_AT_ONCE} alerts are acknowledged at once`);
  const textOf = ({ deviceKey, alertId }: AlertKey) => `${deviceKey}/${alertId}`;
  const ended = new Map<string, Acknowledged>();
  for (const key of keys) ended.set(textOf(key), ended.get(textOf(key)) ?? acknowledge(reading, key));
  return keys.map((key) => ended.get(textOf(key)) as Acknowledged);
}

/** The event of a command, newer than what its caller saw. */
function eventOf(
  { now, newEventId }: Reading,
  deviceKey: DeviceKey,
  command: CommandEvent,
  seen: Version | undefined,
):
  | { readonly kind: "event"; readonly event: ConcordEvent }
  | (Extract<SetDesiredOutcome, { kind: "invalid" }> extends infer T ? Omit<T, "device"> : never) {
  const nowMs = now();
  const occurredAt = toMoment(timeAfter(nowMs, seen));
  const event = { eventId: newEventId(), occurredAt, deviceId: deviceIdOf(deviceKey), data: command.data };
  const value = writeValue(event, SOURCE_SPECS[sourceOf(deviceKey)].envelope);
  const parsed = parseRecord({ topic: command.topic, value: JSON.stringify(value) }, nowMs);
  if (parsed.ok) return { kind: "event", event: parsed.event };
  if (parsed.rejection.reason === "schema_mismatch") return { kind: "invalid", issues: parsed.rejection.issues };
  throw new Error(`a desired state breaks its contract: ${describeRejection(parsed.rejection)}`);
}

function merge({ fleet }: Reading, event: ConcordEvent): CommandOutcome {
  const [outcome] = fleet.merge([event]);
  return outcome === undefined || outcome === "duplicate" ? "applied" : outcome;
}
