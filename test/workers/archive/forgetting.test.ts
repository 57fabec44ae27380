import { beforeEach, describe, expect, it } from "vitest";
import { AuditRepository } from "#repositories/audit.ts";
import { readCertificate } from "../../../workers/archive/forgetting/notes.ts";
import type { ForgettingState } from "../../../workers/archive/forgetting/state.ts";
import { forgetting } from "../../../workers/archive/jobs/forgetting.ts";
import type { JobDeps } from "../../../workers/archive/jobs/job-kind.ts";
import { countCalls, inAJob, runDying, runToEnd } from "./dying.ts";
import { lookEverywhere } from "./look-everywhere.ts";
import { archived, CANARY, consume, env, letters, Person, park, putRaw } from "./person.ts";

export const orderOf = (person: Person) => ({
  order: { sources: ["elt"], customerId: person.id, reason: "asked us to", actor: "ops@example.com", waitMs: 0 },
});

const forget = (person: Person): Promise<ForgettingState> =>
  inAJob((deps: JobDeps) => runToEnd(forgetting, orderOf(person), deps), "files");

/** Plants the person everywhere. */
async function plant(person: Person): Promise<void> {
  const records = [person.registered("registration"), person.assigned("customer"), person.profile("profile")];
  const former = [
    person.assigned("former", { deviceId: person.former }),
    person.profile("old", { deviceId: person.former }),
  ];
  await consume([...records, ...former]);
  // The former device is somebody else's by now.
  const handedOver = { ...person.assigned("x", { deviceId: person.former, day: 3 }) };
  const value = JSON.parse(handedOver.value ?? "");
  value.data.customer = { customerId: `other-${person.id}`, name: "Ford Prefect" };
  await consume([{ ...handedOver, value: JSON.stringify(value) }]);
  await putRaw(archived([...records, ...former, person.broken("archive")]));
  await park(`valid-${person.id}`, { ...person.profile("letter"), headers: [["x", btoa(`${CANARY} header`)]] });
  await park(`broken-${person.id}`, person.broken("letter"));
  await env.DB.prepare("UPDATE dead_letters SET edited = ?, revision = 1 WHERE id = ?")
    .bind(JSON.stringify({ name: `${CANARY} edit` }), `broken-${person.id}`)
    .run();
  await env.DB.prepare("INSERT INTO letter_revisions VALUES (?, 1, ?, 'ops', 'typo', 1)")
    .bind(`broken-${person.id}`, JSON.stringify([{ op: "add", path: "/name", value: `${CANARY} patch` }]))
    .run();
  await new AuditRepository(env.DB).add({
    atMs: 1,
    actor: "ops",
    role: "admin",
    action: "letter.unmask",
    target: `broken-${person.id}`,
    reason: `the call of ${CANARY} customer`,
  });
}

const placesOf = (person: Person) => lookEverywhere([person.key, person.formerKey]);

beforeEach(async () => {
  const { objects } = await env.ARCHIVE.list();
  await env.ARCHIVE.delete(objects.map(({ key }) => key));
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
        "DB dead_letters.edited",
        "DB dead_letters.failure",
        "DB dead_letters.record",
        "DB device_search.customer",
        "DB device_search.name",
        "DB device_search_data.block",
        "DB device_texts.customer",
        "DB device_texts.name",
        "DB devices.aspects",
        "DB letter_revisions.patch",
        "bucket events/",
        "object",
      ]),
    );
    const state = await forget(person);
    expect(await placesOf(person)).toEqual([]);
    expect(state.counts).toMatchObject({ lettersRedacted: 1, lettersEmptied: 1, auditEntries: 1, rawObjects: 1 });

    const late = [person.assigned("late", { day: 22 }), person.profile("backfill"), person.registered("replay")];
    await consume(late);
    await consume([person.profile("late", { deviceId: person.former }), person.profile("replay", { day: 1 })]);
    await park(`again-${person.id}`, person.broken("again"));
    await park(`valid-${person.id}`, person.profile("again"));
    expect(await placesOf(person)).toEqual([]);
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
    expect(certificate?.files).toHaveLength(1);
    for (const { before, after } of certificate?.files ?? []) {
      expect(await env.ARCHIVE.head(before)).toBeNull();
      expect(await env.ARCHIVE.head(after ?? "")).not.toBeNull();
    }
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
