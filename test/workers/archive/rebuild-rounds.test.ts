import { expect, it, vi } from "vitest";
import type { JobKind } from "../../../workers/archive/jobs/job-kind.ts";
import { MAX_WRONG, SUSPECTS_A_ROUND } from "../../../workers/archive/jobs/rebuild/compare.ts";
import type { RebuildState } from "../../../workers/archive/jobs/rebuild/state.ts";
import { inAJob, runToEnd } from "./dying.ts";
import { archive, clear, consume, DB, detailsOf, rowsIn, timedRebuild, yearOf } from "./rebuild-world.ts";

vi.setConfig({ testTimeout: 120_000 });

/** A rebuild that has so many suspects already when a phase first begins. */
function suspecting(suspects: number, begin: () => Promise<void>) {
  const kind = timedRebuild();
  const phases: string[] = [];
  let hasBegun = false;
  const step: JobKind<unknown, RebuildState>["step"] = async (state, deps) => {
    const [phase] = state.plan;
    if (phase && phase !== phases.at(-1)) phases.push(phase);
    if (phase !== "compare" || hasBegun) return kind.step(state, deps);
    hasBegun = true;
    await begin();
    return kind.step({ ...state, suspects }, deps);
  };
  return { kind: { ...kind, step }, phases };
}

it("of a fleet in which more devices report than are noted is compared in rounds, and each fault is found", async () => {
  const samples = yearOf(31, 900, 230);
  await clear(samples.map(({ event }) => event.deviceKey));
  const [old, newer] = [samples.slice(0, 600), samples.slice(600)];
  await consume(old);
  await archive(old);
  const keys = [...new Set(old.map(({ event }) => event.deviceKey))].sort();
  const last = keys.at(-1);
  const { kind, phases } = suspecting(SUSPECTS_A_ROUND - 1, async () => {
    // Every device of these is newer than its rebuilt row, and one column is wrong.
    await consume(newer);
    await archive(newer);
    await DB.prepare("UPDATE devices SET status = 'PLANTED' WHERE key = ?1").bind(last).run();
  });
  const state = await inAJob((deps) => runToEnd(kind, { into: "D1", switch: true, pace: 100_000 }, deps));
  expect(phases.join(" ")).toContain("compare level judge compare level judge switch");
  const { found, left } = detailsOf(state);
  expect(found.first.map(({ subject, path }) => `${subject} ${path}`)).toContain(`${last} columns.status`);
  expect(found.counts["device derived"]).toBe(1);
  // Triggers count under the planted word too.
  expect(Object.keys(found.counts).filter((each) => !/derived|count/.test(each))).toEqual([]);
  expect(left?.total).toBe(0);
  const rows = await rowsIn(DB);
  expect(state.compared).toBe(
    [rows.devices, rows.dealer_records, rows.customer_records].reduce((sum, each) => sum + (each?.length ?? 0), 0),
  );
  expect(JSON.stringify(rows)).not.toContain("PLANTED");
});

it("changes nothing if more is wrong than rows that went wrong", async () => {
  const samples = yearOf(32, 120);
  await clear(samples.map(({ event }) => event.deviceKey));
  await consume(samples);
  await archive(samples);
  await DB.prepare("UPDATE devices SET status = 'PLANTED'").run();
  const rows = await rowsIn(DB);
  const kind = timedRebuild();
  const step: typeof kind.step = (state, deps) =>
    kind.step(state.plan[0] === "judge" ? { ...state, wrong: MAX_WRONG } : state, deps);
  const run = inAJob((deps) => runToEnd({ ...kind, step }, { into: "D1", switch: true, pace: 100_000 }, deps));
  await expect(run).rejects.toThrow(`More than ${MAX_WRONG} devices and parties differ, and nothing was changed`);
  expect(await rowsIn(DB)).toEqual(rows);
});
