import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { exports, env as testEnv } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Alert, latestAlertVersion, viewAlert } from "#domain/alert.ts";
import { type Commands, type SetDesired, takesCommand } from "#domain/command.ts";
import { type DeviceKey, deviceIdOf, deviceKeyOf, SOURCES, type Source } from "#domain/event.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import { toVersion } from "#domain/version.ts";
import type { DeadLetterMessage } from "#letters/letter.ts";
import type { Parcel } from "#queue/parcel.ts";
import { parseConsistencyToken } from "#repositories/consistency.ts";
import type { MetricsReport } from "#telemetry/metrics.ts";
import { allShards } from "#telemetry/shards.ts";
import { CLAIM_LEASE_MS } from "../../../workers/devices/claims.ts";
import type { DeviceObject } from "../../../workers/devices/device-object.ts";
import { acknowledgeAlert, type CommandDeps, setDesired } from "../../../workers/ingest/commands.ts";
import { type ConsumeDeps, consume } from "../../../workers/ingest/consume.ts";
import { commandDeps, type Env } from "../../../workers/ingest/env.ts";
import { commandDepsOver } from "../../support/command-deps.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { eventOf, NOW_MS, recordOf } from "../../support/records.ts";

const env = testEnv as unknown as Env & { DEVICES: DurableObjectNamespace<DeviceObject> };
const service = (exports as unknown as { CommandsService: Commands }).CommandsService;

let events: FakeQueue<Parcel>;
let deadLetters: FakeQueue<DeadLetterMessage>;
let reports: MetricsReport[];
let deps: CommandDeps;
let devices = 0;
let eventIds = 0;

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  events = new FakeQueue();
  deadLetters = new FakeQueue();
  reports = [];
  const newEventId = () => `command-${++eventIds}`;
  const stores = { db: env.DB, devices: env.DEVICES };
  deps = commandDepsOver({ ...stores, events, deadLetters, reports, nowMs: NOW_MS, newEventId });
});

const freshDevice = (source: Source = "elt"): DeviceKey => deviceKeyOf(source, `commanded-${++devices}`);

/** As the queue's handler would, with everything within reach. */
const deliver = (bodies: readonly Parcel[], to: ConsumeDeps = deps) =>
  consume(
    to,
    bodies.map((body) => ({ body, attempts: 1 })),
  );

const outage = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
const d1Out = () => ({ ...deps, fleet: { merge: outage } });
const allOut = () => {
  events.callsLeft = 0;
  return d1Out();
};

const object = (key: DeviceKey) => env.DEVICES.getByName(key);
const snapshotOf = (key: DeviceKey) => (object(key) as unknown as DeviceSnapshotSource).snapshot();

async function desiredIn(db: Pick<D1Database, "prepare">, key: DeviceKey): Promise<unknown> {
  const row = await db.prepare("SELECT aspects FROM devices WHERE key = ?").bind(key).first<{ aspects: string }>();
  return row && (JSON.parse(row.aspects).desired ?? null);
}

async function alertOf(key: DeviceKey, alertId: string) {
  const sql = "SELECT alert FROM alerts WHERE device_key = ? AND alert_id = ?";
  const row = await env.DB.prepare(sql).bind(key, alertId).first<{ alert: string }>();
  const alert = JSON.parse(row?.alert ?? "null") as Alert;
  return { ...viewAlert(alert), seen: latestAlertVersion(alert) };
}

/** Raises an alert on a new device, so many milliseconds ahead of our clock. */
async function raiseAlert(source: Source, aheadMs = -60_000) {
  const deviceKey = freshDevice(source);
  const occurredAt = new Date(NOW_MS + aheadMs).toISOString();
  const topic = `device.${source}.alert.raised`;
  await deliver([{ kind: "parcel", records: [recordOf({ topic, deviceId: deviceIdOf(deviceKey), occurredAt })] }]);
  const alertId = eventOf({ topic }).change.alert?.alertId as string;
  return { deviceKey, alertId, seen: (await alertOf(deviceKey, alertId)).seen };
}

/** How often records were accepted and how they ended, over all reports. */
const counted = (more: readonly MetricsReport[] = []) => ({
  accepted: sum([...reports, ...more], "accepted"),
  outcomes: sum([...reports, ...more], "outcomes"),
});

function sum(all: readonly MetricsReport[], member: "accepted" | "outcomes"): Record<string, number> {
  const total: Record<string, number> = {};
  for (const report of all) {
    for (const [label, count = 0] of Object.entries(report[member] ?? {})) total[label] = (total[label] ?? 0) + count;
  }
  return total;
}

