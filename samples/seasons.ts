import { DAY_MS, HOUR_MS, MINUTE_MS, YEAR_END_MS } from "./calendar.ts";
import type { Device, Source } from "./fleet.ts";
import { usualOutdoorC } from "./places.ts";
import type { Random } from "./random.ts";
import type { Plan, Said } from "./tell.ts";

/** Exactly `count` status reports, more from devices that report often and from those that are installed for longer. */
export function planReports(devices: readonly Device[], count: number, random: Random): Plan[] {
  const reporting = devices.filter(({ inStock }) => !inStock);
  const weights = reporting.map((device) => device.talkative * (endOf(device) - device.startsMs));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let weighed = 0;
  let planned = 0;
  return reporting.flatMap((device, i) => {
    weighed += weights[i] as number;
    const upToHere = i === reporting.length - 1 ? count : Math.round((count * weighed) / total);
    const plans = drawReportPlans(device, upToHere - planned, random);
    planned = upToHere;
    return plans;
  });
}

const endOf = ({ retiredMs }: Device): number => Math.min(retiredMs, YEAR_END_MS);

/** Devices report when something changes: a few times in some hours, then not for days. */
function drawReportPlans(device: Device, count: number, random: Random): Plan[] {
  const plans: Plan[] = [];
  while (plans.length < count)
    plans.push(...planSession(device, Math.min(count - plans.length, random.int(1, 6)), random));
  return plans;
}

function planSession(device: Device, length: number, random: Random): Plan[] {
  const endMs = endOf(device);
  let atMs = random.between(device.startsMs + HOUR_MS, Math.max(device.startsMs + HOUR_MS, endMs - DAY_MS));
  const goesOffline = length >= 2 && random.chance(0.15);
  return Array.from({ length }, (_, i) => {
    const kind = goesOffline && i === length - 2 ? "offline" : i > 0 && random.chance(0.12) ? "same" : "fresh";
    const plan = report(device, Math.min(atMs, endMs - 1), { kind, random });
    // Two reports have the same time if a gateway stamps them; the event id then decides.
    if (!random.chance(0.04)) {
      atMs += kind === "offline" ? random.between(HOUR_MS, 4 * DAY_MS) : random.between(4 * MINUTE_MS, 2 * HOUR_MS);
    }
    return plan;
  });
}

type ReportOptions = { kind: "fresh" | "same" | "offline"; random: Random };

function report(device: Device, atMs: number, { kind, random }: ReportOptions): Plan {
  const say = (): Said => {
    const again = kind === "same" ? device.lastReport : undefined;
    const data = again ?? (kind === "offline" ? { online: false } : drawReport(device, atMs, random));
    device.lastReport = data;
    return { topic: "status.reported", data };
  };
  return { device, atMs, say };
}

type Mode = "heat" | "cool" | "auto" | "auxHeat" | "off";

function drawReport(device: Device, atMs: number, random: Random): object {
  const outdoorC = usualOutdoorC(device.city, atMs) + random.between(-6, 6);
  const mode = modeAt(outdoorC, device, random);
  const setpointC = mode === "cool" ? random.pick([23, 23.5, 24, 25]) : random.pick([19.5, 20, 20.5, 21]);
  const strain = mode === "auxHeat" ? -1.5 : 0;
  return {
    online: true,
    mode,
    indoorTemperatureC: tenths(mode === "off" ? 20 + outdoorC / 10 : setpointC + strain + random.between(-1.2, 1.2)),
    ...(["heat", "auxHeat"].includes(mode) && { heatSetpointC: setpointC }),
    ...(mode === "cool" && { coolSetpointC: setpointC }),
    ...(mode === "auto" && { heatSetpointC: setpointC, coolSetpointC: setpointC + 4.5 }),
    ...(device.source !== "elt" && { humidityPct: random.int(28, 62) }),
    ...(random.chance(0.8) && { equipment: runningEquipment(device.source, mode) }),
    ...(device.source === "elt" && random.chance(0.1) && { rssiDbm: -random.int(40, 88) }),
  };
}

function modeAt(outdoorC: number, { model }: Device, random: Random): Mode {
  if (random.chance(0.02)) return "off";
  if (outdoorC < -12 && model.heatPump) return "auxHeat";
  if (outdoorC < 12) return random.chance(0.9) ? "heat" : "auto";
  if (outdoorC > 23) return random.chance(0.9) ? "cool" : "auto";
  return random.chance(0.7) ? "auto" : "off";
}

/** The equipment names of each source. */
const EQUIPMENT: Readonly<Record<Source, Readonly<Record<Mode, readonly string[]>>>> = {
  infinity: {
    heat: ["furnace1", "fan"],
    auxHeat: ["furnace1", "furnace2", "fan"],
    cool: ["ac1", "fan"],
    auto: ["fan"],
    off: [],
  },
  elt: { heat: ["heater1"], auxHeat: ["heater1", "heater2"], cool: ["compressor1"], auto: ["economizer"], off: [] },
  ecobee: {
    heat: ["heatPump"],
    auxHeat: ["heatPump", "auxHeat1"],
    cool: ["compCool1", "fan"],
    auto: ["ventilator"],
    off: [],
  },
};

const runningEquipment = (source: Source, mode: Mode): readonly string[] => EQUIPMENT[source][mode];

const tenths = (value: number): number => Math.round(value * 10) / 10;
