import { describe, expect, it } from "vitest";
import { MINUTE_MS } from "#domain/time.ts";
import type { JobOrder } from "#ops/archive-api.ts";
import {
  type JobDeps,
  type JobKind,
  JobProblem,
  type JobSchedule,
  type NotesLeft,
  type RegisteredKind,
} from "../../../workers/archive/jobs/job-kind.ts";
import { JobRunner } from "../../../workers/archive/jobs/job-runner.ts";
import { rebuild } from "../../../workers/archive/jobs/rebuild.ts";
import { shelvesOf } from "../../../workers/archive/jobs/verification/shelves.ts";
import { verification } from "../../../workers/archive/jobs/verification.ts";
import { inAJob } from "./dying.ts";

const NOTED_MS = Date.UTC(2026, 10, 23, 12);
const BEFORE_MS = NOTED_MS - 10 * MINUTE_MS;
const LATER_MS = NOTED_MS + 10 * MINUTE_MS;

/** A run that notes something in each step. Its step waits as long as the gate is closed, and notes afterwards. */
function noting() {
  const gate = { open: () => {}, opened: Promise.resolve() };
  const close = (): void => {
    gate.opened = new Promise((resolve) => {
      gate.open = resolve;
    });
  };
  const kind: JobKind<unknown, { readonly at: number }> = {
    begin: async () => ({ at: 0 }),
    step: async ({ at }, { storage }) => {
      await gate.opened;
      storage.kv.put(`note:${at}`, "Ann Example");
      return { state: { at: at + 1 }, isDone: false };
    },
    report: ({ at }) => ({ phase: "Notes.", done: at, total: null, unit: "notes", figures: {} }),
    leave: ({ kv }): NotesLeft => {
      const names = [...kv.list({ prefix: "note:", limit: 2 })].map(([name]) => name);
      for (const name of names) kv.delete(name);
      return { removed: names.length, isEmpty: names.length < 2 };
    },
  };
  return { kind, gate, close };
}

/** Due until one has had its turn. */
const schedule: JobSchedule = { paramsIfDue: (_, { scheduled }) => (scheduled === null ? {} : undefined) };

/** A runner in the object of verification, by a clock that the test sets. It counts the alarms that it asks for. */
function runnerOf(deps: JobDeps, kind: RegisteredKind["kind"], nowMs = BEFORE_MS) {
  const clock = { nowMs, alarms: 0 };
  const runner = new JobRunner("verification", {
    storage: {
      kv: deps.storage.kv,
      setAlarm: async () => void clock.alarms++,
      getAlarm: async () => null,
    } as unknown as DurableObjectStorage,
    kinds: { verification: { kind, schedule } },
    jobDeps: () => ({ ...deps, nowMs: clock.nowMs }),
    now: () => clock.nowMs,
    random: () => 0,
  });
  const start = (actor = "ann") => runner.start({ kind: "verification", params: {}, actor } satisfies JobOrder);
  return { runner, clock, start };
}

const notesIn = ({ storage }: JobDeps, prefix = "note:"): string[] =>
  [...storage.kv.list({ prefix })].map(([name]) => name);

async function forgetAll(runner: JobRunner): Promise<{ removed: number; calls: number }> {
  for (let calls = 1, all = 0; ; calls++) {
    const { removed, isEmpty } = await runner.forget(NOTED_MS);
    all += removed;
    if (isEmpty) return { removed: all, calls };
  }
}

describe("a run that began before somebody was forgotten", () => {
  it.each(["running", "paused", "failed"] as const)(
    "and is %s is ended, says why, and loses its notes",
    async (state) => {
      await inAJob(async (deps) => {
        const { kind } = noting();
        const { runner, start } = runnerOf(deps, kind);
        await start();
        for (let step = 0; step < 5; step++) await runner.alarm();
        if (state === "paused") runner.order("pause", "bob");
        if (state === "failed")
          deps.storage.kv.put("job:run", { ...(deps.storage.kv.get("job:run") as object), state });
        expect(notesIn(deps)).toHaveLength(5);
        expect(await forgetAll(runner)).toEqual({ removed: 5, calls: 3 });
        expect(runner.status()).toMatchObject({
          state: "canceled",
          why: "a customer was forgotten, so what it had noted was removed; start it again",
          endedAt: new Date(BEFORE_MS).toISOString(),
        });
        await runner.alarm();
        expect(notesIn(deps)).toEqual([]);
        expect(await forgetAll(runner)).toEqual({ removed: 0, calls: 1 });
      });
    },
  );

  it("and is in the middle of a step notes nothing afterwards", async () => {
    await inAJob(async (deps) => {
      const { kind, gate, close } = noting();
      const { runner, start } = runnerOf(deps, kind);
      await start();
      await runner.alarm();
      close();
      const stepping = runner.alarm();
      const forgetting = forgetAll(runner);
      // It has to wait: a call that answers now leaves what the step is about to note.
      expect(await Promise.race([forgetting, scheduler.wait(20).then(() => "waits")])).toBe("waits");
      gate.open();
      await forgetting;
      expect(notesIn(deps)).toEqual([]);
      await stepping;
      await runner.alarm();
      expect(notesIn(deps)).toEqual([]);
      expect(runner.status()).toMatchObject({ state: "canceled", steps: 1 });
    });
  });

  it("and that the schedule began is begun again by it", async () => {
    await inAJob(async (deps) => {
      const { runner, clock, start } = runnerOf(deps, noting().kind);
      await start("schedule");
      await runner.alarm();
      await forgetAll(runner);
      expect(runner.status().why).toContain("the schedule starts it again");
      clock.nowMs = LATER_MS;
      await runner.tick();
      expect(runner.status()).toMatchObject({ state: "running", steps: 0, actor: "schedule" });
      runner.order("cancel", "bob");
      await runner.tick();
      expect(runner.status()).toMatchObject({ state: "canceled", why: "bob canceled it" });
    });
  });

  it("is not given back to the schedule by a start that is refused at the same time", async () => {
    await inAJob(async (deps) => {
      const { kind } = noting();
      const begun = { refuse: (_: unknown) => {} };
      const refusing: typeof kind = {
        ...kind,
        begin: (params, its) =>
          (params as { refuse?: true }).refuse
            ? new Promise((_, reject) => {
                begun.refuse = reject;
              })
            : kind.begin(params, its),
      };
      const { runner, start } = runnerOf(deps, refusing);
      await start("schedule");
      await runner.alarm();
      const starting = runner.start({ kind: "verification", params: { refuse: true }, actor: "ann" });
      await scheduler.wait(5);
      expect(await runner.forget(NOTED_MS)).toEqual({ removed: 0, isEmpty: false });
      begun.refuse(new Error("put: We encountered an internal error. Please try again. (10001)"));
      expect(await starting).toMatchObject({ kind: "unavailable" });
      expect(runner.status()).toMatchObject({ state: "running" });
      await forgetAll(runner);
      expect([runner.status().state, notesIn(deps)]).toEqual(["canceled", []]);
    });
  });
});