describe("an acknowledgement", () => {
  it.each(SOURCES.filter((source) => takesCommand(source, "acknowledgeAlert")))(
    "of an alert of %s is an event like any other",
    async (source) => {
      const command = await raiseAlert(source);
      const { outcome, consistencyToken } = await acknowledgeAlert(deps, command);
      expect(outcome).toBe("applied");
      expect((await alertOf(command.deviceKey, command.alertId)).state).toBe("ACKNOWLEDGED");
      expect((await snapshotOf(command.deviceKey))?.history[0]).toMatchObject({
        topic: `device.${source}.alert.acknowledged`,
        version: toVersion(NOW_MS, `command-${eventIds}`),
      });
      expect(parseConsistencyToken(consistencyToken ?? "")).toBeDefined();
      const topic = `device.${source}.alert.acknowledged`;
      expect(counted()).toEqual({ accepted: { [topic]: 1 }, outcomes: { [`${topic} applied`]: 1 } });
      expect([events.bodies, deadLetters.bodies]).toEqual([[], []]);
    },
  );

  it("wins over a raise from a clock ahead of ours", async () => {
    const command = await raiseAlert("elt", 4 * 60_000);
    expect((await acknowledgeAlert(deps, command)).outcome).toBe("applied");
    expect((await alertOf(command.deviceKey, command.alertId)).state).toBe("ACKNOWLEDGED");
  });

  it("does not acknowledge an alert that was raised again meanwhile", async () => {
    const command = await raiseAlert("elt");
    const again = { topic: "device.elt.alert.raised", deviceId: deviceIdOf(command.deviceKey) };
    const occurredAt = new Date(NOW_MS + 60_000).toISOString();
    await deliver([{ kind: "parcel", records: [recordOf({ ...again, occurredAt })] }]);
    await acknowledgeAlert(deps, command);
    expect((await alertOf(command.deviceKey, command.alertId)).state).toBe("OPEN");
  });

  it("is pending during an outage of D1, and is applied later with one outcome", async () => {
    const command = await raiseAlert("elt");
    expect(await acknowledgeAlert(d1Out(), command)).toMatchObject({ outcome: "pending" });
    expect((await alertOf(command.deviceKey, command.alertId)).state).toBe("OPEN");
    const { report } = await deliver(events.drain());
    expect((await alertOf(command.deviceKey, command.alertId)).state).toBe("ACKNOWLEDGED");
    expect(counted([report])).toEqual({
      accepted: { "device.elt.alert.acknowledged": 1 },
      outcomes: { "device.elt.alert.acknowledged applied": 1 },
    });
  });

  it("is pending while the device's object is unavailable, and is applied later with one outcome", async () => {
    const command = await raiseAlert("elt");
    expect(await acknowledgeAlert({ ...deps, mergeIntoObject: outage }, command)).toMatchObject({ outcome: "pending" });
    const { report } = await deliver(events.drain());
    expect((await snapshotOf(command.deviceKey))?.history).toHaveLength(2);
    expect(counted([report]).outcomes).toEqual({ "device.elt.alert.acknowledged applied": 1 });
  });

  it("is refused if the queue is unavailable too, with nothing stored and nothing counted", async () => {
    const command = await raiseAlert("elt");
    await expect(acknowledgeAlert(allOut(), command)).rejects.toThrow("not available");
    expect((await alertOf(command.deviceKey, command.alertId)).state).toBe("OPEN");
    expect((await snapshotOf(command.deviceKey))?.history).toHaveLength(1);
    expect([events.bodies, deadLetters.bodies, reports]).toEqual([[], [], []]);
  });

  it("writes no row when it comes again", async () => {
    const command = await raiseAlert("elt");
    await acknowledgeAlert(d1Out(), command);
    const parcels = events.drain();
    await deliver(parcels);
    const { report } = await deliver(parcels);
    expect(report).toMatchObject({ d1RowsWritten: 0, objectWrites: 0 });
    expect(report.outcomes).toEqual({ "device.elt.alert.acknowledged duplicate": 1 });
  });
});

