import { nightOf } from "./jobs.ts";
import { LIMITS, type Limit } from "./limits.ts";
import { type Load, loadOf } from "./load.ts";
import type { Measured } from "./measured.ts";
import type { Plan } from "./plan.ts";

/** A part that ends somewhere. */
export type Check = {
  readonly id: string;
  readonly name: string;
  /** What it uses of its limit: 1 is all of it. */
  readonly utilisation: number;
  /** What is used and what there is, in the limit's unit. */
  readonly used: number;
  readonly limit: number;
  readonly unit: string;
  /** The fleet at which it ends, everything else as in the plan; `null` if no fleet reaches it. */
  readonly endsAtDevices: number | null;
  /** How many of it the plan needs, with room for a third more. */
  readonly needed: number;
  /** The same in words, such as `13 databases`; empty for what there cannot be several of. */
  readonly needs: string;
  readonly wayPast: string;
};

type Rule = {
  readonly id: string;
  readonly name: string;
  readonly limit: Limit;
  /** In the unit of the limit. */
  readonly used: (load: Load, plan: Plan) => number;
  readonly times?: (plan: Plan) => number;
  readonly needs?: (needed: number) => string;
  readonly wayPast: string;
};

/** More than this share of a limit is too much for a fleet that grows: ours. */
export const TARGET = 0.7;

const databases = (needed: number): string => `${needed} databases`;
const SHARD = "a table with a rowid first, then shards by the hash of the device";

const RULES: readonly Rule[] = [
  {
    id: "d1.size",
    name: "size of one D1",
    limit: LIMITS.d1Bytes,
    used: (load) => load.d1Bytes,
    needs: databases,
    wayPast: SHARD,
  },
  {
    id: "d1.writes",
    name: "time of one D1",
    limit: LIMITS.d1BusyMs,
    used: (load) => load.d1BusyMs,
    needs: databases,
    wayPast: "shards by the hash of the device; larger requests of one device's records",
  },
  {
    id: "d1.reads",
    name: "reads of one replica",
    limit: LIMITS.d1BusyMs,
    used: (load) => load.readBusyMs,
    wayPast: "pages of fewer rows; shards, each with replicas of its own",
  },
  {
    id: "d1.account",
    name: "D1 of an account",
    limit: LIMITS.d1AccountBytes,
    used: (load) => load.d1Bytes,
    wayPast: "ask Cloudflare for more, or an account for each tenant",
  },
  {
    id: "queue.messages",
    name: "messages of one queue",
    limit: LIMITS.queueMessages,
    used: (load) => load.peak.messages,
    needs: (queues) => `${queues} queues`,
    wayPast: "requests of more records first, then a queue for each partition",
  },
  {
    id: "queue.backlog",
    name: "backlog after the peak",
    limit: LIMITS.queueSoftBytes,
    used: (load) => load.queueBacklogBytes,
    wayPast: "more consumers, while D1 has time; otherwise more databases",
  },
  {
    id: "consumers",
    name: "consumers of one queue",
    limit: { ...LIMITS.consumers, unit: "consumers at once" },
    used: (load) => (load.peakRecords / load.consumerRecords) * LIMITS.consumers.value,
    needs: (times) => `${times * LIMITS.consumers.value} at once`,
    wayPast: "a higher max_concurrency while D1 has time, up to 250; DEVICE_OBJECT_WRITES = live in place of always",
  },
  {
    id: "feed",
    name: "feed of the largest dealer",
    limit: LIMITS.objectRequests,
    used: (load) => load.peak.largestFeedCalls,
    wayPast: "feeds by dealer and partition, which a subscriber joins",
  },
  {
    id: "hub",
    name: "calls of a hub that follows everything",
    limit: LIMITS.objectRequests,
    // Once for each round of devices, and once for the feeds of a batch.
    used: (load) => load.peak.batches * (load.roundsPerBatch + 1),
    wayPast: "more hubs a location, so that each follows less",
  },
  {
    id: "metrics",
    name: "objects that count",
    limit: { ...LIMITS.objectRequests, value: LIMITS.objectRequests.value * LIMITS.metricsObjects.value },
    used: (load) => load.peak.metricsReports,
    wayPast: "a higher METRICS_SHARDS, which may be raised at any time",
  },
  {
    id: "producers",
    name: "rate limit of producers",
    limit: LIMITS.producerRequests,
    used: (load) => load.peak.requests,
    times: (plan) => plan.producers,
    wayPast: "requests of more records, a credential for each bridge, a higher limit",
  },
  {
    id: "bridges",
    name: "bridges",
    limit: LIMITS.bridgeRecords,
    used: (load) => load.peakRecords,
    needs: (bridges) => `${bridges} bridges`,
    times: (plan) => plan.producers,
    wayPast: "more bridges in the group, up to the number of partitions",
  },
  {
    id: "archive.compaction",
    name: "compaction of the archive",
    limit: LIMITS.archiveReads,
    used: (load) => load.archiveObjects,
    wayPast: "requests of more records, or max_batch_timeout in workers/ingest/wrangler.toml: more records an object",
  },
  {
    id: "archive.verification",
    name: "verification of a night",
    limit: LIMITS.verificationSteps,
    used: (_, plan) => nightOf(plan).steps,
    wayPast: "steps that fold more records (RECORDS_A_STEP), and fewer that are read again (rereadOf)",
  },
  {
    id: "logs",
    name: "logs of an account",
    limit: LIMITS.logsPerDay,
    used: (load, plan) => load.perDay.invocations * plan.logSampling,
    wayPast: "a lower [logs] sampling in environments/*.toml",
  },
];

/** Every part of a plan, the fullest first. */
export function checksOf(plan: Plan, measured: Measured): Check[] {
  const load = loadOf(plan, measured);
  return RULES.map((rule) => checkOf(rule, plan, { load, measured })).sort((a, b) => b.utilisation - a.utilisation);
}

function checkOf(rule: Rule, plan: Plan, { load, measured }: { load: Load; measured: Measured }): Check {
  const times = rule.times?.(plan) ?? 1;
  const limit = rule.limit.value * times;
  const used = rule.used(load, plan);
  const needed = Math.max(1, Math.ceil((times * used) / limit / TARGET - 1e-9));
  const utilisationWith = (devices: number) => {
    const other = { ...plan, devices };
    return rule.used(loadOf(other, measured), other) / limit;
  };
  return {
    ...{ id: rule.id, name: rule.name, used, limit, unit: rule.limit.unit, wayPast: rule.wayPast },
    utilisation: used / limit,
    endsAtDevices: largestFleet(utilisationWith),
    needed,
    needs: needed > times ? (rule.needs?.(needed) ?? "") : "",
  };
}

const MOST_DEVICES = 1e12;

/** The largest fleet that uses no more than all of it. What a part uses never falls when the fleet grows. */
function largestFleet(utilisationWith: (devices: number) => number): number | null {
  if (utilisationWith(MOST_DEVICES) <= 1) return null;
  let [fits, tooMany] = [0, MOST_DEVICES];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (utilisationWith(middle) <= 1) fits = middle;
    else tooMany = middle;
  }
  return fits;
}
