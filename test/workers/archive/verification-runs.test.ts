import { describe, expect, it } from "vitest";
import { isArchived, RETENTION } from "#archive/retention.ts";
import { customerTombstone } from "#domain/forgotten.ts";
import { canonicalText } from "#domain/register.ts";
import type { Moment } from "#domain/time.ts";
import { randomOf } from "../../../samples/random.ts";
import { readResults } from "../../../workers/archive/jobs/verification/results.ts";
import { comparedSince, type VerificationParams, verification } from "../../../workers/archive/jobs/verification.ts";
import { streamOf } from "../../simulation/stream.ts";
import { emptyTables } from "../seeds.ts";
import { countCalls, inAJob, runDying, runToEnd } from "./dying.ts";
import { emptyBucket } from "./empty-bucket.ts";
import { Flow } from "./verification-flow.ts";
import { ARCHIVE, beginEmpty, DB, HISTORY, inBatches, recordOf, START_MS, shown } from "./verification-support.ts";

beginEmpty();

describe("a verification", () => {
  /** Its results do not say when and in which run. */
  const outcomeOf = async (storage: DurableObjectStorage) => {
    const { results, differences, differenceCount } = await readResults(storage, {});
    return {
      differenceCount,
      differences: shown(differences).sort(),
      results: results.map(({ verifiedAt: _, run: __, ...result }) => result),
    };
  };

  it("that dies at any call of a store ends with the results of one that does not", async () => {
    await inAJob(async (deps) => {
      const flow = new Flow(deps, randomOf(1), START_MS);
      for (const batch of inBatches(streamOf(5, 30, "dying"), 10)) flow.accept(batch);
      await flow.drain();
      // One that is missing, and one that waits for rounds and their end.
      await DB.exec("DELETE FROM devices WHERE key = 'elt:dying-1'");
      await DB.exec(
        "UPDATE devices SET aspects = json_set(aspects, '$.status.version', '2026-12-02T00:00:00.000Z/new') WHERE key = 'elt:dying-2'",
      );
      let nowMs = flow.nowMs;
      const hurried = () => {
        nowMs += 60 * 60_000;
        return { ...deps, nowMs };
      };
      const kind: typeof verification = {
        ...verification,
        step: (state, its) => verification.step(state, { ...its, nowMs: hurried().nowMs }),
      };
      const params = { buckets: "all" } as const;
      const calls = await countCalls(kind, params, deps);
      const undisturbed = await outcomeOf(deps.storage);
      expect(undisturbed.differenceCount).toBeGreaterThan(1);
      const random = randomOf(7);
      for (let run = 0; run < 12; run++) {
        const deaths = Array.from({ length: 3 }, () => ({
          call: random.int(1, Math.ceil(calls / 2)),
          when: random.pick(["before", "after"] as const),
        }));
        await runDying(kind, params, deps, deaths);
        expect(await outcomeOf(deps.storage), JSON.stringify(deaths)).toEqual(undisturbed);
      }
    });
  }, 120_000);

  it("goes through a part of the buckets a night, and through all within seven", async () => {
    await inAJob(async (deps) => {
      const flow = new Flow(deps, randomOf(1), START_MS);
      for (const batch of inBatches(streamOf(3, 30, "nights"), 10)) flow.accept(batch);
      await flow.drain();
      const buckets: string[] = [];
      for (let night = 0; night < 7; night++) {
        const nowMs = flow.nowMs + night * 86_400_000;
        await runToEnd(verification, { buckets: "next" }, { ...deps, nowMs });
        const { results, verified } = await readResults(deps.storage, {});
        const tonight = results.filter(({ verifiedAt }) => Date.parse(verifiedAt) === nowMs);
        buckets.push(...tonight.map(({ bucket }) => bucket).filter((bucket) => bucket !== "others"));
        expect(verified).toBe(Math.min(256, (night + 1) * 37));
      }
      expect(new Set(buckets).size).toBe(256);
      expect(buckets.length).toBe(256);
      const { results, oldestVerifiedAt } = await readResults(deps.storage, {});
      const stored = await DB.prepare("SELECT count(*) AS n FROM devices").first<number>("n");
      expect(results.reduce((sum, { devices }) => sum + devices, 0)).toBe(stored);
      expect(oldestVerifiedAt).toBe(new Date(flow.nowMs).toISOString());
    });
  }, 60_000);

  it("finds no wrong count while a rebuild has the counts filled again", async () => {
    await inAJob(async (deps) => {
      const flow = new Flow(deps, randomOf(1), START_MS);
      for (const batch of inBatches(streamOf(3, 30, "counts"), 10)) flow.accept(batch);
      await flow.drain();
      const filled = "UPDATE fill_progress SET through = '~' WHERE name = 'counts'";
      const begun = { ...(await verification.begin({ buckets: "all" }, deps)), phase: "counts", cursor: "" } as const;
      try {
        // Between two pages of dealers.
        await DB.exec("UPDATE fill_progress SET through = '' WHERE name = 'counts'; DELETE FROM device_counts;");
        const { state } = await verification.step(begun, deps);
        expect(state.figures).toMatchObject({ differences: 0, uncounted: expect.any(Number) });
        expect(state.figures.uncounted).toBeGreaterThan(0);
        await DB.exec(filled);
        expect((await verification.step(begun, deps)).state.figures.differences).toBeGreaterThan(0);
      } finally {
        await DB.exec(filled);
      }
    });
  });

  it("of one device compares that device alone, and shows its differences", async () => {
    await inAJob(async (deps) => {
      const flow = new Flow(deps, randomOf(1), START_MS);
      for (const batch of inBatches(streamOf(3, 30, "single"), 10)) flow.accept(batch);
      await flow.drain();
      await DB.exec("UPDATE devices SET status = 'RETIRING' WHERE key IN ('elt:single-1', 'elt:single-2')");
      const device = "elt:single-1";
      const state = await runToEnd(verification, { device }, { ...deps, nowMs: flow.nowMs });
      expect(state.figures).toMatchObject({ devices: 1, differences: 1 });
      const { differences, results } = await readResults(deps.storage, { device });
      expect(shown(differences)).toEqual([`device ${device} columns.status derived`]);
      expect(results).toMatchObject([{ bucket: device, devices: 1, differences: 1 }]);
      expect((await readResults(deps.storage, {})).results).toEqual([]);
    });
  });

  it("forgets the differences of a bucket when a later run finds it right", async () => {
    await inAJob(async (deps) => {
      const flow = new Flow(deps, randomOf(1), START_MS);
      for (const batch of inBatches(streamOf(3, 30, "again"), 10)) flow.accept(batch);
      await flow.drain();
      await DB.exec("UPDATE devices SET updated_on = '2020-01-01' WHERE key = 'elt:again-1'");
      const run = (params: VerificationParams) => runToEnd(verification, params, { ...deps, nowMs: flow.nowMs });
      await run({ buckets: "all" });
      const before = await readResults(deps.storage, {});
      expect(shown(before.differences)).toEqual(["device elt:again-1 columns.updatedOn derived"]);
      await DB.exec("UPDATE devices SET updated_on = substr(latest, 1, 10) WHERE key = 'elt:again-1'");
      const bucket = before.results.find(({ differences }) => differences > 0)?.bucket as string;
      await run({ bucket });
      expect(await readResults(deps.storage, {})).toMatchObject({ verified: 256, differenceCount: 0, differences: [] });
      expect([...(await deps.storage.list({ prefix: "verify:difference:" })).keys()]).toEqual([]);
    });
  });

  it("knows who was forgotten, and leaves out who is being forgotten", async () => {
    await inAJob(async (deps) => {
      const flow = new Flow(deps, randomOf(1), START_MS);
      const ids = ["known", "busy"].map((name) => `forgotten-${name}`);
      await DB.exec(
        `DELETE FROM forgotten; INSERT INTO forgotten VALUES ('customer elt:C-77', ${START_MS}, 'r', 1),
        ('device elt:${ids[0]}', ${START_MS}, 'r', 1), ('device elt:${ids[1]}', ${START_MS}, 'r', NULL)`.replaceAll(
          "\n",
          " ",
        ),
      );
      for (const id of ids) flow.accept(HISTORY.map(([action, data], index) => recordOf(index, action, data, id)));
      await flow.drain();
      const { version, value } = customerTombstone("C-77");
      await DB.prepare("UPDATE customer_records SET version = ?1, value = ?2, name = ''")
        .bind(version, canonicalText(value))
        .run();
      // Stored as it was before: the job has not come to it yet.
      await DB.exec(
        "UPDATE devices SET aspects = json_set(aspects, '$.profile.value.name', 'Ann') WHERE key LIKE '%busy'",
      );
      const run = () => runToEnd(verification, { buckets: "all" }, { ...deps, nowMs: flow.nowMs });
      expect((await run()).figures).toMatchObject({ devices: 1, forgetting: 1 });
      expect(shown((await readResults(deps.storage, {})).differences)).toEqual([]);
      await DB.exec("UPDATE forgotten SET redacted_at_ms = 1");
      await run();
      expect(shown((await readResults(deps.storage, {})).differences)).toEqual([
        "device elt:forgotten-busy aspects.profile.name sameVersion",
      ]);
      await DB.exec("DELETE FROM forgotten");
    });
  });

  it("holds a platform that is older than its archive to what is archived since", async () => {
    await inAJob(async (deps) => {
      const flow = new Flow(deps, randomOf(1), START_MS);
      for (const batch of inBatches(streamOf(3, 30, "older"), 10)) flow.accept(batch);
      await flow.drain();
      await emptyBucket(ARCHIVE);
      // From here on everything is archived.
      flow.accept([recordOf(9, "status.reported", { online: true }, "older-1")]);
      await flow.drain();
      await DB.exec(
        "UPDATE devices SET aspects = json_set(aspects, '$.status.version', '2026-10-03T00:00:00.000Z/x') WHERE key = 'elt:older-2'",
      );
      const nowMs = () => (flow.nowMs += 3_600_000);
      const kind = {
        ...verification,
        step: ((state, its) => verification.step(state, { ...its, nowMs: nowMs() })) as typeof verification.step,
      };
      await runToEnd(kind, { buckets: "all" }, deps);
      expect((await readResults(deps.storage, {})).differenceCount).toBeGreaterThan(10);
      await runToEnd(kind, { buckets: "all", archivedSince: "2026-10-02T00:00:00Z" }, deps);
      const found = await readResults(deps.storage, {});
      expect(found.differences.map(({ subject, path, cause }) => `${subject} ${path} ${cause}`)).toEqual([
        "elt:older-2 aspects.status notArchived",
      ]);
      // It is kept for the nights.
      expect((await verification.begin({ buckets: "next" }, deps)).archivedSince).toBe("2026-10-02T00:00:00.000Z");
      await expect(verification.begin({ buckets: "all", archivedSince: "yesterday" }, deps)).rejects.toThrow(
        "Nothing was started",
      );
      expect((await verification.begin({ buckets: "all", archivedSince: "" }, deps)).archivedSince).toBeNull();
    });
  });

  it("does not ask for versions that retention may have removed", () => {
    const table = { ...RETENTION, topics: { "device.elt.status.reported": { archiveDays: 30 } } };
    const nowMs = Date.UTC(2026, 10, 23, 12);
    // The archive has days from 24 October on; an event may be five minutes ahead of its receipt.
    const kept = "2026-10-24T00:05:00.000Z";
    expect(comparedSince(null, nowMs, table)).toBe(kept);
    expect(comparedSince("2026-09-01T00:00:00.000Z" as Moment, nowMs, table)).toBe(kept);
    expect(comparedSince("2026-11-01T00:00:00.000Z" as Moment, nowMs, table)).toBe("2026-11-01T00:00:00.000Z");
    expect(comparedSince(null, nowMs)).toBeNull();
    expect(isArchived("device.elt.status.reported", "2026-10-24", nowMs, table)).toBe(true);
    expect(isArchived("device.elt.status.reported", "2026-10-23", nowMs, table)).toBe(false);
  });

  it("reads rows in step with the fleet: as many a device, whatever its size", async () => {
    const rows: number[] = [];
    for (const count of [100, 400]) {
      await emptyTables();
      await inAJob(async (deps) => {
        const flow = new Flow(deps, randomOf(1), START_MS);
        const ids = Array.from({ length: count }, (_, i) => `grows-${count}-${i}`);
        const records = ids.flatMap((id) => HISTORY.map(([action, data], i) => recordOf(i, action, data, id)));
        for (const batch of inBatches(records, 300)) flow.accept(batch);
        await flow.drain();
        const state = await runToEnd(verification, { buckets: "all" }, { ...deps, nowMs: flow.nowMs });
        rows.push(state.figures.rowsRead / count);
        console.log(`${count} devices: a comparison reads ${rows.at(-1)} rows a device`);
      });
      await emptyBucket(ARCHIVE);
    }
    const [few, many] = rows as [number, number];
    expect(many).toBeLessThan(few * 1.2);
    expect(many).toBeLessThan(60);
  }, 120_000);

  it("refuses what is no bucket and no device", async () => {
    await inAJob(async (deps) => {
      for (const params of [{ bucket: "g0" }, { device: "nobody:1" }, { night: 1 }]) {
        const begun = verification.begin(params as never, deps);
        await expect(begun, JSON.stringify(params)).rejects.toThrow("Nothing was started");
      }
    });
  });
});
