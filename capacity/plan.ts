import type { ObjectWrites } from "#objects/object-writes.ts";

/** What one wants to know the limits and the bill of: a fleet, what it sends, and who reads it. */
export type Plan = {
  readonly devices: number;
  readonly eventsPerDeviceDay: number;
  /** How many times the average the busiest hour has. */
  readonly peakFactor: number;
  /** How long the peak lasts, in hours. */
  readonly peakHours: number;
  /** Text of an event's value, in bytes. */
  readonly payloadBytes: number;
  /** Share of the records that were sent before, or are older than what is known: they write no row. From 0 to 1. */
  readonly repeatedShare: number;
  /** Different devices among a hundred records of a request: 100, if no device has two of them. */
  readonly distinctPerBatch: number;
  /** Records of a request. The bridge sends up to 1,000. */
  readonly recordsPerRequest: number;
  /** How often a device goes on or off in a day. Each time is an index entry. */
  readonly statusChangesPerDeviceDay: number;
  /** Alerts that a device has had in all years that are kept: D1 deletes none. */
  readonly alertsPerDevice: number;
  /** Bridges or other clients with a credential of their own: the rate limit is for each. */
  readonly producers: number;
  readonly dealers: number;
  /** Share of the fleet that the largest dealer has, from 0 to 1. */
  readonly largestDealerShare: number;
  /** Open sockets that watch a device. */
  readonly deviceSubscribers: number;
  /** Dealers whose feed somebody watches. */
  readonly watchedDealers: number;
  /** Pages of 50 devices that readers ask for, in a second on average. */
  readonly pagesPerSecond: number;
  /** Databases that answer reads: the primary and its replicas. */
  readonly readCopies: number;
  readonly objectWrites: ObjectWrites;
  /** For how long the archive keeps records, in days; 0 if no archive is bound. */
  readonly archiveDays: number;
  /** Share of invocations that are logged, as `[logs] sampling` of an environment says. From 0 to 1. */
  readonly logSampling: number;
};

type Setting = {
  readonly option: string;
  readonly about: string;
  readonly byDefault: number;
  readonly min: number;
  readonly max: number;
  readonly isWhole?: true;
};

/** Each number of a plan, as an option of the command. */
export const SETTINGS: Readonly<Record<Exclude<keyof Plan, "objectWrites">, Setting>> = {
  devices: whole("devices", "devices of the fleet", 1_000_000, 1, 10_000_000_000),
  eventsPerDeviceDay: amount("events-per-device-day", "events of a device in a day", 288, 0.001, 100_000),
  peakFactor: amount("peak-factor", "how many times the average the busiest hour has", 3, 1, 1_000),
  peakHours: amount("peak-hours", "how long the peak lasts", 1, 0.01, 24),
  payloadBytes: whole("payload-bytes", "text of an event's value", 250, 2, 64 * 1024),
  repeatedShare: amount("repeated-share", "records that were sent before or come late, from 0 to 1", 0, 0, 1),
  distinctPerBatch: whole("distinct-per-batch", "different devices among 100 records of a request", 100, 1, 100),
  recordsPerRequest: whole("records-per-request", "records of a request", 100, 1, 5_000),
  statusChangesPerDeviceDay: amount("status-changes", "how often a device goes on or off in a day", 2, 0, 100_000),
  alertsPerDevice: amount("alerts-per-device", "alerts of a device that are kept", 5, 0, 100_000),
  producers: whole("producers", "clients with a credential of their own", 4, 1, 100_000),
  dealers: whole("dealers", "dealers", 1_000, 1, 100_000_000),
  largestDealerShare: amount("largest-dealer", "share of the fleet that the largest dealer has", 0.01, 0, 1),
  deviceSubscribers: whole("device-subscribers", "open sockets that watch a device", 1_000, 0, 1_000_000_000),
  watchedDealers: whole("watched-dealers", "dealers whose feed is watched", 100, 0, 100_000_000),
  pagesPerSecond: amount("pages-per-second", "pages of 50 devices that are asked for in a second", 50, 0, 1e9),
  readCopies: whole("read-copies", "databases that answer reads, with the primary", 6, 1, 100),
  archiveDays: whole("archive-days", "days of records that the archive holds; 0 without one", 365, 0, 36_500),
  logSampling: amount("log-sampling", "share of invocations that are logged, from 0 to 1", 1, 0, 1),
};

function amount(option: string, about: string, byDefault: number, min: number, max: number): Setting {
  return { option, about, byDefault, min, max };
}
function whole(option: string, about: string, byDefault: number, min: number, max: number): Setting {
  return { ...amount(option, about, byDefault, min, max), isWhole: true };
}

/** A plan of which only this is known; the rest is as {@link SETTINGS} has it. */
export const planWith = (known: Partial<Plan> = {}): Plan => ({
  ...(Object.fromEntries(Object.entries(SETTINGS).map(([name, { byDefault }]) => [name, byDefault])) as Record<
    keyof typeof SETTINGS,
    number
  >),
  objectWrites: "always",
  ...known,
});

export type ParsedPlan =
  | { readonly ok: true; readonly plan: Plan }
  /** One sentence for each option that is wrong. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads a plan from the options of a command: names without their dashes, values as they were typed. */
export function parsePlan(options: Readonly<Record<string, string | undefined>>): ParsedPlan {
  const problems: string[] = [];
  const known: Record<string, number | string> = {};
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const typed = options[setting.option];
    if (typed === undefined) continue;
    const value = readNumber(typed);
    const problem = problemOf(typed, value, setting);
    if (problem) problems.push(problem);
    else known[name] = value;
  }
  const writes = options.objects ?? "always";
  if (writes !== "always" && writes !== "live") problems.push(`--objects takes always or live, not ${writes}.`);
  else known.objectWrites = writes;
  return problems.length > 0 ? { ok: false, problems } : { ok: true, plan: planWith(known as Partial<Plan>) };
}

/** `10000000`, `10_000_000` and `1e7` are the same number; `10,000` and `10M` are none. */
const readNumber = (typed: string): number =>
  /^\d[\d_]*(\.\d+)?(e\d+)?$/i.test(typed) ? Number(typed.replaceAll("_", "")) : Number.NaN;

function problemOf(typed: string, value: number, { option, min, max, isWhole }: Setting): string | undefined {
  const kind = isWhole ? "a whole number" : "a number";
  if (Number.isFinite(value) && value >= min && value <= max && !(isWhole && !Number.isInteger(value)))
    return undefined;
  return `--${option} takes ${kind} from ${min} to ${max}, not ${typed === "" ? "nothing" : typed}.`;
}
