import { bucketOf } from "#archive/names.ts";
import type { Version } from "#domain/version.ts";
import type { DeviceSink, FeedSink } from "#objects/requests.ts";
import type { Run } from "#ops/api.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import type { JobDeps } from "../../../workers/archive/jobs/job-kind.ts";
import { Notes } from "../../../workers/archive/jobs/rebuild/notes.ts";
import { beginState, RebuildParams } from "../../../workers/archive/jobs/rebuild/state.ts";
import { foldInto } from "../../../workers/archive/jobs/verification/fold.ts";
import { keepFolds } from "../../../workers/archive/jobs/verification/keep.ts";
import { shelvesOf } from "../../../workers/archive/jobs/verification/shelves.ts";
import { verification } from "../../../workers/archive/jobs/verification.ts";
import type { ReplayRun } from "../../../workers/dlq/runs/replay-run.ts";
import { recordOf } from "../../support/records.ts";
import { inAJob } from "./dying.ts";
import { CANARY, env, eventIn, type Person } from "./person.ts";

const { RUNS } = env as unknown as { readonly RUNS: DurableObjectNamespace<ReplayRun> };

/** A job as its runner stores it, while it is paused. */
const pause = ({ storage }: JobDeps, kind: "verification" | "rebuild", progress: unknown): void =>
  storage.kv.put("job:run", {
    ...{ id: crypto.randomUUID(), kind, actor: "ann", state: "paused", why: "ann paused it", progress },
    ...{ startedAtMs: Date.now(), endedAtMs: null, steps: 1, deaths: 0, outages: 0 },
  });

const registered = (where: string, value: object) => ({
  version: `2026-11-01T00:00:00.000Z/${where}` as Version,
  value,
});

/** Of a verification and of a rebuild that are paused, in the middle of what they compare. */
export async function plantNotes(person: Person): Promise<void> {
  const profile = registered("note", { name: `${CANARY} note`, location: { country: "CA" } });
  const device = { key: person.key, latest: profile.version, aspects: { profile } };
  const customer = registered("party", { customerId: person.id, name: `${CANARY} party` });
  await inAJob(async (deps) => {
    pause(deps, "verification", await verification.begin({ buckets: "all" }, deps));
    const { devices, parties, openDevices, openParties } = shelvesOf(deps.storage);
    await devices.put(new Map([[person.key, { device: device as never, uncertain: [] }]]));
    // Too large for one value, so that it lies in pieces.
    const whole = { ...device, notes: `${CANARY} piece`.repeat(60_000) };
    await devices.put(new Map([[person.formerKey, { device: whole as never, uncertain: [] }]]));
    await parties.put(new Map([[`customer elt:${person.id}`, { register: customer, uncertain: [] }]]));
    await openDevices.put(new Map([[person.key, { live: device as never, explained: [] }]]));
    await openParties.put(new Map([[`customer elt:${person.id}`, { live: customer as never, isExplained: false }]]));
  }, "verification");
  await inAJob(async (deps) => {
    const params = RebuildParams.parse({ into: "D1" });
    pause(deps, "rebuild", { ...beginState(params, deps), plan: ["judge", "empty", "tidy"] });
    const suspect = { kind: "device", key: person.key, live: device, certain: [] } as never;
    new Notes(deps.storage).put("suspect", { kind: "device", key: person.key }, suspect);
  }, "rebuild");
}

/** What a verification keeps of the buckets of the person's devices for the next run. */
export async function plantFolds(person: Person): Promise<void> {
  const former = { deviceId: person.former };
  const records = [person.assigned("fold"), person.profile("fold"), person.profile("former fold", former)];
  await inAJob(async (deps) => {
    const shelves = shelvesOf(deps.storage);
    await foldInto(shelves, { merged: records.map(eventIn), uncertain: [], unreadable: [] });
    for (const bucket of new Set([person.key, person.formerKey].map(bucketOf))) {
      let state = await verification.begin({ bucket }, deps);
      while (state.phase !== "sweep") state = await keepFolds({ ...state, phase: "keep" }, deps, shelves);
    }
  }, "verification");
}

/** What the feed of a dealer with subscribers gets of the person's device. */
export async function plantFeed(person: Person): Promise<void> {
  const dealerId = `D-${person.id}`;
  const dealer = recordOf({
    topic: "device.elt.dealer.assigned",
    eventId: `dealer-${person.id}`,
    deviceId: person.device,
    occurredAt: "2026-11-01T00:00:00Z",
    data: { dealer: { dealerId, name: "Arctic Air" } },
  });
  await env.DB.prepare("INSERT INTO watches VALUES (?, 9999999999999)").bind(`dealer ${dealerId}`).run();
  const records = [dealer, person.assigned("feed", { day: 5 }), person.profile("feed", { day: 6 })];
  const { announcements } = await new FleetRepository(env.DB).merge(records.map(eventIn));
  const ofDealer = announcements.flatMap((byDealer) => byDealer.get(dealerId) ?? []);
  if (ofDealer.length < 3) throw new Error("the feed of the test has to get what happened to the device");
  await (env.DEALER_FEEDS.getByName(dealerId) as unknown as FeedSink).announce(ofDealer, null);
}

/** A command that the device's object has accepted, and whose event has not come back. */
export async function plantCommand(person: Person): Promise<void> {
  const { kind } = await (env.DEVICES.getByName(person.key) as unknown as DeviceSink).claimDesired({
    ...{ deviceKey: person.key, desired: { heatSetpointC: 20 }, by: { role: "dealer", subject: `${CANARY} command` } },
    ...{ eventId: `command-${person.id}`, nowMs: Date.UTC(2026, 10, 7) },
  });
  if (kind !== "claimed") throw new Error(`the object of the test has to accept the command: ${kind}`);
}

/** A replay run that an operator has named after the person. */
export async function plantRun(person: Person, name: string): Promise<Run> {
  const id = `run-${person.id}`;
  const plan = { selected: 0, passes: 0, stillFailing: [], superseded: 0, duplicate: 0, refused: [], tooLarge: 0 };
  const nothing = { letterIds: [], hash: "h", workerVersion: "w", force: false, actor: "ann", nowMs: Date.now() };
  const run = RUNS.getByName(id);
  await run.plan({ id, plan, ...nothing });
  const pace = { rate: 1, canary: 0, maxFailurePercent: 20 };
  await run.start({ ...pace, hash: "h", name, workerVersion: "w" });
  await run.pause();
  return (await run.read()) as Run;
}
