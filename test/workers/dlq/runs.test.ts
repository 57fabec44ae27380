import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Run } from "../../../src/shared/desk/api.ts";
import type { DeadLetterMessage } from "../../../src/shared/queue/letter.ts";
import type { Parcel } from "../../../src/shared/queue/parcel.ts";
import { DeadLetterRepository, REPLAY_LEASE_MS } from "../../../src/shared/repositories/dead-letter.ts";
import { FleetRepository } from "../../../src/shared/repositories/fleet.ts";
import { SHARD_NAMES } from "../../../src/shared/telemetry/shards.ts";
import { type ParkDeps, park } from "../../../workers/dlq/park.ts";
import { MAX_BACKLOG } from "../../../workers/dlq/runs/pace.ts";
import type { ReplayRun } from "../../../workers/dlq/runs/replay-run.ts";
import { consume } from "../../../workers/ingest/consume.ts";
import { deskOf, emptyDesk, env, failOneRead, fakeMetrics, fakeQueue, letter, recordNamed, TOPIC } from "./support.ts";

const letters = new DeadLetterRepository(env.DB);

beforeEach(async () => {
  vi.restoreAllMocks();
  await emptyDesk();
  await env.DB.exec("DELETE FROM devices");
});

/** A letter whose record passes by now; `deviceId` has the letters of a test apart. */
const passing = (id: string, occurredAt = "2026-11-23T12:00:00.000Z", name = `Device ${id}`) =>
  letter(id, {
    record: recordNamed(id, {
      value: JSON.stringify({ eventId: id, occurredAt, deviceId: `run-${id}`, data: { name } }),
    }),
    failedAtMs: Date.now() - 60_000,
  });

/** One that goes on failing. */
const failing = (id: string) =>
  letter(id, {
    record: recordNamed(id, {
      value: `{"eventId":"${id}","occurredAt":"2026-11-23T12:00:00Z","deviceId":"run-${id}"}`,
    }),
    failedAtMs: Date.now() - 60_000,
  });