describe("a desired state", () => {
  const heat = (deviceKey: DeviceKey, heatSetpointC: number, expectedVersion?: string | null): SetDesired => ({
    deviceKey,
    desired: { mode: "heat", heatSetpointC },
    ...(expectedVersion !== undefined && { expectedVersion }),
  });
  const set = async (command: SetDesired, to = deps) => {
    const answer = await setDesired(to, command);
    if (answer.kind !== "set") throw new Error(`it was not set: ${answer.kind}`);
    return answer;
  };
  const claimsOf = (key: DeviceKey) =>
    runInDurableObject(object(key), (_, { storage }) => storage.kv.get("claims") ?? []);

  it("is in D1 and in the device's object, and a read with its token sees it", async () => {
    const key = freshDevice();
    const answer = await set(heat(key, 21));
    expect(answer).toMatchObject({ outcome: "applied", desired: { value: { mode: "heat", heatSetpointC: 21 } } });
    expect(await desiredIn(env.DB.withSession(answer.consistencyToken ?? ""), key)).toEqual(answer.desired);
    expect((await snapshotOf(key))?.aspects.desired).toEqual(answer.desired);
    expect(counted()).toEqual({
      accepted: { "device.elt.twin.desired": 1 },
      outcomes: { "device.elt.twin.desired applied": 1 },
    });
    expect(await claimsOf(key)).toEqual([]);
    expect(await runInDurableObject(object(key), (_, { storage }) => storage.getAlarm())).toBeNull();
  });

  it("replaces the previous one as a whole, and is unchanged if it is equal", async () => {
    const key = freshDevice();
    const first = await set(heat(key, 21, null));
    const second = await set({ deviceKey: key, desired: { mode: "off" }, expectedVersion: first.desired.version });
    expect(await desiredIn(env.DB, key)).toEqual({ version: second.desired.version, value: { mode: "off" } });
    const third = await set({ deviceKey: key, desired: { mode: "off" } });
    expect(third.outcome).toBe("unchanged");
  });

  it("is set by exactly one of many callers with the same expected version, and the others get its state", async () => {
    const key = freshDevice();
    const { desired } = await set(heat(key, 20, null));
    for (const expectedVersion of [desired.version, null]) {
      const before = await desiredIn(env.DB, key);
      const answers = await Promise.all([21, 22, 23, 24].map((c) => setDesired(deps, heat(key, c, expectedVersion))));
      const winners = answers.filter(({ kind }) => kind === "set");
      expect(winners).toHaveLength(expectedVersion === null ? 0 : 1);
      const now = await desiredIn(env.DB, key);
      expect(now).toEqual((winners[0] as { desired?: unknown } | undefined)?.desired ?? before);
      for (const answer of answers)
        if (answer.kind !== "set") expect(answer).toEqual({ kind: "conflict", desired: now });
    }
    expect(counted().accepted).toEqual({ "device.elt.twin.desired": 2 });
  });

  it("wins over one from a clock ahead of ours, repeatedly", async () => {
    const key = freshDevice();
    const ahead = { topic: "device.elt.twin.desired", occurredAt: new Date(NOW_MS + 4 * 60_000).toISOString() };
    await deliver([{ kind: "parcel", records: [recordOf({ ...ahead, deviceId: deviceIdOf(key) })] }]);
    for (const c of [20, 21, 22]) {
      expect((await set(heat(key, c))).outcome).toBe("applied");
      expect(await desiredIn(env.DB, key)).toMatchObject({ value: { heatSetpointC: c } });
    }
  });

  it.each([
    ["too cold", { heatSetpointC: 4 }, "data.heatSetpointC"],
    ["too hot", { coolSetpointC: 36 }, "data.coolSetpointC"],
    ["heating above cooling", { heatSetpointC: 25, coolSetpointC: 24 }, "data.heatSetpointC"],
  ])("that is %s is refused by its contract, and nothing is stored", async (_, desired, path) => {
    const deviceKey = freshDevice();
    expect(await setDesired(deps, { deviceKey, desired })).toMatchObject({ kind: "invalid", issues: [{ path }] });
    expect([await snapshotOf(deviceKey), await claimsOf(deviceKey), reports]).toEqual([null, [], []]);
  });

  it("is decided by the desired state alone if the object has no other state of its device", async () => {
    const key = freshDevice();
    const status = recordOf({ topic: "device.elt.status.reported", deviceId: deviceIdOf(key) });
    const mergeIntoObject: ConsumeDeps["mergeIntoObject"] = async (_, list) => ({
      outcomes: list.map(() => "superseded"),
      rowsWritten: 0,
    });
    await deliver([{ kind: "parcel", records: [status] }], { ...deps, mergeIntoObject });
    expect((await setDesired(deps, heat(key, 21, toVersion(NOW_MS, "made-up")))).kind).toBe("conflict");
    expect((await set(heat(key, 21, null))).outcome).toBe("applied");
  });

  it("is pending during an outage of D1: the version before it is no longer accepted, and it is applied with one outcome", async () => {
    const key = freshDevice();
    const answer = await set(heat(key, 21, null), d1Out());
    expect(answer.outcome).toBe("pending");
    expect(await setDesired(deps, heat(key, 22, null))).toEqual({ kind: "conflict", desired: answer.desired });
    await evictDurableObject(object(key));
    expect(await setDesired(deps, heat(key, 22, null))).toEqual({ kind: "conflict", desired: answer.desired });
    const { report } = await deliver(events.drain());
    expect(await desiredIn(env.DB, key)).toEqual(answer.desired);
    expect(counted([report])).toEqual({
      accepted: { "device.elt.twin.desired": 1 },
      outcomes: { "device.elt.twin.desired applied": 1 },
    });
    expect(await claimsOf(key)).toEqual([]);
  });

  it("writes no row when it comes again", async () => {
    const key = freshDevice();
    await set(heat(key, 21), d1Out());
    const parcels = events.drain();
    await deliver(parcels);
    const { report } = await deliver(parcels);
    expect(report).toMatchObject({ d1RowsWritten: 0, objectWrites: 0 });
    expect(report.outcomes).toEqual({ "device.elt.twin.desired duplicate": 1 });
  });

  describe("whose record was not submitted", () => {
    let later = 0;
    /** Lets the object's alarm ring at its time, with a queue and metrics that a test can look into. */
    const ring = async (key: DeviceKey) => {
      const METRICS = { getByName: () => ({ report: async (report: MetricsReport) => void reports.push(report) }) };
      await runInDurableObject(object(key), (instance) => {
        Object.assign(instance, { env: { ...env, EVENTS: events, METRICS } });
      });
      later += CLAIM_LEASE_MS;
      const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now() + later);
      return runDurableObjectAlarm(object(key)).finally(() => clock.mockRestore());
    };

    it("because D1 and the queue were unavailable, is sent to the queue by the device's object", async () => {
      const key = freshDevice();
      const answer = await set(heat(key, 21), allOut());
      expect([answer.outcome, reports]).toEqual(["pending", []]);
      await ring(key);
      expect([events.bodies, reports]).toEqual([[], []]);
      events.callsLeft = Number.POSITIVE_INFINITY;
      expect(await ring(key)).toBe(true);
      const { report } = await deliver(events.drain());
      expect(await desiredIn(env.DB, key)).toEqual(answer.desired);
      expect(counted([report])).toEqual({
        accepted: { "device.elt.twin.desired": 1 },
        outcomes: { "device.elt.twin.desired applied": 1 },
      });
      expect(await ring(key)).toBe(false);
    });

    it("because its caller crashed, is applied all the same, and so is the next one", async () => {
      const key = freshDevice();
      for (const c of [21, 22]) {
        const claim = await deps.claimDesired({ ...heat(key, c), eventId: `dead-${c}`, nowMs: NOW_MS });
        expect(claim.kind).toBe("claimed");
        expect(await ring(key)).toBe(true);
      }
      await deliver(events.drain());
      expect(await desiredIn(env.DB, key)).toMatchObject({ value: { heatSetpointC: 22 } });
      expect((await snapshotOf(key))?.aspects.desired).toEqual(await desiredIn(env.DB, key));
    });
  });
});

