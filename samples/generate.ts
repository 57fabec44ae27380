import { planAlerts } from "./alerts.ts";
import { deliver } from "./delivery.ts";
import { buildFleet, type Fleet } from "./fleet.ts";
import { malform, misdate, speakUnknown, write } from "./malform.ts";
import { planOnboarding } from "./onboarding.ts";
import { randomOf } from "./random.ts";
import type { SampleRecord } from "./record.ts";
import { planReports } from "./seasons.ts";
import { planStories } from "./stories.ts";
import { type Plan, tell } from "./tell.ts";

export type { Fault, SampleRecord } from "./record.ts";

export type Wish = {
  /** Equal seeds give equal bytes. */
  readonly seed: number;
  /** How many devices the fleet has. With fewer than about four events for each, the last ones have none. */
  readonly devices: number;
  /** How many records are generated, including duplicates and faulty ones. */
  readonly events: number;
};

export const DEFAULT_WISH: Wish = { seed: 1, devices: 400, events: 5000 };

/** The parts of the stream, as shares. What is neither faulty nor repeated is the year's valid events. */
export const SHARES = {
  repeats: 0.05,
  late: 0.1,
  malformed: 0.01,
  unknownTopic: 0.002,
  futureClock: 0.001,
  status: 0.7,
};

/** A year of a commercial HVAC fleet as its sources would publish it, in order of arrival. Pure. */
export function generate({ seed, devices, events }: Wish): SampleRecord[] {
  const random = randomOf(seed);
  const countOf = (share: number) => Math.round(events * share);
  const repeatCount = countOf(SHARES.repeats);
  const fleet = buildFleet(random.fork("fleet"), devices);
  const told = tell(planYear(fleet, events - repeatCount, seed), random.fork("tell"));
  const malformed = malform(told.map(write), countOf(SHARES.malformed), random.fork("malform"));
  const misdated = misdate(malformed, countOf(SHARES.futureClock), random.fork("misdate"));
  const written = speakUnknown(misdated, countOf(SHARES.unknownTopic), random.fork("unknown"));
  return deliver(written, { lateCount: countOf(SHARES.late), repeatCount }, random.fork("deliver"));
}

/** Exactly `count` events: first how devices are installed, then their stories, and reports for the rest. */
function planYear(fleet: Fleet, count: number, seed: number): Plan[] {
  const random = randomOf(seed).fork("year");
  const { devices, plans: onboarding } = planOnboardings(fleet, Math.ceil(count * 0.6), seed);
  const others = Math.max(0, Math.floor(count * (1 - SHARES.status)) - onboarding.length);
  const speaking = { ...fleet, devices };
  const stories = planStories(speaking, Math.floor(others * 0.45), random.fork("stories"));
  const alerts = planAlerts(speaking, others - stories.length, random.fork("alerts"));
  const incidents = [...onboarding, ...stories, ...alerts];
  return [...incidents, ...planReports(devices, count - incidents.length, random.fork("reports"))];
}

/** As many devices as have room for all their events; at least one, which may lack some. */
function planOnboardings(
  { devices }: Fleet,
  limit: number,
  seed: number,
): { devices: Fleet["devices"]; plans: Plan[] } {
  const random = randomOf(seed).fork("onboarding");
  const plans: Plan[] = [];
  let speaking = 0;
  for (const device of devices) {
    const next = planOnboarding(device, random);
    if (speaking > 0 && plans.length + next.length > limit) break;
    plans.push(...next);
    speaking++;
  }
  return { devices: devices.slice(0, speaking), plans: plans.slice(0, limit) };
}
