import { DAY_MS, HOUR_MS, MINUTE_MS, YEAR_END_MS, YEAR_START_MS } from "./calendar.ts";
import { type Device, type Fleet, isAt, type Source } from "./fleet.ts";
import { CITIES, usualOutdoorC } from "./places.ts";
import type { Random } from "./random.ts";
import { upTo } from "./stories.ts";
import type { Plan, Said } from "./tell.ts";
import { wallClockOf, writeUtcSeconds } from "./times.ts";

/** Mostly bursts, when weather or a power cut hits a city, and single faults, as hardware ages. */
export function planAlerts(fleet: Fleet, budget: number, random: Random): Plan[] {
  const minted = createMint(random);
  return [
    ...upTo(budget * 0.7, () => planBurst(fleet, random, minted)),
    ...upTo(budget * 0.3, () => planSingle(fleet, random, minted)),
  ];
}

type Cause = {
  readonly severity: "info" | "warning" | "critical";
  readonly codes: Readonly<Record<Exclude<Source, "ecobee">, string>>;
  readonly ecobee: { readonly alertNumber: number; readonly alertType: string; readonly notificationType?: string };
  readonly text: string;
  readonly resolution?: string;
};

type Mint = (source: Source) => string;

function planBurst({ devices }: Fleet, random: Random, mint: Mint): Plan[] {
  const city = random.pick(CITIES);
  const startMs = random.between(YEAR_START_MS + 20 * DAY_MS, YEAR_END_MS - 3 * DAY_MS);
  const outdoorC = usualOutdoorC(city, startMs);
  const cause = outdoorC < -5 ? COLD_SNAP : outdoorC > 29 ? HEAT_WAVE : random.chance(0.25) ? POWER_CUT : undefined;
  if (!cause) return [];
  const hit = devices.filter((device) => device.city === city && isAt(device, startMs) && random.chance(0.8));
  return hit.flatMap((device) =>
    planAlert(device, startMs + random.between(0, 25 * MINUTE_MS), { cause, alertId: mint(device.source), random }),
  );
}

function planSingle({ devices }: Fleet, random: Random, mint: Mint): Plan[] {
  const device = random.pick(devices);
  const atMs = random.between(YEAR_START_MS, YEAR_END_MS);
  if (!isAt(device, atMs)) return [];
  return planAlert(device, atMs, { cause: random.pick(WEAR), alertId: mint(device.source), random });
}

type AlertStory = { cause: Cause; alertId: string; random: Random };

/** From raise to clear, with acknowledgements in between. Some stay open, some are raised again. */
function planAlert(device: Device, raisedMs: number, { cause, alertId, random }: AlertStory): Plan[] {
  const plans: Plan[] = [];
  const at = (afterMs: number, say: Plan["say"]) => plans.push({ device, atMs: raisedMs + afterMs, say });
  const clearedAfterMs = random.between(HOUR_MS, 2 * DAY_MS);

  at(0, (ms) => sayRaised(device, ms, { cause, alertId, random }));
  const answeredAfterMs = random.between(5 * MINUTE_MS, clearedAfterMs);
  if (device.source !== "ecobee" && random.chance(0.4)) {
    at(answeredAfterMs, () => ({ topic: "alert.acknowledged", data: { alertId, ...byTheApp(device) }, alertId }));
  }
  if (device.source === "ecobee" && random.chance(0.7)) {
    at(answeredAfterMs, () => sayAnswered(alertId, random.pick(["accept", "accept", "accept", "defer", "decline"])));
    if (random.chance(0.1)) at(answeredAfterMs + 3 * MINUTE_MS, () => sayAnswered(alertId, "unacknowledged"));
  }
  if (random.chance(0.85)) {
    const resolution = random.chance(0.6) ? cause.resolution : undefined;
    at(clearedAfterMs, () => sayCleared(device, alertId, resolution));
    if (random.chance(0.04)) {
      at(clearedAfterMs + random.between(HOUR_MS, DAY_MS), (ms) => sayRaised(device, ms, { cause, alertId, random }));
    }
  }
  return plans.filter(({ atMs }) => atMs < YEAR_END_MS);
}

