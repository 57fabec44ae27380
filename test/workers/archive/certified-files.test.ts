import { expect, it } from "vitest";
import { DAYS_PREFIX, RAW_PREFIX, SERIES_PREFIX } from "#archive/names.ts";
import { sha256HexOf } from "#base/digest.ts";
import type { RewrittenFile } from "#ops/archive-forgetting.ts";
import { ForgettingMemory } from "../../../workers/archive/forgetting/memory.ts";
import type { ForgettingState } from "../../../workers/archive/forgetting/state.ts";
import { forgetting } from "../../../workers/archive/jobs/forgetting.ts";
import type { JobDeps, JobKind } from "../../../workers/archive/jobs/job-kind.ts";
import { countCalls, inAJob, runDying, runToEnd } from "./dying.ts";
import { lookInBucket } from "./look-everywhere.ts";
import { archived, compactAll, Person, putRaw, receivedOn } from "./person.ts";

const PREFIXES = { raw: RAW_PREFIX, days: DAYS_PREFIX, series: SERIES_PREFIX };
type Stage = keyof typeof PREFIXES;

/** Two raw objects, and two day files with their series, in a day and in its month. */
async function plant(person: Person, { bucket }: JobDeps): Promise<void> {
  const { objects } = await bucket.list();
  if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
  const records = [person.assigned("then"), person.profile("then")];
  for (const day of ["2026-10-20", "2026-11-22"]) {
    await putRaw(archived(receivedOn(day, records)));
    await compactAll(bucket as R2Bucket, day);
  }
  await putRaw(archived([person.assigned("now", { day: 3 })]));
  await putRaw(archived([person.profile("now", { day: 4 })]));
}

/** The job as it is when a stage begins, and one that is done when the stage is. */
async function upTo(stage: Stage, person: Person, deps: JobDeps) {
  const order = { sources: ["elt"], customerId: person.id, reason: "asked us to", actor: "ops", waitMs: 0 };
  let state: ForgettingState = await forgetting.begin({ order }, deps);
  while (state.phase !== stage) ({ state } = await forgetting.step(state, deps));
  const begun = state;
  const files = new Map<string, ArrayBuffer>();
  for (const { key } of (await deps.bucket.list()).objects)
    files.set(key, (await (await deps.bucket.get(key))?.arrayBuffer()) as ArrayBuffer);
  const kept = [...deps.storage.kv.list<unknown>()];
  const staged: JobKind<unknown, ForgettingState> = {
    ...forgetting,
    begin: async () => begun,
    step: async (before, its) => {
      const { state: after } = await forgetting.step(before, its);
      return { state: after, isDone: after.phase !== stage };
    },
  };
  const again = async () => {
    for (const { key } of (await deps.bucket.list()).objects) if (!files.has(key)) await deps.bucket.delete(key);
    for (const [key, bytes] of files) await deps.bucket.put(key, bytes);
    for (const [key] of [...deps.storage.kv.list()]) deps.storage.kv.delete(key);
    for (const [key, value] of kept) deps.storage.kv.put(key, value);
  };
  const noted = () =>
    new ForgettingMemory(deps.storage, begun.request?.requestId ?? "").files.filter(({ before }) =>
      before.startsWith(PREFIXES[stage]),
    );
  return { staged, again, noted };
}

const whatWas = ({ before, sha256Before, records }: RewrittenFile) => [before, sha256Before, records];

it.each(["raw", "days", "series"] as const)(
  "a forgetting that dies anywhere in its stage %s leaves no personal text there, and its certificate names every file",
  (stage) =>
    inAJob(async (deps) => {
      const person = new Person();
      await plant(person, deps);
      const { staged, again, noted } = await upTo(stage, person, deps);
      await runToEnd(staged, {}, deps);
      const wanted = noted();
      expect(wanted.length).toBeGreaterThan(0);
      await again();
      const calls = await countCalls(staged, {}, deps);
      expect(calls).toBeGreaterThan(3);
      // Behind a call is before the next one.
      for (let call = 1; call <= calls; call++) {
        await again();
        await runDying(staged, {}, deps, [{ call, when: "after" }]);
        expect([call, noted().map(whatWas)]).toEqual([call, wanted.map(whatWas)]);
        for (const { before, after, sha256After } of noted()) {
          const stored = await deps.bucket.get(after ?? before);
          expect(await sha256HexOf(new Uint8Array((await stored?.arrayBuffer()) as ArrayBuffer))).toBe(sha256After);
        }
        const found = await lookInBucket(deps.bucket as R2Bucket);
        expect([call, found.filter((place) => place === `bucket ${PREFIXES[stage]}`)]).toEqual([call, []]);
      }
    }, "files"),
  120_000,
);

it("a forgetting deletes what a compaction that gave way has left of a day: files that do not count", () =>
  inAJob(async (deps) => {
    const person = new Person();
    await plant(person, deps);
    const { bucket } = deps;
    const [part] = (await bucket.list({ prefix: "days/day=2026-11-22/source=" })).objects;
    const content = await (await bucket.get(part?.key ?? ""))?.arrayBuffer();
    for (const day of ["2026-10-20", "2026-11-22"])
      await bucket.put(`days/day=${day}/source=elt/topic=device.elt.profile.updated/stray.parquet`, content ?? "");
    const { staged } = await upTo("days", person, deps);
    await runToEnd(staged, {}, deps);
    expect(await lookInBucket(bucket as R2Bucket)).not.toContain("bucket days/");
    const { objects } = await bucket.list({ prefix: "days/" });
    expect(objects.filter(({ key }) => key.endsWith("stray.parquet"))).toEqual([]);
  }, "files"));
