import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, vi } from "vitest";
import type { DeadLetterMessage } from "#letters/letter.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import type { Run } from "#ops/api.ts";
import type { Parcel } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import { SHARD_NAMES } from "#telemetry/shards.ts";
import { type ParkDeps, park } from "../../../workers/dlq/park.ts";
import type { ReplayRun } from "../../../workers/dlq/runs/replay-run.ts";
import { consume } from "../../../workers/ingest/consume.ts";
import { env, fakeMetrics, fakeQueue, letter, opsOf, recordNamed } from "./support.ts";

export const letters = new DeadLetterRepository(env.DB);

/** A letter whose record passes by now; `deviceId` keeps the letters of a test apart. */
export const passing = (id: string, occurredAt = "2026-11-23T12:00:00.000Z", name = `Device ${id}`) =>
  letter(id, {
    record: recordNamed(id, {
      value: JSON.stringify({ eventId: id, occurredAt, deviceId: `run-${id}`, data: { name } }),
    }),
    failedAtMs: Date.now() - 60_000,
  });

/** A letter that fails again. */
export const failing = (id: string) =>
  letter(id, {
    record: recordNamed(id, {
      value: `{"eventId":"${id}","occurredAt":"2026-11-23T12:00:00Z","deviceId":"run-${id}"}`,
    }),
    failedAtMs: Date.now() - 60_000,
  });

export const named = (count: number, prefix = "l") =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(5, "0")}`);

export type Bench = { refuses?: boolean; inFlight?: number; whileSending?: () => Promise<void> };

/**
 * The operations API and its runs over the real D1 and real objects, with a consumer that runs when a test calls it.
 */
export function bench(state: Bench = {}) {
  const events = fakeQueue<Parcel>();
  const metrics = fakeMetrics();
  const queue = {
    async sendBatch(messages: Iterable<MessageSendRequest<Parcel>>) {
      await state.whileSending?.();
      if (state.refuses) throw new Error("Queue sendBatch failed");
      return events.sendBatch(messages);
    },
  };
  // One of the metrics objects counts the records in flight; the others have counted nothing.
  const enteredAt = (name: string) => (name === SHARD_NAMES[1] ? (state.inFlight ?? 0) : 0);
  const lastHour = (name: string) => async () => ({ entered: enteredAt(name), settled: 0 });
  const METRICS = { getByName: (name: string) => ({ ...metrics, lastHour: lastHour(name) }) };
  const ops = opsOf({ nowMs: Date.now() });
  const stubOf = (id: string) => env.RUNS.getByName(id);
  const equip = (id: string) =>
    runInDurableObject(stubOf(id), (instance: ReplayRun) => {
      Object.assign(instance, { env: { ...env, EVENTS: queue, METRICS } });
      const { storage } = (instance as unknown as { ctx: DurableObjectState }).ctx;
      if (vi.isMockFunction(storage.setAlarm)) return;
      // The test runs the alarms; none fires by itself.
      const setAlarm = storage.setAlarm.bind(storage);
      vi.spyOn(storage, "setAlarm").mockImplementation((at) => setAlarm(Number(at) + 3_600_000));
    });
  return {
    ...ops,
    events,
    equip,
    plan: async (selection: unknown, force = false): Promise<Run> =>
      (await ops.post("/ops/api/plans", { selection, force })).body,
    start: async (run: Run, order: object = {}) => {
      await equip(run.id);
      return ops.post(`/ops/api/runs/${run.id}/start`, { hash: run.hash, name: "a test", ...order });
    },
    read: async (id: string): Promise<Run> => (await ops.get(`/ops/api/runs/${id}`)).body,
    /** Advances time to the run's next step. */
    step: async (id: string) => {
      await equip(id);
      expect(await runDurableObjectAlarm(stubOf(id))).toBe(true);
    },
    kill: (id: string) => evictDurableObject(stubOf(id)),
    /** The real consumer merges what was sent, and its settlements are consumed. */
    consume: async () => {
      const parcels = events.sent.splice(0);
      const deadLetters = fakeQueue<DeadLetterMessage>();
      const returned: ParkDeps["deadLetters"] = { sendBatch: async () => undefined };
      const deps = {
        fleet: new FleetRepository(env.DB),
        objectWrites: "live" as const,
        mergeIntoObject: async () => ({ outcomes: [], rowsWritten: 0 }),
        announce: async () => undefined,
        deliver: async () => undefined,
        events: fakeQueue<Parcel>(),
        backfill: fakeQueue<Parcel>(),
        deadLetters,
        now: Date.now,
        random: () => 0,
        workerVersion: "next",
      };
      await consume(
        deps,
        parcels.map((body) => ({ body, attempts: 1 })),
      );
      const parkDeps = {
        letters,
        suspects: fakeQueue(),
        deadLetters: returned,
        metrics,
        workerVersion: "next",
        random: () => 0,
      };
      await park(
        parkDeps,
        deadLetters.sent.map((body) => ({ body, attempts: 1, timestamp: new Date() })),
      );
    },
  };
}

export const sentIds = (events: { sent: readonly Parcel[] }) =>
  events.sent.flatMap(({ records }) => records.map(({ letterId }) => letterId));