describe("the service that other Workers call", () => {
  it("runs commands over RPC against D1 and the objects, and reports metrics", async () => {
    const deviceKey = freshDevice();
    const answer = await service.setDesired({ deviceKey, desired: { mode: "cool" }, expectedVersion: null });
    expect(answer).toMatchObject({ kind: "set", outcome: "applied", desired: { value: { mode: "cool" } } });
    expect(await desiredIn(env.DB, deviceKey)).toMatchObject({ value: { mode: "cool" } });
    const conflict = await service.setDesired({ deviceKey, desired: {}, expectedVersion: null });
    expect(conflict.kind).toBe("conflict");
    const command = await raiseAlert("elt");
    expect((await service.acknowledgeAlert(command)).outcome).toBe("applied");
    type FakeMetrics = { reports(): Promise<MetricsReport[]> };
    const shards = allShards(env.METRICS) as unknown as FakeMetrics[];
    await vi.waitFor(async () => {
      const reports = (await Promise.all(shards.map((shard) => shard.reports()))).flat();
      expect(sum(reports, "accepted")).toEqual({
        "device.elt.twin.desired": 1,
        "device.elt.alert.acknowledged": 1,
      });
    });
  });

  it("sends the record to the queue if D1 does not answer in time", async () => {
    const command = await raiseAlert("elt");
    const stalls = {
      prepare: () => ({ bind: () => ({}) }),
      batch: () => new Promise(() => {}),
      getBookmark: () => null,
    };
    const DB = { withSession: () => stalls } as unknown as D1Database;
    vi.useFakeTimers();
    try {
      const ctx = { waitUntil: () => {} };
      const stalled = commandDeps({ ...env, DB, EVENTS: events as unknown as Env["EVENTS"] }, ctx);
      const waiting = acknowledgeAlert(stalled, command);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await waiting).toEqual({ outcome: "pending", consistencyToken: null });
    } finally {
      vi.useRealTimers();
    }
    expect(events.bodies.flatMap(({ records }) => records)).toHaveLength(1);
  });
});