/** Infinity's own app says who answers an alert in it. */
const byTheApp = ({ source }: Device) =>
  source === "infinity" ? { by: { role: "dealer", subject: "field-app@infinity.example" } } : {};

function sayRaised(device: Device, ms: number, { cause, alertId, random }: AlertStory): Said {
  const topic = "alert.raised";
  const { severity, codes, ecobee, text } = cause;
  if (device.source === "ecobee") {
    const level = { info: "low", warning: "medium", critical: "high" }[severity];
    const data = { acknowledgeRef: alertId, severity: level, text, ...ecobee, ...wallClockOf(device, ms) };
    return { topic, data, alertId };
  }
  const noticed = random.chance(0.5) && { raisedAt: writeUtcSeconds(ms - random.between(5, 120) * 1000) };
  return { topic, data: { alertId, code: codes[device.source], severity, text, ...noticed }, alertId };
}

const sayAnswered = (acknowledgeRef: string, acknowledgement: string): Said => ({
  topic: "alert.acknowledged",
  data: { acknowledgeRef, acknowledgement },
  alertId: acknowledgeRef,
});

function sayCleared({ source }: Device, alertId: string, resolution: string | undefined): Said {
  const ref = source === "ecobee" ? { acknowledgeRef: alertId } : { alertId };
  return { topic: "alert.cleared", data: { ...ref, ...(resolution && { resolution }) }, alertId };
}

/** Alert ids as each source writes them, each used once. */
function createMint(random: Random): Mint {
  let minted = 0;
  return (source) => {
    minted++;
    return source === "ecobee" ? `${random.hex(8)}${minted.toString(16).padStart(8, "0")}` : `A-${80_000 + minted}`;
  };
}

const COLD_SNAP: Cause = {
  severity: "critical",
  codes: { infinity: "FLT-178", elt: "LOW-SPACE-TEMP" },
  ecobee: { alertNumber: 3140, alertType: "alert", notificationType: "lowTemp" },
  text: "Space temperature is below its limit and heat does not catch up.",
  resolution: "temperature back in range",
};

const HEAT_WAVE: Cause = {
  severity: "warning",
  codes: { infinity: "FLT-181", elt: "HIGH-SPACE-TEMP" },
  ecobee: { alertNumber: 3141, alertType: "alert", notificationType: "highTemp" },
  text: "Space temperature is above its limit; check condenser and airflow.",
  resolution: "temperature back in range",
};

const POWER_CUT: Cause = {
  severity: "critical",
  codes: { infinity: "FLT-046", elt: "POWER-LOSS" },
  ecobee: { alertNumber: 1009, alertType: "emergency" },
  text: "Mains power was lost; the unit runs on its buffer.",
  resolution: "power restored",
};

const WEAR: readonly Cause[] = [
  {
    severity: "info",
    codes: { infinity: "MNT-010", elt: "FILTER-DUE" },
    ecobee: { alertNumber: 3130, alertType: "message", notificationType: "furnaceFilter" },
    text: "Time to replace the filter.",
    resolution: "filter replaced",
  },
  {
    severity: "warning",
    codes: { infinity: "FLT-154", elt: "LOW-REFRIGERANT" },
    ecobee: { alertNumber: 3152, alertType: "alert", notificationType: "hvac" },
    text: "Suction pressure is below its limit — possible refrigerant leak.",
    resolution: "recharged",
  },
  {
    severity: "critical",
    codes: { infinity: "FLT-179", elt: "COMM-FAULT" },
    ecobee: { alertNumber: 6300, alertType: "alert", notificationType: "hvac" },
    text: "Indoor unit does not answer on the bus.",
    resolution: "bus cable reseated",
  },
  {
    severity: "info",
    codes: { infinity: "INF-201", elt: "DR-EVENT" },
    ecobee: { alertNumber: 4001, alertType: "demandResponse" },
    text: "The utility asked for less load this afternoon.",
  },
];
