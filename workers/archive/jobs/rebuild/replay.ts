import { type ArchivedRecord, isMerged } from "#archive/record.ts";
import { isAhead } from "#contracts/parse.ts";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import type { RebuildSink } from "#objects/rebuild.ts";
import type { DeviceSink } from "#objects/requests.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { type FleetReport, FleetRepository } from "#repositories/fleet.ts";
import { type JobDeps, JobProblem } from "../job-kind.ts";
import type { RebuildParams } from "./state.ts";

/**
 * Records of one step: half a row group of a day file, or a whole one where objects are not called. Each device among them
 * is a call of its object, and an invocation has 1,000 subrequests. Ours.
 */
const MAX_RECORDS_A_STEP = { withObjects: 500, withoutObjects: 1_000 };

export const recordsAStep = (pace: number, objectsKept: boolean): number =>
  Math.min(pace, objectsKept ? MAX_RECORDS_A_STEP.withObjects : MAX_RECORDS_A_STEP.withoutObjects);

/** How often a step tries again what live consumers keep changing. Ours. */
const MAX_PASSES = 5;

/** An event, and when its record was received. */
type Arrival = { readonly event: ConcordEvent; readonly receivedAtMs: number };

/** What a rebuild writes to. */
export type Target = {
  readonly merge: (
    events: readonly ConcordEvent[],
  ) => Promise<Pick<FleetReport, "outcomes" | "events" | "consistencyToken">>;
  /** @returns whether the object keeps its device's state */
  readonly toObject: (key: DeviceKey, arrivals: readonly Arrival[], token: string | null) => Promise<boolean>;
};

/** @throws JobProblem where there is no second database */
export function targetOf(deps: JobDeps, into: RebuildParams["into"]): Target {
  if (into === "live") {
    const fleet = new FleetRepository(deps.db.withSession("first-primary"));
    return {
      merge: (events) => fleet.merge(events),
      toObject: async (key, arrivals, token) => {
        await objectOf<DeviceSink>(deps, key).merge(eventsIn(arrivals), token, false, timesIn(arrivals));
        return true;
      },
    };
  }
  const fleet = new FleetRepository(requireRebuilt(deps).withSession("first-primary"));
  return {
    merge: (events) => fleet.merge(events),
    toObject: async (key, arrivals) =>
      (await objectOf<RebuildSink>(deps, key).replay(eventsIn(arrivals), timesIn(arrivals))).isKept,
  };
}

const eventsIn = (arrivals: readonly Arrival[]): ConcordEvent[] => arrivals.map(({ event }) => event);
const timesIn = (arrivals: readonly Arrival[]): number[] => arrivals.map(({ receivedAtMs }) => receivedAtMs);

export const objectOf = <Sink>({ objects }: JobDeps, key: DeviceKey): Sink =>
  objects.devices.getByName(key) as unknown as Sink;

export function requireRebuilt({ rebuilt }: JobDeps): D1Database {
  if (rebuilt) return rebuilt;
  throw new JobProblem(
    "There is no second database to rebuild into, and nothing was changed. Switch it on in the environment's file (docs/operations.md), or rebuild into the live database with --into live.",
  );
}

export type Replayed = { readonly refused: number; readonly objectsKept: boolean };

/**
 * Merges records into the target as the consumer would: the database first, then objects. Dead letters are passed
 * over, as they never were merged. Safe to repeat.
 * @param withObjects whether objects keep the state of their devices, as far as is known
 */
export async function replayRecords(
  target: Target,
  records: readonly ArchivedRecord[],
  { nowMs, withObjects }: { readonly nowMs: number; readonly withObjects: boolean },
): Promise<Replayed> {
  const { arrivals, refused } = arrivalsOf(records, nowMs);
  if (arrivals.length === 0) return { refused, objectsKept: withObjects };
  const { merged, token } = await mergeAll(target, arrivals);
  if (!withObjects) return { refused, objectsKept: false };
  const byDevice = Map.groupBy(merged, ({ event }) => event.deviceKey);
  const kept = await Promise.all([...byDevice].map(([key, group]) => target.toObject(key, group, token)));
  return { refused, objectsKept: kept.every(Boolean) };
}

function arrivalsOf(records: readonly ArchivedRecord[], nowMs: number): { arrivals: Arrival[]; refused: number } {
  const arrivals: Arrival[] = [];
  let refused = 0;
  for (const record of records) {
    if (!isMerged(record)) continue;
    if (isAhead(record, nowMs)) {
      throw new JobProblem(
        `The archive has records of ${record.topic} in version ${record.contractVersion}, which this release does not know. What was replayed is kept. Deploy the release that wrote them, and resume.`,
      );
    }
    const parsed = parseStamped(record, nowMs);
    if (parsed.ok) arrivals.push({ event: parsed.event, receivedAtMs: record.receivedAtMs });
    else refused += 1;
  }
  return { arrivals, refused };
}

/** @returns the events as they were merged, and a token with which reads see them */
async function mergeAll(target: Target, arrivals: readonly Arrival[]) {
  const merged: Arrival[] = [];
  let pending = arrivals;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const { outcomes, events, consistencyToken } = await target.merge(eventsIn(pending));
    const redacted = pending.map((arrival, i) => ({ ...arrival, event: events[i] ?? arrival.event }));
    merged.push(...redacted.filter((_, i) => outcomes[i] !== null));
    pending = pending.filter((_, i) => outcomes[i] === null);
    if (pending.length === 0) return { merged, token: consistencyToken };
  }
  throw new Busy(`${pending.length} events of devices that consumers keep changing were not written`);
}

/** Live consumers keep changing what a step writes: it is repeated later. */
export class Busy extends Error {
  override readonly name = "Busy";
}
