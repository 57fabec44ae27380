import { env as testEnv } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import { toVersion } from "#domain/version.ts";
import type { DeadLetterMessage } from "#letters/letter.ts";
import type { Parcel } from "#queue/parcel.ts";
import type { FleetReport } from "#repositories/fleet.ts";
import type { MetricsReport } from "#telemetry/metrics.ts";
import type { DeviceObject } from "../../../workers/devices/device-object.ts";
import { acknowledgeAlerts, type CommandDeps } from "../../../workers/ingest/commands.ts";
import type { Env } from "../../../workers/ingest/env.ts";
import { commandDepsOver } from "../../support/command-deps.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { NOW_MS } from "../../support/records.ts";

const env = testEnv as unknown as Env & { DEVICES: DurableObjectNamespace<DeviceObject> };

let events: FakeQueue<Parcel>;
let reports: MetricsReport[];
let deps: CommandDeps;
let eventIds = 0;

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  events = new FakeQueue();
  reports = [];
  deps = commandDepsOver({
    db: env.DB,
    devices: env.DEVICES,
    events,
    deadLetters: new FakeQueue<DeadLetterMessage>(),
    reports,
    nowMs: NOW_MS,
    newEventId: () => `many-${++eventIds}`,
  });
});

const by = { role: "ops", subject: "bob" } as const;
const command = (alertId: string, deviceKey: DeviceKey = "elt:many") => ({
  deviceKey,
  alertId,
  seen: toVersion(NOW_MS - 60_000, "raise"),
  by,
});

/** D1 takes the first event of each call, and puts the others off. */
const firstOnly = {
  merge: async (merged: readonly unknown[]): Promise<FleetReport> => ({
    outcomes: merged.map((_, i) => (i === 0 ? "applied" : null)),
    events: merged as readonly ConcordEvent[],
    announcements: merged.map(() => new Map()),
    watched: new Set(),
    consistencyToken: null,
    rowsRead: 0,
    rowsWritten: 1,
  }),
};

it("acknowledgements of several sources are one parcel, and each record says who gave it", async () => {
  deps = { ...deps, fleet: { merge: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")) } };
  const commands = [command("a"), command("b", "ecobee:many"), command("c", "infinity:many")];
  const { outcomes } = await acknowledgeAlerts(deps, commands);
  expect(outcomes).toEqual(["pending", "pending", "pending"]);
  const [parcel, ...others] = events.drain();
  expect(others).toEqual([]);
  const said = parcel?.records.map(({ topic, value }) => [topic, JSON.parse(value ?? "null").data]);
  expect(said).toEqual([
    ["device.elt.alert.acknowledged", { alertId: "a", by }],
    ["device.ecobee.alert.acknowledged", { acknowledgeRef: "b", acknowledgement: "accept", by }],
    ["device.infinity.alert.acknowledged", { alertId: "c", by }],
  ]);
  expect(reports.map(({ accepted }) => accepted)).toEqual([
    Object.fromEntries((said ?? []).map(([topic]) => [topic, 1])),
  ]);
});

it("what D1 puts off goes to the queue, and without a queue only that was not taken", async () => {
  const some = { ...deps, fleet: firstOnly };
  const { outcomes } = await acknowledgeAlerts(some, [command("a"), command("b")]);
  expect(outcomes).toEqual(["applied", "pending"]);
  expect(
    events.drain().flatMap(({ records }) => records.map(({ value }) => JSON.parse(value ?? "").data.alertId)),
  ).toEqual(["b"]);
  events.callsLeft = 0;
  expect((await acknowledgeAlerts(some, [command("a"), command("b")])).outcomes).toEqual(["applied", null]);
  const none = { ...deps, fleet: { merge: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")) } };
  await expect(acknowledgeAlerts(none, [command("a"), command("b")])).rejects.toThrow("not available");
});
