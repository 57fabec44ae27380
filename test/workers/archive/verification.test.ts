import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type DeviceKey, deviceIdOf } from "#domain/event.ts";
import { customerTombstone } from "#domain/forgotten.ts";
import { canonicalText } from "#domain/register.ts";
import type { DifferenceJson } from "#ops/archive-verification.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { randomOf } from "../../../samples/random.ts";
import { compaction } from "../../../workers/archive/jobs/compaction.ts";
import type { JobDeps } from "../../../workers/archive/jobs/job-kind.ts";
import { readResults } from "../../../workers/archive/jobs/verification/results.ts";
import type { VerificationState } from "../../../workers/archive/jobs/verification/state.ts";
import { type VerificationParams, verification } from "../../../workers/archive/jobs/verification.ts";
import { streamOf } from "../../simulation/stream.ts";
import { emptyTables } from "../seeds.ts";
import { countCalls, inAJob, runDying, runToEnd } from "./dying.ts";
import { Flow, objectOf } from "./verification-flow.ts";

const {
  ARCHIVE,
  DB,
  VERIFICATION_SEEDS = "12",
} = env as unknown as {
  readonly ARCHIVE: R2Bucket;
  readonly DB: D1Database;
  readonly VERIFICATION_SEEDS?: string;
};
const START_MS = Date.UTC(2026, 10, 23, 13, 20);

beforeEach(async () => {
  await emptyTables();
  // Where a count was wrong, triggers leave the difference.
  await DB.exec("DELETE FROM device_counts; DELETE FROM open_alert_counts; DELETE FROM renamed_customers;");
  for (;;) {
    const { objects } = await ARCHIVE.list();
    if (objects.length === 0) break;
    await ARCHIVE.delete(objects.map(({ key }) => key));
  }
});

/** Runs a verification to its end while a flow goes on. */
async function verifyDuring(
  deps: JobDeps,
  flow: Flow,
  random: ReturnType<typeof randomOf>,
  params: VerificationParams,
  meanwhile: () => Promise<void> = async () => {},
) {
  const at = () => ({ ...deps, nowMs: flow.nowMs });
  let state = await verification.begin(params, at());
  for (;;) {
    const after = await verification.step(state, at());
    state = JSON.parse(JSON.stringify(after.state)) as VerificationState;
    if (after.isDone) return state;
    const dueMs = flow.nowMs + (after.waitMs ?? 0);
    if (random.chance(0.3)) await meanwhile();
    do {
      for (let ticks = random.int(0, 6); ticks > 0; ticks--) await flow.tick();
      if (flow.nowMs < dueMs) flow.nowMs += 30_000;
    } while (flow.nowMs < dueMs);
  }
}

/** A compaction, one step a call. */
function stepper(deps: JobDeps, flow: Flow): () => Promise<void> {
  let state: Awaited<ReturnType<typeof compaction.begin>> | undefined;
  return async () => {
    const its = { ...deps, nowMs: flow.nowMs };
    state ??= await compaction.begin({}, its);
    const after = await compaction.step(state, its);
    state = after.isDone ? undefined : (JSON.parse(JSON.stringify(after.state)) as typeof state);
  };
}

const shown = (differences: readonly DifferenceJson[]) =>
  differences.map(({ place, subject, path, cause }) => `${place} ${subject} ${path} ${cause}`);

const inBatches = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

describe("a verification while events flow", () => {
  it("finds nothing where nothing is wrong, whatever is late, repeated, or dies", async () => {
    let open = 0;
    for (let seed = 1; seed <= Number(VERIFICATION_SEEDS); seed++) {
      await emptyTables();
      await inAJob(async (deps) => {
        const random = randomOf(seed);
        const flow = new Flow(deps, random, START_MS);
        const batches = inBatches(streamOf(seed, 60, `v${seed}`), random.int(1, 8));
        for (const batch of batches.splice(0, batches.length / 2)) flow.accept(batch, random.chance(0.1));
        while (random.chance(0.97)) await flow.tick();
        for (const batch of batches) flow.accept(batch, random.chance(0.1));
        // Of every second schedule, the archive is compacted meanwhile: by then the day of its first records is over.
        if (seed % 2 === 0) flow.nowMs = START_MS + 12 * 3_600_000;
        const compact = stepper(deps, flow);
        const state = await verifyDuring(deps, flow, random, { buckets: "all" }, compact);
        open += state.round;
        const results = await readResults(deps.storage, {});
        expect({ seed, differences: shown(results.differences) }).toEqual({ seed, differences: [] });
        expect(state.figures.open).toBe(0);
        await flow.drain();
      });
      for (const { key } of (await ARCHIVE.list()).objects) await ARCHIVE.delete(key);
    }
    // Otherwise nothing was ever newer than the fold, and the schedules show nothing.
    expect(open).toBeGreaterThan(0);
  }, 300_000);
});

