import type { Alert } from "./alert.ts";
import type { Actor, Location } from "./change.ts";
import type { Aspects } from "./device.ts";
import type { Register } from "./register.ts";
import { toMilliseconds } from "./time.ts";
import { type Version, versionMoment } from "./version.ts";

/** What stands for a text that was personal, where there has to be one. */
export const REDACTED = "[forgotten]";

/** Whether an event of this version occurred up to a moment, in milliseconds since 1970. */
export const isUntil = (version: Version, untilMs: number): boolean =>
  toMilliseconds(versionMoment(version)) <= untilMs;

/**
 * A device's registers without what is personal in those that were set up to a moment: as if their events had been redacted
 * before they were merged. A test compares both for every contract. @returns `aspects` itself if there is nothing personal
 */
export function redactAspects(aspects: Aspects, untilMs: number): Aspects {
  const registration = redactRegister(aspects.registration, untilMs, (value) =>
    value.kind === "registered" && value.location ? { ...value, location: redactLocation(value.location) } : value,
  );
  const profile = redactRegister(aspects.profile, untilMs, (value) => ({
    ...value,
    name: REDACTED,
    ...(value.location && { location: redactLocation(value.location) }),
  }));
  const desired = redactRegister(aspects.desired, untilMs, withoutSubject);
  return {
    ...aspects,
    ...(registration && { registration }),
    ...(profile && { profile }),
    ...(desired && { desired }),
  };
}

/** The same for an alert. */
export function redactAlert(alert: Alert, untilMs: number): Alert {
  const acknowledgement = redactRegister(alert.acknowledgement, untilMs, (value) =>
    value.kind === "acknowledged" ? withoutSubject(value) : value,
  );
  return { ...alert, ...(acknowledgement && { acknowledgement }) };
}

function redactRegister<T>(
  register: Register<T> | undefined,
  untilMs: number,
  redact: (value: T) => T,
): Register<T> | undefined {
  return register && isUntil(register.version, untilMs) ? { ...register, value: redact(register.value) } : register;
}

function redactLocation({ country, region, timeZone }: Location): Location {
  return { country, ...(region !== undefined && { region }), ...(timeZone !== undefined && { timeZone }) };
}

function withoutSubject<T extends { readonly by?: Actor }>(value: T): T {
  if (!value.by) return value;
  const { subject: _, ...by } = value.by;
  return { ...value, by };
}
