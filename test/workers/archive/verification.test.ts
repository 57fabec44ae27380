import { describe, expect, it } from "vitest";
import { type DeviceKey, deviceIdOf } from "#domain/event.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { randomOf } from "../../../samples/random.ts";
import { compaction } from "../../../workers/archive/jobs/compaction.ts";
import type { JobDeps } from "../../../workers/archive/jobs/job-kind.ts";
import { readResults } from "../../../workers/archive/jobs/verification/results.ts";
import type { VerificationState } from "../../../workers/archive/jobs/verification/state.ts";
import { type VerificationParams, verification } from "../../../workers/archive/jobs/verification.ts";
import { streamOf } from "../../simulation/stream.ts";
import { emptyTables } from "../seeds.ts";
import { inAJob } from "./dying.ts";
import { emptyBucket } from "./empty-bucket.ts";
import { Flow, objectOf } from "./verification-flow.ts";
import {
  ARCHIVE,
  beginEmpty,
  HISTORY,
  inBatches,
  recordOf,
  START_MS,
  shown,
  VERIFICATION_SEEDS,
} from "./verification-support.ts";

beginEmpty();

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
      await emptyBucket(ARCHIVE);
    }
    // Otherwise nothing was ever newer than the fold, and the schedules show nothing.
    expect(open).toBeGreaterThan(0);
  }, 300_000);
});

/** Objects outlive a test, so each has a victim of its own. */
const VICTIM = "elt:victim-0" as DeviceKey;
const numbered = (text: string, test: number) => text.replaceAll("victim-0", `victim-${test}`);

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
