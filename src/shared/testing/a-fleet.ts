import type { BuiltRecord } from "#contracts/produce.ts";
import type { Severity } from "#domain/change.ts";
import { SOURCES, type Source } from "#domain/event.ts";
import { MINUTE_MS } from "#domain/time.ts";
import { type AlertAbout, aDevice, canSay, type DeviceAbout, START_MS } from "./builders.ts";

/** What a fleet is like; what is absent has the default. */
export type FleetAbout = {
  /** How many devices. By default 20. */
  readonly devices?: number;
  /** Of how many dealers, `D-1` and so on. By default 3. Some devices have none, and some had another one before. */
  readonly dealers?: number;
  /** In turn. By default all that have a topic for registrations. A device has of the rest what its source has topics for. */
  readonly sources?: readonly Source[];
  /** The same seed builds the same fleet. By default 1. */
  readonly seed?: number;
};

const SEVERITIES: readonly Severity[] = ["info", "warning", "critical"];
const STATES = ["OPEN", "OPEN", "ACKNOWLEDGED", "CLEARED"] as const;

/** The records of a fleet: devices with dealers, customers, reports and alerts, chosen by the seed. Device ids are `1` to `n`. */
export function aFleet({
  devices = 20,
  dealers = 3,
  sources = SOURCES.filter((source) => canSay(source).registered),
  seed = 1,
}: FleetAbout = {}): BuiltRecord[] {
  const random = randomFrom(seed);
  const oneOf = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const dealerIds = Array.from({ length: dealers }, (_, i) => `D-${i + 1}`);
  const alertsOf = (device: number): AlertAbout[] =>
    Array.from({ length: Math.floor(random() * 3) }, (_, i) => ({
      alertId: `A-${device}-${i + 1}`,
      severity: oneOf(SEVERITIES),
      state: oneOf(STATES),
    }));
  return Array.from({ length: devices }, (_, i) => i + 1).flatMap((device) => {
    const source = sources[device % sources.length] as Source;
    const has = canSay(source);
    // Drawn whether or not the source has it, so that one more source changes nothing about the others' devices.
    const drawn = {
      registered: { serialNumber: `SN-${String(device).padStart(5, "0")}` },
      dealer: random() < 0.1 || dealers === 0 ? [] : [...(random() < 0.2 ? [oneOf(dealerIds)] : []), oneOf(dealerIds)],
      ...(random() < 0.8 && { customer: `C-${1 + Math.floor(random() * devices)}` }),
      ...(random() < 0.9 && { status: random() < 0.8 }),
      alerts: alertsOf(device),
    };
    const about: DeviceAbout = { key: `${source}:${device}`, sinceMs: START_MS + device * MINUTE_MS };
    const said = Object.entries(drawn).filter(([name]) => has[name as keyof typeof has]);
    return aDevice({ ...about, ...Object.fromEntries(said) });
  });
}

/** Numbers from 0 up to, not including, 1: mulberry32, which is short and good enough for choices. */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
