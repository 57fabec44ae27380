import type { DeadLetterMessage } from "#letters/letter.ts";
import type { DeviceSink } from "#objects/requests.ts";
import type { Parcel } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import type { MetricsReport } from "#telemetry/metrics.ts";
import type { DeviceObject } from "../../workers/devices/device-object.ts";
import type { CommandDeps } from "../../workers/ingest/commands.ts";
import type { FakeQueue } from "./fake-queue.ts";

type Parts = {
  readonly db: D1Database;
  readonly devices: DurableObjectNamespace<DeviceObject>;
  readonly events: FakeQueue<Parcel>;
  readonly deadLetters: FakeQueue<DeadLetterMessage>;
  /** Where reports are sent. */
  readonly reports: MetricsReport[];
  readonly nowMs: number;
  readonly newEventId: () => string;
};

/** The effects of a command: real stores, queues that a test can inspect, and a clock that does not advance. */
export function commandDepsOver({ db, devices, events, deadLetters, reports, nowMs, newEventId }: Parts): CommandDeps {
  const session = db.withSession("first-primary");
  return {
    fleet: new FleetRepository(session),
    objectWrites: "always",
    mergeIntoObject: (key, list, token, receivedAtMs) =>
      (devices.getByName(key) as unknown as DeviceSink).merge([...list], token, false, receivedAtMs),
    announce: async () => undefined,
    deliver: async () => undefined,
    claimDesired: (order) => (devices.getByName(order.deviceKey) as unknown as DeviceSink).claimDesired(order),
    events,
    backfill: events,
    deadLetters,
    bookmark: () => session.getBookmark(),
    newEventId,
    report: (report) => void reports.push(report),
    now: () => nowMs,
    random: () => 0.5,
    workerVersion: "test",
  };
}
