import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { listKeys } from "#archive/bucket.ts";
import { readManifest } from "#archive/manifest.ts";
import { sha256HexOf } from "#base/digest.ts";
import type { Certificate } from "#ops/archive-forgetting.ts";
import { AuditRepository } from "#repositories/audit.ts";
import type { Env } from "../../../workers/archive/env.ts";
import {
  loadForgotten,
  putCertificate,
  putRequest,
  readCertificate,
} from "../../../workers/archive/forgetting/notes.ts";
import { type ForgetRequest, type ForgettingState, PHASES } from "../../../workers/archive/forgetting/state.ts";
import { forgetting } from "../../../workers/archive/jobs/forgetting.ts";
import { CONSUMERS_END_AFTER_MS, toJobDeps } from "../../../workers/archive/jobs/job-deps.ts";
import type { JobDeps } from "../../../workers/archive/jobs/job-kind.ts";
import { verification } from "../../../workers/archive/jobs/verification.ts";
import { readForgetRequests } from "../../../workers/archive/service/forgetting.ts";
import { countCalls, inAJob, runDying, runToEnd } from "./dying.ts";
import { emptyBucket } from "./empty-bucket.ts";
import { lookEverywhere, OTHER_OBJECTS } from "./look-everywhere.ts";
import { archived, CANARY, consume, env, letters, Person, park, putRaw } from "./person.ts";
import { OLDER_DAY, plant } from "./plant-person.ts";

export const orderOf = (person: Person) => ({
  order: { sources: ["elt"], customerId: person.id, reason: "asked us to", actor: "ops@example.com", waitMs: 0 },
});

const forget = (person: Person): Promise<ForgettingState> =>
  inAJob((deps: JobDeps) => runToEnd(forgetting, orderOf(person), deps), "files");

const placesOf = (person: Person) => lookEverywhere([person.key, person.formerKey]);

beforeEach(async () => {
  for (const table of [
    "devices",
    "customer_records",
    "dead_letters",
    "letter_revisions",
    "letter_groups",
    "replay_runs",
    "forgotten",
  ])
    await env.DB.exec(`DELETE FROM ${table} WHERE true`);
  await env.DB.prepare("INSERT INTO forgotten VALUES ('customer elt:nobody', 0, 'r', 0)").run();
  await env.DB.exec("UPDATE audit_log SET reason = '[forgotten]' WHERE reason IS NOT NULL");
  await env.DB.exec("INSERT INTO device_search (device_search) VALUES ('optimize')");
  await emptyBucket(env.ARCHIVE);
});