it("a run that began after somebody was forgotten goes on with its notes", async () => {
  await inAJob(async (deps) => {
    const { runner, start } = runnerOf(deps, noting().kind, LATER_MS);
    await start();
    await runner.alarm();
    expect(await forgetAll(runner)).toEqual({ removed: 0, calls: 1 });
    await runner.alarm();
    expect([runner.status().state, notesIn(deps).length]).toEqual(["running", 2]);
  });
});

it("a rebuild of the live database goes on when somebody is forgotten, and one beside it does not unless it follows", () => {
  const state = (into: "D1" | "live", plan: readonly string[]) => ({ params: { into }, plan }) as never;
  const goesOn = (into: "D1" | "live", ...plan: string[]) => rebuild.outlivesForgetting?.(state(into, plan));
  expect([goesOn("live", "replay"), goesOn("D1", "replay", "follow"), goesOn("D1", "follow", "empty")]).toEqual([
    true,
    false,
    true,
  ]);
});

it("a verification that an operator cancels loses all that it has noted, whatever its size, and keeps what it has found", async () => {
  await inAJob(async (deps) => {
    const { runner, clock, start } = runnerOf(deps, verification);
    await start();
    const shelves = shelvesOf(deps.storage);
    const fold = { device: null, uncertain: [] };
    const large = { device: { name: "Ann Example".repeat(60_000) } as never, uncertain: [] };
    await shelves.devices.put(
      new Map(Array.from({ length: 1_200 }, (_, i) => [`elt:${i}`, i < 30 ? large : fold] as const)),
    );
    await shelves.parties.put(new Map([["customer elt:C-1", { register: null, uncertain: [] }]]));
    await shelves.openDevices.put(new Map([["elt:1", { live: {} as never, explained: [] }]]));
    await shelves.openParties.put(new Map([["customer elt:C-1", { live: {} as never, isExplained: false }]]));
    await shelves.differences.put(new Map([["00 run hash", {} as never]]));
    expect(notesIn(deps, "piece:").length).toBeGreaterThan(30);
    expect(runner.order("cancel", "bob")).toMatchObject({ kind: "ok" });
    let alarms = clock.alarms;
    for (let fired = -1; fired !== alarms; ) {
      fired = alarms;
      await runner.alarm();
      alarms = clock.alarms;
    }
    expect([...notesIn(deps, "piece:"), ...notesIn(deps, "verify:")]).toEqual(["verify:difference:00 run hash"]);
    expect(runner.status()).toMatchObject({ state: "canceled", why: "bob canceled it" });
  });
});

describe("a run of the schedule", () => {
  it("keeps what it has noted if the order that it gave way to is refused, also in the middle of a step", async () => {
    await inAJob(async (deps) => {
      const { kind, gate, close } = noting();
      const begin = async (params: unknown) => {
        if ((params as { isWrong?: boolean }).isWrong) throw new JobProblem("Nothing was started.");
        return { at: 0 };
      };
      const { runner, start } = runnerOf(deps, { ...kind, begin });
      await start("schedule");
      await runner.alarm();
      close();
      const stepping = runner.alarm();
      const ordered = runner.start({ kind: "verification", params: { isWrong: true }, actor: "ann" });
      const ticked = runner.tick();
      gate.open();
      expect(await ordered).toMatchObject({ kind: "refused" });
      await Promise.all([stepping, ticked]);
      expect(runner.status()).toMatchObject({ state: "running", actor: "schedule", steps: 1 });
      expect(notesIn(deps)).toContain("note:0");
    });
  });
});