/** Objects outlive a test, so each has a victim of its own. */
const VICTIM = "elt:victim-0" as DeviceKey;
const numbered = (text: string, test: number) => text.replaceAll("victim-0", `victim-${test}`);

/** What is archived and merged of the victim before a fault is planted. */
const HISTORY = [
  ["registration.created", { model: "M", serialNumber: "S-77", registeredAt: "2026-09-01T00:00:00Z" }],
  ["dealer.assigned", { dealer: { dealerId: "D-77", name: "Dealer" } }],
  ["customer.assigned", { customer: { customerId: "C-77", name: "Ann Example", email: "ann@example.org" } }],
  ["profile.updated", { name: "Bedroom of Ann" }],
  ["status.reported", { online: true, indoorTemperatureC: 20 }],
  ["alert.raised", { alertId: "a-1", code: "C", severity: "critical", text: "x" }],
] as const;

const recordOf = (index: number, action: string, data: object, deviceId: string) => ({
  topic: `device.elt.${action}`,
  key: deviceId,
  value: JSON.stringify({ eventId: `v-${index}`, occurredAt: `2026-10-01T00:0${index}:00Z`, deviceId, data }),
});

type Plant = (deps: JobDeps, flow: Flow, victim: DeviceKey) => Promise<unknown>;
const sql =
  (text: string): Plant =>
  ({ db }, _, victim) =>
    db.prepare(text.replaceAll(VICTIM, victim)).run();

/** An event that only the victim's object gets, or that only its object does not get. */
function eventOf(victim: DeviceKey, ...[index, action, data]: [index: number, action: string, data: object]) {
  const record = recordOf(index, action, data, deviceIdOf(victim));
  const parsed = parseStamped({ ...record, receivedAtMs: START_MS }, START_MS);
  if (!parsed.ok) throw new Error("the test's own event is bad");
  return parsed.event;
}