describe("a customer who was forgotten", () => {
  it("is in no store any more, and neither replays nor backfills nor late records bring anything back", async () => {
    const person = new Person();
    await plant(person);
    expect(new Set((await placesOf(person)).map((place) => place.replace(/ (elt:|t-|former-).*/, "")))).toEqual(
      new Set([
        "DB audit_log.reason",
        "DB customer_records.name",
        "DB customer_records.value",
        "DB dead_letters.discard_reason",
        "DB dead_letters.edited",
        "DB dead_letters.failure",
        "DB dead_letters.record",
        "DB device_search.customer",
        "DB device_search.name",
        "DB device_search_data.block",
        "DB device_texts.customer",
        "DB device_texts.name",
        "DB devices.aspects",
        "DB letter_groups.note",
        "DB letter_revisions.patch",
        "DB letter_revisions.reason",
        "DB replay_runs.run",
        "bucket days/",
        "bucket events/",
        "bucket folds/",
        "bucket series/",
        "job rebuild",
        "job verification",
        "object",
      ]),
    );
    const logged: string[] = [];
    for (const method of ["log", "info", "warn", "error", "debug"] as const)
      vi.spyOn(console, method).mockImplementation((...all) => void logged.push(JSON.stringify(all)));
    const state = await forget(person);
    expect(JSON.stringify([state, forgetting.report(state)])).not.toContain(CANARY);
    expect(await placesOf(person)).toEqual([]);
    expect(state.counts).toMatchObject({
      lettersRedacted: 1,
      lettersEmptied: 1,
      auditEntries: 1,
      operatorsWords: 6,
      jobNotes: 8,
      rawObjects: 1,
    });

    const late = [person.assigned("late", { day: 22 }), person.profile("backfill"), person.registered("replay")];
    await consume(late);
    await consume([person.profile("late", { deviceId: person.former }), person.profile("replay", { day: 1 })]);
    await park(`again-${person.id}`, person.broken("again"));
    await park(`valid-${person.id}`, person.profile("again"));
    expect(await placesOf(person)).toEqual([]);
    vi.restoreAllMocks();
    expect(logged.filter((line) => line.includes(CANARY))).toEqual([]);
  });

  it("leaves what is not personal, and what is somebody else's", async () => {
    const [person, other] = [new Person(), new Person()];
    await plant(person);
    await plant(other);
    const before = await placesOf(other);
    await forget(person);
    expect(await placesOf(other)).toEqual(expect.arrayContaining(before.filter((place) => place.startsWith("object"))));
    const row = await env.DB.prepare("SELECT aspects FROM devices WHERE key = ?")
      .bind(person.key)
      .first<{ aspects: string }>();
    expect(JSON.parse(row?.aspects ?? "")).toMatchObject({
      registration: { value: { model: "M-1", location: { country: "CA" } } },
      customer: { value: { customerId: person.id } },
    });
    const handed = await env.DB.prepare("SELECT customer_id AS id FROM devices WHERE key = ?")
      .bind(person.formerKey)
      .first();
    expect(handed).toEqual({ id: `other-${person.id}` });
    expect(await letters.find(`valid-${person.id}`)).toMatchObject({ emptiedAtMs: null, state: "open" });
    await forget(other);
  });

  it("has a certificate that says what was removed and where, without any personal value", async () => {
    const person = new Person();
    await plant(person);
    const { request } = await forget(person);
    const certificate = await readCertificate(env.ARCHIVE, request?.requestId ?? "");
    expect(certificate).toMatchObject({
      customers: [`elt:${person.id}`],
      devices: [person.formerKey, person.key],
      reason: "asked us to",
      requestedBy: "ops@example.com",
      removed: { devices: 2, objects: 2, lettersRedacted: 1, lettersEmptied: 1, auditEntries: 1, rawObjects: 1 },
    });
    const files = certificate?.files ?? [];
    expect(new Set(files.map(({ before }) => before.split("/")[0]))).toEqual(new Set(["days", "events", "series"]));
    for (const { before, after, sha256After } of files) {
      if (after !== null) expect(await env.ARCHIVE.head(before)).toBeNull();
      const stored = await env.ARCHIVE.get(after ?? before);
      expect(await sha256HexOf(new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer(0)))).toBe(sha256After);
    }
    expect(await readManifest(env.ARCHIVE, OLDER_DAY)).toMatchObject({ manifest: { retired: [], replaced: [] } });
  });
});

it("a database that was lost knows again who was forgotten, from the archive, before anything is replayed into it", async () => {
  const person = new Person();
  await plant(person);
  await forget(person);
  for (const table of ["devices", "customer_records", "forgotten"])
    await env.DB.exec(`DELETE FROM ${table} WHERE true`);
  expect(await loadForgotten(env.ARCHIVE, env.DB)).toBeGreaterThanOrEqual(3);
  await consume([person.assigned("late"), person.profile("late"), person.profile("old", { deviceId: person.former })]);
  expect(await placesOf(person)).toEqual([]);
  const tombstone = await env.DB.prepare(
    "SELECT name, value ->> 'isForgotten' AS forgotten FROM customer_records WHERE customer_id = ?",
  )
    .bind(person.id)
    .first();
  expect(tombstone).toEqual({ name: "", forgotten: 1 });
});

it("a database that was restored to before is rid of the customer by the same request, if a rebuild comes after it", async () => {
  const person = new Person();
  await plant(person);
  const tables = ["customer_records", "devices"] as const;
  const copies = await Promise.all(
    tables.map((table) => env.DB.prepare(`SELECT * FROM ${table}`).all<Record<string, unknown>>()),
  );
  const record = copies[0]?.results.find(({ customer_id }) => customer_id === person.id);
  await forget(person);
  await env.DB.exec("DELETE FROM forgotten WHERE true");
  for (const [i, table] of tables.entries()) {
    await env.DB.exec(`DELETE FROM ${table} WHERE true`);
    for (const row of copies[i]?.results ?? []) {
      const columns = Object.keys(row);
      const insert = `INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => "?")})`;
      await env.DB.prepare(insert)
        .bind(...Object.values(row))
        .run();
    }
  }
  const entry = { atMs: 1, actor: "ops", role: "admin", action: "letter.unmask", target: "x" } as const;
  await new AuditRepository(env.DB).add({ ...entry, reason: `the call of ${record?.name}` });
  expect(await placesOf(person)).toEqual(expect.arrayContaining(["DB audit_log.reason", "DB customer_records.name"]));
  await forget(person);
  await loadForgotten(env.ARCHIVE, env.DB);
  expect(await placesOf(person)).toEqual([]);
});

