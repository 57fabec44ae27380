import { MINUTE_MS } from "#domain/time.ts";
import { ObjectWrites } from "#objects/object-writes.ts";
import type { Parcel } from "#queue/parcel.ts";
import { type MetricsNamespace, pickShard } from "#telemetry/shards.ts";
import type { JobDeps, NotesForgetting } from "./job-kind.ts";

/**
 * A consumer that had looked just before something was noted may still write for so long: a batch takes at most 15
 * minutes (developers.cloudflare.com/queues/platform/limits).
 */
export const CONSUMERS_END_AFTER_MS = 16 * MINUTE_MS;
/** On one machine, where a batch takes less than a second, and nobody's data is at stake. Ours. */
const LOCAL_CONSUMERS_END_AFTER_MS = 2_000;

/** The bindings that jobs work with. */
export type JobEnv = {
  /** The archive's bucket; not bound where the environment has none. */
  readonly ARCHIVE?: R2Bucket;
  readonly DB: D1Database;
  /** A second database with the same migrations, into which a rebuild replays; optional. */
  readonly REBUILT?: D1Database;
  /** `DeviceObject`, `DealerFeed` and `LiveHub` of the devices Worker. */
  readonly DEVICES: DurableObjectNamespace;
  readonly DEALER_FEEDS: DurableObjectNamespace;
  readonly HUBS: DurableObjectNamespace;
  /** `MetricsObject` of the metrics Worker. */
  readonly METRICS: MetricsNamespace;
  readonly EVENTS: Queue<Parcel>;
  /** `ArchiveJob` of this Worker. */
  readonly JOBS: DurableObjectNamespace;
  readonly DEVICE_OBJECT_WRITES?: string;
  readonly ENVIRONMENT: string;
};

/** @returns `undefined` where the environment has no archive */
export function toJobDeps(env: JobEnv, storage: DurableObjectStorage): JobDeps | undefined {
  if (!env.ARCHIVE) return undefined;
  return {
    bucket: env.ARCHIVE,
    db: env.DB,
    rebuilt: env.REBUILT,
    objects: { devices: env.DEVICES, feeds: env.DEALER_FEEDS, hubs: env.HUBS },
    objectWrites: ObjectWrites.parse(env.DEVICE_OBJECT_WRITES),
    events: env.EVENTS,
    metrics: pickShard(env.METRICS),
    jobs: { getByName: (name) => env.JOBS.getByName(name) as unknown as NotesForgetting },
    storage,
    consumersEndAfterMs: env.ENVIRONMENT === "local" ? LOCAL_CONSUMERS_END_AFTER_MS : CONSUMERS_END_AFTER_MS,
    nowMs: Date.now(),
  };
}