const named = (count: number, prefix = "l") =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(5, "0")}`);

type Bench = { refuses?: boolean; inFlight?: number; whileSending?: () => Promise<void> };

/** The desk and its runs over the real D1 and the real objects, with a consumer that works when it is told to. */
function bench(state: Bench = {}) {
  const events = fakeQueue<Parcel>();
  const metrics = fakeMetrics();
  const queue = {
    async sendBatch(messages: Iterable<MessageSendRequest<Parcel>>) {
      await state.whileSending?.();
      if (state.refuses) throw new Error("Queue sendBatch failed");
      return events.sendBatch(messages);
    },
  };
  // What is in flight is known to one of the objects; the others know of nothing.
  const enteredAt = (name: string) => (name === SHARD_NAMES[1] ? (state.inFlight ?? 0) : 0);
  const lastHour = (name: string) => async () => ({ entered: enteredAt(name), settled: 0 });
  const METRICS = { getByName: (name: string) => ({ ...metrics, lastHour: lastHour(name) }) };
  const desk = deskOf({ nowMs: Date.now() });
  const stubOf = (id: string) => env.RUNS.getByName(id);
  const equip = (id: string) =>
    runInDurableObject(stubOf(id), (instance: ReplayRun) => {
      Object.assign(instance, { env: { ...env, EVENTS: queue, METRICS } });
      const { storage } = (instance as unknown as { ctx: DurableObjectState }).ctx;
      if (vi.isMockFunction(storage.setAlarm)) return;
      // Its clock is the test: no alarm goes off by itself.
      const setAlarm = storage.setAlarm.bind(storage);
      vi.spyOn(storage, "setAlarm").mockImplementation((at) => setAlarm(Number(at) + 3_600_000));
    });
  return {
    ...desk,
    events,
    equip,
    plan: async (selection: unknown, force = false): Promise<Run> =>
      (await desk.post("/ops/api/plans", { selection, force })).body,
    start: async (run: Run, order: object = {}) => {
      await equip(run.id);
      return desk.post(`/ops/api/runs/${run.id}/start`, { hash: run.hash, name: "a test", ...order });
    },
    read: async (id: string): Promise<Run> => (await desk.get(`/ops/api/runs/${id}`)).body,
    /** Lets time pass until the run's next step. */
    step: async (id: string) => {
      await equip(id);
      expect(await runDurableObjectAlarm(stubOf(id))).toBe(true);
    },
    kill: (id: string) => evictDurableObject(stubOf(id)),
    /** The real consumer merges what was sent, and the desk hears of it. */
    consume: async () => {
      const parcels = events.sent.splice(0);
      const deadLetters = fakeQueue<DeadLetterMessage>();
      const returned: ParkDeps["deadLetters"] = { sendBatch: async () => undefined };
      const deps = {
        fleet: new FleetRepository(env.DB),
        objectWrites: "live" as const,
        mergeIntoObject: async () => ({ outcomes: [], rowsWritten: 0 }),
        announce: async () => undefined as never,
        events: fakeQueue<Parcel>(),
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

const sentIds = (events: { sent: readonly Parcel[] }) =>
  events.sent.flatMap(({ records }) => records.map(({ letterId }) => letterId));

describe("a plan", () => {
  it("says what a replay would do, letter by letter, and changes nothing", async () => {
    const { plan, read } = bench();
    await letters.park([passing("new"), passing("same"), failing("bad1"), failing("bad2")]);
    await letters.park([passing("done"), passing("gone"), passing("going")]);
    await letters.settle([{ letterId: "done", outcome: "applied", settledAtMs: Date.now() }]);
    await letters.claim(["going"], { runId: "other", nowMs: Date.now() });
    const run = await plan({ ids: ["new", "same", "bad1", "bad2", "done", "going", "nobody"] });
    expect(run).toMatchObject({ state: "planned", name: null, progress: { total: 2, waiting: 2 } });
    expect(run.plan).toEqual({
      selected: 6,
      passes: 2,
      superseded: 0,
      duplicate: 0,
      tooLarge: 0,
      refused: expect.arrayContaining([
        { why: "resolved", count: 1 },
        { why: "replaying", count: 1 },
      ]),
      stillFailing: [{ group: expect.any(String), signature: expect.stringContaining("at data"), count: 2 }],
    });
    expect(await letters.find("new")).toMatchObject({ state: "open", replays: 0 });
    expect(await read(run.id)).toEqual(run);
  });

  it("knows what is superseded and what is there already, by the devices as they are", async () => {
    const desk = bench();
    const value = (eventId: string, occurredAt: string) => ({
      value: JSON.stringify({ eventId, occurredAt, deviceId: "run-x", data: { name: eventId } }),
    });
    const [older, newer] = ["2026-11-23T10:00:00.000Z", "2026-11-23T11:00:00.000Z"];
    await letters.park([letter("seen", { record: recordNamed("seen", value("seen", newer)) })]);
    const first = await desk.plan({ ids: ["seen"] });
    await desk.start(first);
    await desk.step(first.id);
    await desk.consume();
    await letters.park([
      letter("late", { record: recordNamed("late", value("late", older)) }),
      letter("twin", { record: recordNamed("twin", value("seen", newer)) }),
    ]);
    expect((await desk.plan({ ids: ["late", "twin"] })).plan).toMatchObject({ passes: 0, superseded: 1, duplicate: 1 });
  });

  it("has a hash that a start has to give, and that another plan does not have", async () => {
    await letters.park([passing("a"), passing("b")]);
    const { plan, start, post } = bench();
    const [one, both] = [await plan({ ids: ["a"] }), await plan({ ids: ["a", "b"] })];
    expect(one.hash).not.toBe(both.hash);
    const wrong = await start({ ...one, hash: both.hash });
    expect([wrong.status, wrong.body.error.code]).toEqual([409, "plan_changed"]);
    expect((await post(`/ops/api/runs/${one.id}/start`, { hash: one.hash })).body.error.code).toBe("invalid_parameter");
    expect((await start(one)).status).toBe(202);
    expect((await start(one)).body.error.code).toBe("conflict");
  });

  it("is not started once another Worker is deployed, or an hour has gone", async () => {
    await letters.park([passing("a")]);
    const desk = bench();
    const run = await desk.plan({ ids: ["a"] });
    const later = deskOf({ nowMs: Date.now(), workerVersion: "after" });
    const answer = await later.post(`/ops/api/runs/${run.id}/start`, { hash: run.hash, name: "n" });
    expect(answer.body.error).toMatchObject({
      code: "plan_changed",
      message: expect.stringContaining("deployed anew"),
    });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_700_000);
    expect((await desk.start(run)).body.error.message).toContain("older than an hour");
  });
});

describe("a run", () => {
  it("sends its canary, waits for it, then goes at its rate, and ends", async () => {
    const ids = named(25);
    await letters.park(ids.map((id) => passing(id)));
    const desk = bench();
    const run = await desk.plan({ filter: { topic: TOPIC } });
    await desk.start(run, { rate: 10, canary: 3 });
    await desk.step(run.id);
    expect(sentIds(desk.events)).toHaveLength(3);
    await desk.step(run.id);
    expect(sentIds(desk.events)).toHaveLength(3);
    expect(await desk.read(run.id)).toMatchObject({
      why: expect.stringContaining("0 are back"),
      progress: { inFlight: 3 },
    });
    await desk.consume();
    const sizes: number[] = [];
    for (let i = 0; i < 4; i++) {
      await desk.step(run.id);
      sizes.push(sentIds(desk.events).length);
      await desk.consume();
    }
    expect(sizes).toEqual([10, 10, 2, 0]);
    expect(await desk.read(run.id)).toMatchObject({
      state: "done",
      endedAt: expect.any(String),
      progress: { applied: 25, waiting: 0 },
    });
    expect(await letters.idsWhere({ state: "resolved" }, 100)).toHaveLength(25);
    expect(
      (await desk.get(`/ops/api/audit?target=${run.id}`)).body.audit.map(({ action }: { action: string }) => action),
    ).toEqual(["run.end", "run.start", "plan.create"]);
    expect((await desk.get("/ops/api/runs")).body.runs[0]).toMatchObject({ id: run.id, state: "done" });
  });

  it("that is killed at any point goes on where it was, and sends no letter twice", async () => {
    const ids = named(30);
    await letters.park(ids.map((id) => passing(id)));
    const desk = bench();
    const run = await desk.plan({ ids });
    await desk.start(run, { rate: 7, canary: 0 });
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 6; i++) {
      await desk.step(run.id);
      await desk.kill(run.id);
      seen.push(...sentIds(desk.events));
      await desk.consume();
    }
    expect(await desk.read(run.id)).toMatchObject({ state: "done", progress: { applied: 30 } });
    expect(seen.sort()).toEqual(ids);
  });

  it("that dies between its claim and its sending sends what it claimed", async () => {
    await letters.park([passing("a")]);
    const desk = bench();
    const run = await desk.plan({ ids: ["a"] });
    await desk.start(run);
    // As D1 has it when the object died before it wrote anything down.
    await letters.claim(["a"], { runId: run.id, nowMs: Date.now() });
    await desk.kill(run.id);
    await desk.step(run.id);
    expect(sentIds(desk.events)).toEqual(["a"]);
    expect(await letters.find("a")).toMatchObject({ replays: 1 });
  });

  it("sends a letter again whose outcome never came", async () => {
    await letters.park([passing("a")]);
    const desk = bench();
    const run = await desk.plan({ ids: ["a"] });
    await desk.start(run);
    await desk.step(run.id);
    desk.events.sent.splice(0);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 61_000);
    await desk.step(run.id);
    await desk.step(run.id);
    expect(sentIds(desk.events)).toEqual(["a"]);
  });

  it("pauses by itself when too many fail again, and says why", async () => {
    const [good, bad] = [named(32, "g"), named(8, "b")];
    await letters.park([...bad.map(failing), ...good.map((id) => passing(id))]);
    const desk = bench();
    const run = await desk.plan({ ids: [...bad, ...good] }, true);
    expect(run.plan).toMatchObject({ passes: 32, stillFailing: [{ count: 8 }] });
    await desk.start(run, { rate: 100, canary: 28, maxFailurePercent: 20 });
    await desk.step(run.id);
    await desk.consume();
    await desk.step(run.id);
    const paused = await desk.read(run.id);
    expect(paused).toMatchObject({ state: "paused", why: "8 of 28 that came back have failed again" });
    expect(paused.progress).toMatchObject({ applied: 20, failed: 8 });
    const canceled = await desk.post(`/ops/api/runs/${run.id}/cancel`);
    expect(canceled.body).toMatchObject({ state: "canceled", progress: { waiting: 12 } });
    expect((await desk.post(`/ops/api/runs/${run.id}/resume`)).body.error.code).toBe("conflict");
  });

  it("is paused, resumed and canceled by an operator, and sends nothing while it stands", async () => {
    await letters.park(named(9).map((id) => passing(id)));
    const desk = bench();
    const run = await desk.plan({ filter: { topic: TOPIC } });
    await desk.start(run, { rate: 3, canary: 0 });
    await desk.step(run.id);
    expect((await desk.post(`/ops/api/runs/${run.id}/pause`)).body).toMatchObject({ state: "paused" });
    await expect(desk.step(run.id)).rejects.toThrow();
    expect((await desk.post(`/ops/api/runs/${run.id}/resume`)).body).toMatchObject({ state: "running", why: null });
    await desk.step(run.id);
    expect(sentIds(desk.events)).toHaveLength(6);
    const why = { reason: "the contract is to be widened first" };
    expect((await desk.post(`/ops/api/runs/${run.id}/cancel`, why)).body).toMatchObject({
      state: "canceled",
      progress: { waiting: 3 },
    });
    const { audit } = (await desk.get(`/ops/api/audit?action=run.cancel&target=${run.id}`)).body;
    expect(audit).toMatchObject([{ before: { state: "running" }, ...why }]);
    expect(await letters.idsWhere({ state: "open" }, 10)).toHaveLength(3);
  });

  it("stays paused when it is paused while it sends", async () => {
    await letters.park(named(9).map((id) => passing(id)));
    const state: Bench = {};
    const desk = bench(state);
    const run = await desk.plan({ filter: { topic: TOPIC } });
    await desk.start(run, { rate: 3, canary: 0 });
    state.whileSending = async () => void (await desk.post(`/ops/api/runs/${run.id}/pause`));
    await desk.step(run.id);
    expect(sentIds(desk.events)).toHaveLength(3);
    expect(await desk.read(run.id)).toMatchObject({ state: "paused", progress: { waiting: 6 } });
    expect(await runDurableObjectAlarm(env.RUNS.getByName(run.id))).toBe(false);
  });

  it("yields to live records", async () => {
    await letters.park([passing("a")]);
    const state: Bench = { inFlight: MAX_BACKLOG + 1 };
    const desk = bench(state);
    const run = await desk.plan({ ids: ["a"] });
    await desk.start(run);
    await desk.step(run.id);
    expect(desk.events.sent).toEqual([]);
    expect(await desk.read(run.id)).toMatchObject({
      state: "running",
      why: expect.stringContaining("live records go first"),
    });
    state.inFlight = 0;
    await desk.step(run.id);
    expect(sentIds(desk.events)).toEqual(["a"]);
  });

  it("puts letters back that the queue did not take, and sends them when it does", async () => {
    await letters.park([passing("a")]);
    const state: Bench = { refuses: true };
    const desk = bench(state);
    const run = await desk.plan({ ids: ["a"] });
    await desk.start(run);
    await desk.step(run.id);
    expect(await letters.find("a")).toMatchObject({ state: "open", replays: 0 });
    expect(await desk.read(run.id)).toMatchObject({
      why: expect.stringContaining("out of reach"),
      progress: { waiting: 1 },
    });
    state.refuses = false;
    await desk.step(run.id);
    expect(sentIds(desk.events)).toEqual(["a"]);
  });

  it("puts letters back that it claimed and could not read, and sends them when it can", async () => {
    await letters.park([passing("a")]);
    const desk = bench();
    const run = await desk.plan({ ids: ["a"] });
    await desk.start(run);
    failOneRead();
    await desk.step(run.id);
    expect(await letters.find("a")).toMatchObject({ state: "open", replays: 0 });
    expect(await desk.read(run.id)).toMatchObject({
      why: expect.stringContaining("out of reach"),
      progress: { waiting: 1, inFlight: 0 },
    });
    await desk.step(run.id);
    expect(sentIds(desk.events)).toEqual(["a"]);
  });

  it("of two operators over the same letters sends each once", async () => {
    const ids = named(40);
    await letters.park(ids.map((id) => passing(id)));
    const desk = bench();
    const runs = [await desk.plan({ ids }), await desk.plan({ ids })];
    for (const run of runs) await desk.start(run, { rate: 15, canary: 0 });
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 5; i++) {
      for (const { id } of runs) await desk.equip(id);
      await Promise.all(runs.map(({ id }) => runDurableObjectAlarm(env.RUNS.getByName(id))));
      seen.push(...sentIds(desk.events));
      await desk.consume();
    }
    expect(seen.sort()).toEqual(ids);
    const [a, b] = await Promise.all(runs.map(({ id }) => desk.read(id)));
    expect([a?.state, b?.state]).toEqual(["done", "done"]);
    expect((a?.progress.applied ?? 0) + (b?.progress.applied ?? 0)).toBe(40);
  });

  it("skips what was discarded, edits what was edited, and never overwrites newer state with an old letter", async () => {
    const at = (eventId: string, occurredAt: string, name: string) =>
      letter(eventId, {
        record: recordNamed(eventId, {
          value: JSON.stringify({ eventId, occurredAt, deviceId: "run-same", data: { name } }),
        }),
      });
    await letters.park([
      at("old", "2026-11-23T10:00:00.000Z", "Old"),
      at("new", "2026-11-23T11:00:00.000Z", "New"),
      passing("thrown"),
    ]);
    const desk = bench();
    const newer = await desk.plan({ ids: ["new"] });
    await desk.start(newer);
    await desk.step(newer.id);
    await desk.consume();
    const older = await desk.plan({ ids: ["old", "thrown"] });
    await desk.post("/ops/api/discards", { selection: { ids: ["thrown"] }, reason: "noise" });
    await desk.start(older);
    await desk.step(older.id);
    await desk.consume();
    await desk.step(older.id);
    expect(await desk.read(older.id)).toMatchObject({ state: "done", progress: { superseded: 1, skipped: 1 } });
    const row = await env.DB.prepare("SELECT aspects FROM devices WHERE key = 'infinity:run-same'").first<{
      aspects: string;
    }>();
    expect(JSON.parse(row?.aspects ?? "{}").profile.value.name).toBe("New");
    expect(await letters.find("old")).toMatchObject({ state: "resolved", outcome: "superseded" });
  });

  it("leaves a letter to whoever else is replaying it, until that has taken too long", async () => {
    await letters.park([passing("a")]);
    const desk = bench();
    const run = await desk.plan({ ids: ["a"] });
    const claimedAtMs = Date.now();
    await letters.claim(["a"], { runId: "other", nowMs: claimedAtMs });
    await desk.start(run);
    await desk.step(run.id);
    expect(await desk.read(run.id)).toMatchObject({ progress: { skipped: 1 } });
    expect(await letters.claim(["a"], { runId: run.id, nowMs: claimedAtMs + REPLAY_LEASE_MS })).toEqual(["a"]);
  });
});
