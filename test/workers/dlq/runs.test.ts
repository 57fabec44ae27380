import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { REPLAY_LEASE_MS } from "#letters/repositories/dead-letter.ts";
import { MAX_BACKLOG } from "../../../workers/dlq/runs/pace.ts";
import { type Bench, bench, failing, letters, named, passing, sentIds } from "./run-bench.ts";
import { emptyOps, env, failOneRead, letter, recordNamed, TOPIC } from "./support.ts";

beforeEach(async () => {
  vi.restoreAllMocks();
  await emptyOps();
  await env.DB.exec("DELETE FROM devices");
});

describe("a run", () => {
  it("sends its canary, waits for the outcomes, then sends at its rate, and ends", async () => {
    const ids = named(25);
    await letters.park(ids.map((id) => passing(id)));
    const ops = bench();
    const run = await ops.plan({ filter: { topic: TOPIC } });
    await ops.start(run, { rate: 10, canary: 3 });
    await ops.step(run.id);
    expect(sentIds(ops.events)).toHaveLength(3);
    await ops.step(run.id);
    expect(sentIds(ops.events)).toHaveLength(3);
    expect(await ops.read(run.id)).toMatchObject({
      why: expect.stringContaining("0 of the 3 canary letters"),
      progress: { inFlight: 3 },
    });
    await ops.consume();
    const sizes: number[] = [];
    for (let i = 0; i < 4; i++) {
      await ops.step(run.id);
      sizes.push(sentIds(ops.events).length);
      await ops.consume();
    }
    expect(sizes).toEqual([10, 10, 2, 0]);
    expect(await ops.read(run.id)).toMatchObject({
      state: "done",
      endedAt: expect.any(String),
      progress: { applied: 25, waiting: 0 },
    });
    expect(await letters.idsWhere({ state: "resolved" }, 100)).toHaveLength(25);
    expect(
      (await ops.get(`/ops/api/audit?target=${run.id}`)).body.audit.map(({ action }: { action: string }) => action),
    ).toEqual(["run.end", "run.start", "plan.create"]);
    expect((await ops.get("/ops/api/runs")).body.runs[0]).toMatchObject({ id: run.id, state: "done" });
  });

  it("continues after a crash at any point, and sends no letter twice", async () => {
    const ids = named(30);
    await letters.park(ids.map((id) => passing(id)));
    const ops = bench();
    const run = await ops.plan({ ids });
    await ops.start(run, { rate: 7, canary: 0 });
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 6; i++) {
      await ops.step(run.id);
      await ops.kill(run.id);
      seen.push(...sentIds(ops.events));
      await ops.consume();
    }
    expect(await ops.read(run.id)).toMatchObject({ state: "done", progress: { applied: 30 } });
    expect(seen.sort()).toEqual(ids);
  });

  it("sends the letters that it had claimed when it crashed before sending them", async () => {
    await letters.park([passing("a")]);
    const ops = bench();
    const run = await ops.plan({ ids: ["a"] });
    await ops.start(run);
    // What D1 has if the object crashed between its claim and its own write.
    await letters.claim(["a"], { runId: run.id, nowMs: Date.now() });
    await ops.kill(run.id);
    await ops.step(run.id);
    expect(sentIds(ops.events)).toEqual(["a"]);
    expect(await letters.find("a")).toMatchObject({ replays: 1 });
  });

  it("sends a letter again if its outcome never arrived", async () => {
    await letters.park([passing("a")]);
    const ops = bench();
    const run = await ops.plan({ ids: ["a"] });
    await ops.start(run);
    await ops.step(run.id);
    ops.events.sent.splice(0);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 61_000);
    await ops.step(run.id);
    await ops.step(run.id);
    expect(sentIds(ops.events)).toEqual(["a"]);
  });

  it("pauses by itself when too many fail again, and says why", async () => {
    const [good, bad] = [named(32, "g"), named(8, "b")];
    await letters.park([...bad.map(failing), ...good.map((id) => passing(id))]);
    const ops = bench();
    const run = await ops.plan({ ids: [...bad, ...good] }, true);
    expect(run.plan).toMatchObject({ passes: 32, stillFailing: [{ count: 8 }] });
    await ops.start(run, { rate: 100, canary: 28, maxFailurePercent: 20 });
    await ops.step(run.id);
    await ops.consume();
    await ops.step(run.id);
    const paused = await ops.read(run.id);
    expect(paused).toMatchObject({ state: "paused", why: "8 of 28 replayed letters failed again" });
    expect(paused.progress).toMatchObject({ applied: 20, failed: 8 });
    const canceled = await ops.post(`/ops/api/runs/${run.id}/cancel`);
    expect(canceled.body).toMatchObject({ state: "canceled", progress: { waiting: 12 } });
    expect((await ops.post(`/ops/api/runs/${run.id}/resume`)).body.error.code).toBe("conflict");
  });

  it("is paused, resumed and canceled by an operator, and sends nothing while it is paused", async () => {
    await letters.park(named(9).map((id) => passing(id)));
    const ops = bench();
    const run = await ops.plan({ filter: { topic: TOPIC } });
    await ops.start(run, { rate: 3, canary: 0 });
    await ops.step(run.id);
    expect((await ops.post(`/ops/api/runs/${run.id}/pause`)).body).toMatchObject({ state: "paused" });
    await expect(ops.step(run.id)).rejects.toThrow();
    expect((await ops.post(`/ops/api/runs/${run.id}/resume`)).body).toMatchObject({ state: "running", why: null });
    await ops.step(run.id);
    expect(sentIds(ops.events)).toHaveLength(6);
    const why = { reason: "the contract is to be widened first" };
    expect((await ops.post(`/ops/api/runs/${run.id}/cancel`, why)).body).toMatchObject({
      state: "canceled",
      progress: { waiting: 3 },
    });
    const { audit } = (await ops.get(`/ops/api/audit?action=run.cancel&target=${run.id}`)).body;
    expect(audit).toMatchObject([{ before: { state: "running" }, ...why }]);
    expect(await letters.idsWhere({ state: "open" }, 10)).toHaveLength(3);
  });

  it("stays paused when it is paused during a send", async () => {
    await letters.park(named(9).map((id) => passing(id)));
    const state: Bench = {};
    const ops = bench(state);
    const run = await ops.plan({ filter: { topic: TOPIC } });
    await ops.start(run, { rate: 3, canary: 0 });
    state.whileSending = async () => void (await ops.post(`/ops/api/runs/${run.id}/pause`));
    await ops.step(run.id);
    expect(sentIds(ops.events)).toHaveLength(3);
    expect(await ops.read(run.id)).toMatchObject({ state: "paused", progress: { waiting: 6 } });
    expect(await runDurableObjectAlarm(env.RUNS.getByName(run.id))).toBe(false);
  });

  it("has its name in D1 alone, where a forgetting redacts it for good, and loses a copy of an earlier release", async () => {
    const ops = bench();
    await letters.park(named(2).map((id) => passing(id)));
    const run = await ops.plan({ filter: { topic: TOPIC } });
    expect(run.name).toBeNull();
    const started = await ops.start(run, { name: "the call of Ann Example", rate: 1, canary: 0 });
    expect(started.body).toMatchObject({ name: "the call of Ann Example", state: "running" });
    const stub = env.RUNS.getByName(run.id);
    const contents = () =>
      runInDurableObject(stub, (_, { storage }) => JSON.stringify([...storage.kv.list<unknown>()]));
    expect(await contents()).not.toContain("Ann Example");
    await ops.step(run.id);
    expect(await ops.read(run.id)).toMatchObject({ name: "the call of Ann Example" });
    await runInDurableObject(stub, (_, { storage }) => {
      const stored = storage.kv.get("run") as object;
      storage.kv.put("run", { ...stored, name: "the call of Ann Example" });
    });
    await env.DB.exec("UPDATE replay_runs SET run = json_set(run, '$.name', '[forgotten]')");
    await ops.step(run.id);
    expect(await ops.read(run.id)).toMatchObject({ name: "[forgotten]", state: "running" });
    expect((await ops.get("/ops/api/runs")).body.runs).toMatchObject([{ name: "[forgotten]", progress: { total: 2 } }]);
    expect(await contents()).not.toContain("Ann Example");
  });

  it("waits while many live records are in flight", async () => {
    await letters.park([passing("a")]);
    const state: Bench = { inFlight: MAX_BACKLOG + 1 };
    const ops = bench(state);
    const run = await ops.plan({ ids: ["a"] });
    await ops.start(run);
    await ops.step(run.id);
    expect(ops.events.sent).toEqual([]);
    expect(await ops.read(run.id)).toMatchObject({
      state: "running",
      why: expect.stringContaining("live records are processed first"),
    });
    state.inFlight = 0;
    await ops.step(run.id);
    expect(sentIds(ops.events)).toEqual(["a"]);
  });

  it("releases letters that the queue did not take, and sends them later", async () => {
    await letters.park([passing("a")]);
    const state: Bench = { refuses: true };
    const ops = bench(state);
    const run = await ops.plan({ ids: ["a"] });
    await ops.start(run);
    await ops.step(run.id);
    expect(await letters.find("a")).toMatchObject({ state: "open", replays: 0 });
    expect(await ops.read(run.id)).toMatchObject({
      why: expect.stringContaining("does not answer"),
      progress: { waiting: 1 },
    });
    state.refuses = false;
    await ops.step(run.id);
    expect(sentIds(ops.events)).toEqual(["a"]);
  });

  it("releases letters that it could not read, and sends them later", async () => {
    await letters.park([passing("a")]);
    const ops = bench();
    const run = await ops.plan({ ids: ["a"] });
    await ops.start(run);
    failOneRead();
    await ops.step(run.id);
    expect(await letters.find("a")).toMatchObject({ state: "open", replays: 0 });
    expect(await ops.read(run.id)).toMatchObject({
      why: expect.stringContaining("does not answer"),
      progress: { waiting: 1, inFlight: 0 },
    });
    await ops.step(run.id);
    expect(sentIds(ops.events)).toEqual(["a"]);
  });

  it("sends each letter once when two runs have the same letters", async () => {
    const ids = named(40);
    await letters.park(ids.map((id) => passing(id)));
    const ops = bench();
    const runs = [await ops.plan({ ids }), await ops.plan({ ids })];
    for (const run of runs) await ops.start(run, { rate: 15, canary: 0 });
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 5; i++) {
      for (const { id } of runs) await ops.equip(id);
      await Promise.all(runs.map(({ id }) => runDurableObjectAlarm(env.RUNS.getByName(id))));
      seen.push(...sentIds(ops.events));
      await ops.consume();
    }
    expect(seen.sort()).toEqual(ids);
    const [a, b] = await Promise.all(runs.map(({ id }) => ops.read(id)));
    expect([a?.state, b?.state]).toEqual(["done", "done"]);
    expect((a?.progress.applied ?? 0) + (b?.progress.applied ?? 0)).toBe(40);
  });

  it("skips discarded letters, sends edited ones as edited, and never overwrites newer state with an old letter", async () => {
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
    const ops = bench();
    const newer = await ops.plan({ ids: ["new"] });
    await ops.start(newer);
    await ops.step(newer.id);
    await ops.consume();
    const older = await ops.plan({ ids: ["old", "thrown"] });
    await ops.post("/ops/api/discards", { selection: { ids: ["thrown"] }, reason: "noise" });
    await ops.start(older);
    await ops.step(older.id);
    await ops.consume();
    await ops.step(older.id);
    expect(await ops.read(older.id)).toMatchObject({ state: "done", progress: { superseded: 1, skipped: 1 } });
    const row = await env.DB.prepare("SELECT aspects FROM devices WHERE key = 'infinity:run-same'").first<{
      aspects: string;
    }>();
    expect(JSON.parse(row?.aspects ?? "{}").profile.value.name).toBe("New");
    expect(await letters.find("old")).toMatchObject({ state: "resolved", outcome: "superseded" });
  });

  it("skips a letter that is being replayed elsewhere, until the lease of that replay has expired", async () => {
    await letters.park([passing("a")]);
    const ops = bench();
    const run = await ops.plan({ ids: ["a"] });
    const claimedAtMs = Date.now();
    await letters.claim(["a"], { runId: "other", nowMs: claimedAtMs });
    await ops.start(run);
    await ops.step(run.id);
    expect(await ops.read(run.id)).toMatchObject({ progress: { skipped: 1 } });
    expect(await letters.claim(["a"], { runId: run.id, nowMs: claimedAtMs + REPLAY_LEASE_MS })).toEqual(["a"]);
  });
});
