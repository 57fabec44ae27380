import { expect, it, vi } from "vitest";
import type { JobDeps } from "../../../workers/archive/jobs/job-kind.ts";
import { JobRunner } from "../../../workers/archive/jobs/job-runner.ts";
import { rebuild } from "../../../workers/archive/jobs/rebuild.ts";
import { inAJob } from "./dying.ts";
import { archive, clear, consume, DB, yearOf } from "./rebuild-world.ts";

vi.setConfig({ testTimeout: 60_000 });

const NAME = "Somebody's bedroom";

/** A rebuild with its runner, up to where it has noted live values that differ. */
async function untilNoted(deps: JobDeps): Promise<JobRunner> {
  const runner = new JobRunner("rebuild", {
    storage: {
      kv: deps.storage.kv,
      setAlarm: async () => {},
      getAlarm: async () => null,
    } as unknown as DurableObjectStorage,
    kinds: { rebuild: { kind: rebuild } },
    jobDeps: () => ({ ...deps, nowMs: Date.now() }),
    now: Date.now,
    random: () => 0,
  });
  await runner.start({ kind: "rebuild", params: { into: "D1", restart: true, pace: 100_000 }, actor: "ann" });
  for (let step = 0; step < 60 && !notesIn(deps).includes(NAME); step++) await runner.alarm();
  expect(notesIn(deps)).toContain(NAME);
  return runner;
}

const notesIn = ({ storage }: JobDeps): string =>
  [...storage.kv.list({ prefix: "rebuild:" })].map(([name, value]) => name + JSON.stringify(value)).join();

async function differing(seed: number): Promise<void> {
  const samples = yearOf(seed, 160);
  await clear(samples.map(({ event }) => event.deviceKey));
  await consume(samples);
  await archive(samples);
  await DB.prepare("UPDATE devices SET aspects = json_set(aspects, '$.profile.value.name', ?1)").bind(NAME).run();
}

it("A rebuild that is canceled keeps nothing of the live values that it has noted", async () => {
  await differing(41);
  await inAJob(async (deps) => {
    const runner = await untilNoted(deps);
    expect(runner.order("pause", "ann")).toMatchObject({ kind: "ok" });
    expect(runner.order("cancel", "ann")).toMatchObject({ kind: "ok" });
    expect(notesIn(deps)).toBe("");
  });
});

it("A rebuild that ends since somebody was forgotten keeps nothing of the live values that it has noted", async () => {
  await differing(42);
  await inAJob(async (deps) => {
    const runner = await untilNoted(deps);
    const stored = deps.storage.kv.get<{ progress: { plan: string[] } }>("job:run");
    // Where the switch would begin.
    if (stored) deps.storage.kv.put("job:run", { ...stored, progress: { ...stored.progress, plan: ["switch"] } });
    await DB.exec("INSERT INTO forgotten (id, until_ms, request_id) VALUES ('customer elt:C-1', 1, 'r-9')");
    await runner.alarm();
    await DB.exec("DELETE FROM forgotten");
    expect(runner.status()).toMatchObject({ state: "failed", why: expect.stringContaining("Somebody was forgotten") });
    expect(notesIn(deps)).toBe("");
  });
});
