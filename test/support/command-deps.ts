import type { DesiredClaim } from "../../src/shared/objects.ts";
import type { DeadLetterMessage } from "../../src/shared/queue/letter.ts";
import type { Parcel } from "../../src/shared/queue/parcel.ts";
import { FleetRepository } from "../../src/shared/repositories/fleet.ts";
import type { MetricsReport } from "../../src/shared/telemetry/metrics.ts";
import type { DeviceObject } from "../../workers/devices/device-object.ts";
import type { CommandDeps } from "../../workers/ingest/commands.ts";
import type { FakeQueue } from "./fake-queue.ts";

type Parts = {
  readonly db: D1Database;
  readonly devices: DurableObjectNamespace<DeviceObject>;
  readonly events: FakeQueue<Parcel>;
  readonly deadLetters: FakeQueue<DeadLetterMessage>;
  /** Where every report goes. */
  readonly reports: MetricsReport[];
  readonly nowMs: number;
  readonly newEventId: () => string;
};

/** What a command does its work with: real stores, queues that a test can look into, and a clock that stands. */
export function commandDepsOver({ db, devices, events, deadLetters, reports, nowMs, newEventId }: Parts): CommandDeps {
  const session = db.withSession("first-primary");
  return {
    fleet: new FleetRepository(session),
    objectWrites: "always",
    mergeIntoObject: (key, list, token) => devices.getByName(key).merge([...list], token),
    announce: async () => {},
    claimDesired: async (order) => (await devices.getByName(order.deviceKey).claimDesired(order)) as DesiredClaim,
    events,
    deadLetters,
    bookmark: () => session.getBookmark(),
    newEventId,
    report: (report) => void reports.push(report),
    now: () => nowMs,
    random: () => 0.5,
    workerVersion: "test",
  };
}