const FAULTS: readonly [name: string, plant: Plant, found: readonly string[]][] = [
  ["a lost row", sql(`DELETE FROM devices WHERE key = '${VICTIM}'`), [`device ${VICTIM} * missing`]],
  [
    "an extra row",
    sql(`INSERT INTO devices SELECT 'elt:extra', aspects, latest, revision, status, serial_number, dealer_id, customer_id,
      registered_at, updated_on FROM devices WHERE key = '${VICTIM}'`),
    ["device elt:extra * notArchived"],
  ],
  [
    "a changed value of the same version",
    sql(`UPDATE devices SET aspects = json_set(aspects, '$.profile.value.name', 'Kitchen') WHERE key = '${VICTIM}'`),
    [`device ${VICTIM} aspects.profile.name sameVersion`],
  ],
  [
    "a stale row",
    sql(`UPDATE devices SET aspects = json_set(aspects, '$.status.version', '2026-09-30T00:00:00.000Z/old',
      '$.status.value.indoorTemperatureC', 12) WHERE key = '${VICTIM}'`),
    [`device ${VICTIM} aspects.status.indoorTemperatureC older`],
  ],
  [
    "a row that is newer than any event",
    sql(`UPDATE devices SET aspects = json_set(aspects, '$.status.version', '2026-10-02T00:00:00.000Z/new')
      WHERE key = '${VICTIM}'`),
    [`device ${VICTIM} aspects.status.version newer`],
  ],
  [
    "a wrong derived column",
    sql(`UPDATE devices SET status = 'OFFLINE' WHERE key = '${VICTIM}'`),
    [`device ${VICTIM} columns.status derived`],
  ],
  [
    "a wrong count of devices",
    sql("UPDATE device_counts SET devices = devices + 1 WHERE dealer_id = 'D-77' AND status = 'ONLINE'"),
    ["deviceCount dealer D-77, elt ONLINE * count"],
  ],
  [
    "a wrong count of alerts",
    sql("DELETE FROM open_alert_counts WHERE dealer_id = 'D-77'"),
    ["alertCount dealer D-77, elt critical raised under D-77 * count"],
  ],
  [
    "a missing alert",
    sql(`DELETE FROM alerts WHERE device_key = '${VICTIM}'`),
    [`alert ${VICTIM} alerts[a-1] missing`],
  ],
  [
    "a wrong column of an alert",
    sql(`UPDATE alerts SET severity = 'info' WHERE device_key = '${VICTIM}'`),
    [`alert ${VICTIM} alerts[a-1].columns.severity derived`],
  ],
  [
    "a missing assignment",
    sql(`DELETE FROM assignments WHERE device_key = '${VICTIM}'`),
    [`assignment ${VICTIM} assignments[2026-10-01T00:01:00.000Z/v-1] missing`],
  ],
  [
    "a text that the device is not found by",
    sql(`UPDATE device_texts SET name = 'Kitchen' WHERE key = '${VICTIM}'`),
    [`device ${VICTIM} search.name search`],
  ],
  [
    "an older record of a customer",
    sql("UPDATE customer_records SET version = '2026-09-30T00:00:00.000Z/old' WHERE customer_id = 'C-77'"),
    ["customer elt:C-77 version older"],
  ],
  [
    "a dealer that nobody published",
    sql(
      "INSERT INTO dealer_records SELECT 'D-78', source, version, value, name FROM dealer_records WHERE dealer_id = 'D-77'",
    ),
    ["dealer elt:D-78 * notArchived"],
  ],
  [
    "an entry of the history that was never archived",
    (deps, _, victim) =>
      objectOf(deps, victim).merge([eventOf(victim, 0, "status.reported", { online: true })], null, true),
    [`history ${VICTIM} history[2026-10-01T00:00:00.000Z/v-0 device.elt.status.reported] notArchived`],
  ],
  [
    "an entry of the history with other data",
    (deps, _, victim) =>
      objectOf(deps, victim).merge(
        [eventOf(victim, 4, "status.reported", { online: true, indoorTemperatureC: 29 })],
        null,
        true,
      ),
    [
      `snapshot ${VICTIM} aspects.status.indoorTemperatureC sameVersion`,
      `history ${VICTIM} history[2026-10-01T00:04:00.000Z/v-4 device.elt.status.reported].indoorTemperatureC sameVersion`,
    ],
  ],
  [
    "an event that the object never got",
    (_, flow, victim) => {
      flow.acceptPassingObjects([recordOf(7, "status.reported", { online: false }, deviceIdOf(victim))]);
      return flow.drain();
    },
    [
      `snapshot ${VICTIM} latest.version older`,
      `snapshot ${VICTIM} aspects.status`,
      `history ${VICTIM} history[2026-10-01T00:07:00.000Z/v-7 device.elt.status.reported] missing`,
    ],
  ],
];

describe("a planted fault is found and named while events flow:", () => {
  it.each(FAULTS.map((fault, test) => [...fault, test] as const))(
    "%s",
    async (name, plant, found, test) => {
      await inAJob(async (deps) => {
        const random = randomOf(test);
        const flow = new Flow(deps, random, START_MS);
        const victim = numbered(VICTIM, test) as DeviceKey;
        flow.accept(HISTORY.map(([action, data], index) => recordOf(index, action, data, deviceIdOf(victim))));
        await flow.drain();
        await plant(deps, flow, victim);
        for (const batch of inBatches(streamOf(test, 40, `others-${test}`), 4)) flow.accept(batch);
        await verifyDuring(deps, flow, random, { buckets: "all" });
        const { differences, differenceCount, results } = await readResults(deps.storage, {});
        const names = shown(differences);
        const expected = found.map((each) => numbered(each, test));
        for (const each of expected) expect(names.join("\n"), name).toContain(each);
        expect(names.filter((each) => !expected.some((prefix) => each.startsWith(prefix)))).toEqual([]);
        expect(differenceCount).toBe(differences.length);
        const isOfState = differences.some(
          ({ place, cause }) =>
            ["device", "alert", "assignment"].includes(place) && cause !== "derived" && cause !== "search",
        );
        expect(results.some(({ archivedHash, liveHash }) => archivedHash !== liveHash)).toBe(isOfState);
        expect(JSON.stringify(differences)).not.toMatch(/Ann|example\.org|Kitchen/);
        await flow.drain();
      });
    },
    60_000,
  );
});

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
      for (const { key } of (await ARCHIVE.list()).objects) await ARCHIVE.delete(key);
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

  it("refuses what is no bucket and no device", async () => {
    await inAJob(async (deps) => {
      for (const params of [{ bucket: "g0" }, { device: "nobody:1" }, { night: 1 }]) {
        const begun = verification.begin(params as never, deps);
        await expect(begun, JSON.stringify(params)).rejects.toThrow("Nothing was started");
      }
    });
  });
});