it("the customer's own record is among the rows that were redacted, and a device counts once", async () => {
  const person = new Person();
  await consume([person.assigned("customer")]);
  const state = await forget(person);
  expect(state.counts).toMatchObject({ devices: 1, databaseRows: 1, objects: 1 });
  expect(forgetting.report(state).figures).toMatchObject({ devices: 1, "rows of the database": 1 });
  const certificate = await readCertificate(env.ARCHIVE, state.request?.requestId ?? "");
  expect(certificate?.removed).toMatchObject({ devices: 1, databaseRows: 1 });
});

it("a device that a consumer has found since is redacted by the next scheduled run", async () => {
  const person = new Person();
  await plant(person);
  await forget(person);
  const late = `late-${person.id}`;
  await consume([person.profile("unknown", { deviceId: late })]);
  const seen = () => lookEverywhere([person.key, `elt:${late}`]);
  expect(await seen()).toContain(`object elt:${late}`);
  await consume([person.assigned("reveals it", { deviceId: late })]);
  await inAJob(async (deps) => {
    const state = (await forgetting.begin({}, deps)) as ForgettingState;
    return runFrom({ ...state, waitMs: 0 }, deps);
  }, "files");
  expect(await seen()).toEqual([]);
  const again = await inAJob((deps) => runToEnd(forgetting, {}, deps), "files");
  expect(forgetting.report(again)).toMatchObject({
    ...{ phase: "There was nothing to redact.", done: PHASES.length, total: PHASES.length },
  });
});

async function runFrom(begun: ForgettingState, deps: JobDeps): Promise<void> {
  for (let state = begun, isDone = false; !isDone; ) ({ state, isDone } = await forgetting.step(state, deps));
}

it("the newest certificate of a request is read, however many it has", async () => {
  const certificate = { requestId: "r", completedAt: "" } as Certificate;
  const timeOf = (hour: number): string => new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
  for (let hour = 0; hour < 1_002; hour++)
    await putCertificate(env.ARCHIVE, { ...certificate, completedAt: timeOf(hour) });
  expect((await readCertificate(env.ARCHIVE, "r"))?.completedAt).toBe(timeOf(1_001));
  const { keys } = await listKeys(env.ARCHIVE, { prefix: "forgotten/r/", limit: 2_000 });
  for (const some of [keys.slice(0, 900), keys.slice(900)]) await env.ARCHIVE.delete(some);
});

it("requests are listed with the newest first, also those of one day", async () => {
  const at = Date.UTC(2026, 10, 30, 9);
  const ids = ["2026-11-30-b", "2026-11-30-c", "2026-11-30-a"];
  for (const [i, requestId] of ids.entries()) {
    const requestedAtMs = at + i * 60_000;
    const order = {
      customers: ["elt:C-1"],
      reason: "asked us to",
      actor: "ops",
      requestedAtMs,
      untilMs: requestedAtMs,
    };
    await putRequest(env.ARCHIVE, { requestId, ...order } as ForgetRequest);
  }
  const listed = (await readForgetRequests(env)) ?? [];
  expect(listed.map(({ requestId }) => requestId)).toEqual(ids.toReversed());
});

it("words of operators stay that have the customer's name only inside of another word", async () => {
  const person = new Person();
  const { data, ...rest } = JSON.parse(person.assigned("short").value ?? "");
  const value = JSON.stringify({ ...rest, data: { ...data, customer: { customerId: person.id, name: "Al" } } });
  await consume([{ ...person.assigned("short"), value }]);
  const entry = { atMs: 1, actor: "ops", role: "admin", action: "letter.unmask", target: "Alpha" } as const;
  const audit = new AuditRepository(env.DB);
  for (const reason of ["Alarms of Altona", "Al called"]) await audit.add({ ...entry, reason });
  await forget(person);
  const { results } = await env.DB.prepare("SELECT target, reason FROM audit_log ORDER BY id DESC LIMIT 2").all();
  expect(results.reverse()).toEqual([
    { target: "Alpha", reason: "Alarms of Altona" },
    { target: "Alpha", reason: "[forgotten]" },
  ]);
});

it("a run waits for consumers that had looked before its devices were noted, also one that is scheduled much later", async () => {
  const person = new Person();
  await consume([person.assigned("customer")]);
  await forget(person);
  const late = `late-${person.id}`;
  await consume([person.profile("unknown", { deviceId: late }), person.assigned("reveals it", { deviceId: late })]);
  await inAJob(async (deps) => {
    const deployed = { ...(env as unknown as Env), ENVIRONMENT: "production" };
    const { consumersEndAfterMs } = toJobDeps(deployed, deps.storage) as JobDeps;
    const later = { ...deps, consumersEndAfterMs, nowMs: deps.nowMs + 3_600_000 };
    let state = (await forgetting.begin({}, later)) as ForgettingState;
    while (state.phase !== "wait") ({ state } = await forgetting.step(state, later));
    expect((await forgetting.step(state, later)).waitMs).toBe(CONSUMERS_END_AFTER_MS);
    const end = new Date(later.nowMs + CONSUMERS_END_AFTER_MS).toISOString();
    expect(forgetting.report(state).phase).toContain(
      `Waits until no consumer can be at work that had looked before: until ${end}`,
    );
    // A consumer that had looked before archives what it has merged.
    await putRaw(archived([person.profile("unknown", { deviceId: late })]));
    await runFrom(state, { ...later, nowMs: later.nowMs + CONSUMERS_END_AFTER_MS });
  }, "files");
  expect(await lookEverywhere([person.key, `elt:${late}`])).toEqual([]);
});

it("a verification that begins while somebody is being forgotten loads nothing that earlier ones have stored", async () => {
  const person = new Person();
  await plant(person);
  const begun = await inAJob(async (deps) => {
    let state = (await forgetting.begin(orderOf(person), deps)) as ForgettingState;
    while (state.phase !== "rows") ({ state } = await forgetting.step(state, deps));
    return state;
  }, "files");
  await inAJob(async (deps) => {
    let state = await verification.begin({ buckets: "all" }, deps);
    while (state.phase !== "rows") ({ state } = await verification.step(state, deps));
  }, "verification");
  await runInDurableObject(env.JOBS.getByName("files"), async (_, { storage }) =>
    runFrom(begun, toJobDeps(env, storage) as JobDeps),
  );
  expect(await placesOf(person)).toEqual([]);
});

describe("the search through every store", () => {
  it.each(["feeds", "hubs", "runs", "metrics"])("would find something in an object among the %s", async (name) => {
    const namespace = OTHER_OBJECTS[name] as DurableObjectNamespace;
    const stub = namespace.getByName("canary");
    await runInDurableObject(stub, (_, { storage }) => storage.kv.put("canary", CANARY));
    expect(await lookEverywhere([])).toContain(name);
    await runInDurableObject(stub, (_, { storage }) => storage.kv.delete("canary"));
    expect(await lookEverywhere([])).not.toContain(name);
  });

  it.each([
    ["find", "object"],
    ["jobs", "job verification"],
    ["jobs", "job rebuild"],
    ["rows", "DB devices.aspects"],
    ["search", "DB device_search_data.block"],
    ["objects", "object"],
    ["letters", "DB dead_letters.record"],
    ["audit", "DB audit_log.reason"],
    ["words", "DB letter_revisions.patch"],
    ["raw", "bucket events/"],
    ["days", "bucket days/"],
    ["series", "bucket series/"],
    ["folds", "bucket folds/"],
  ] as const)("finds what a forgetting without its stage %s leaves", async (left, place) => {
    const person = new Person();
    await plant(person);
    const leaking: typeof forgetting = {
      ...forgetting,
      step: async (state, deps) => {
        if (state.phase !== left) return forgetting.step(state, deps);
        const phase = PHASES[PHASES.indexOf(left) + 1] as (typeof PHASES)[number];
        return { state: { ...state, phase, at: null, scan: null }, isDone: false };
      },
    };
    await inAJob((deps) => runToEnd(leaking, orderOf(person), deps), "files");
    expect((await placesOf(person)).some((each) => each.startsWith(place))).toBe(true);
  });
});

describe("a forgetting that is killed", () => {
  it("converges, wherever it dies", async () => {
    const whole = new Person();
    await plant(whole);
    const calls = await inAJob((deps) => countCalls(forgetting, orderOf(whole), deps), "files");
    expect(calls).toBeGreaterThan(60);
    const draw = drawnFrom(25);
    for (let run = 0; run < 6; run++) {
      const person = new Person();
      await plant(person);
      const deaths = Array.from({ length: 3 }, () => ({
        call: 1 + Math.floor(draw() * calls * 0.6),
        when: draw() < 0.5 ? ("before" as const) : ("after" as const),
      }));
      const { request } = await inAJob((deps) => runDying(forgetting, orderOf(person), deps, deaths), "files");
      expect(await placesOf(person), JSON.stringify(deaths)).toEqual([]);
      const certificate = await readCertificate(env.ARCHIVE, request?.requestId ?? "");
      expect(certificate?.devices).toEqual([person.formerKey, person.key]);
      const pending = await env.DB.prepare("SELECT count(*) AS n FROM forgotten WHERE redacted_at_ms IS NULL").first();
      expect(pending).toEqual({ n: 0 });
    }
  }, 120_000);
});

/** The same numbers for the same seed. */
function drawnFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
