import { AuditRepository } from "#repositories/audit.ts";
import {
  archived,
  CANARY,
  compactAll,
  consume,
  env,
  letters,
  type Person,
  park,
  putRaw,
  receivedOn,
} from "./person.ts";
import { plantCommand, plantFeed, plantFolds, plantNotes, plantRun } from "./person-elsewhere.ts";

/** Of the first, the series are those of its month; of the second, those of the day itself. */
const OLDER_MONTH = "2026-10-20";
export const OLDER_DAY = "2026-11-22";
const STATUS = "device.elt.status.reported";

/** Plants the person everywhere. */
export async function plant(person: Person): Promise<void> {
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
  for (const [day, received] of [
    [-20, OLDER_MONTH],
    [20, OLDER_DAY],
  ] as const) {
    const older = [person.assigned(received, { day }), person.profile(received, { day }), person.report({ day })];
    const ofFormer = person.profile(`former ${received}`, { day, deviceId: person.former });
    await putRaw(archived(receivedOn(received, [...older, ofFormer, person.broken("status", STATUS)])));
    await compactAll(env.ARCHIVE, received);
  }
  await park(`valid-${person.id}`, { ...person.profile("letter"), headers: [["x", btoa(`${CANARY} header`)]] });
  await park(`broken-${person.id}`, person.broken("letter"));
  await env.DB.prepare("UPDATE dead_letters SET edited = ?, revision = 1 WHERE id = ?")
    .bind(JSON.stringify({ name: `${CANARY} edit` }), `broken-${person.id}`)
    .run();
  await env.DB.prepare("INSERT INTO letter_revisions VALUES (?, 1, ?, 'ops', 'typo', 1)")
    .bind(`broken-${person.id}`, JSON.stringify([{ op: "add", path: "/name", value: `${CANARY} patch` }]))
    .run();
  await plantCommand(person);
  await plantWords(person, `the call of ${CANARY} customer`);
  await plantRun(person, `the call of ${CANARY} customer`);
  await plantFeed(person);
  await plantFolds(person);
  await plantNotes(person);
  await new AuditRepository(env.DB).add({
    atMs: 1,
    actor: "ops",
    role: "admin",
    action: "letter.unmask",
    target: `broken-${person.id}`,
    reason: `the call of ${CANARY} customer`,
  });
}

/** What operators wrote of somebody else's letter, and an edit of it that they took back. */
async function plantWords(person: Person, words: string): Promise<void> {
  const id = `other-${person.id}`;
  const failure = { reason: "fault", error: { name: "Error", message: "it failed" } } as const;
  const record = { ...person.report(), value: JSON.stringify({ nobody: "known" }), key: null };
  await letters.park([{ id, record, stage: "consume", failure, failedAtMs: 1, workerVersion: "test" }]);
  const patch = [{ op: "add", path: "/customer", value: { customerId: person.id, name: `${CANARY} customer` } }];
  const unread = [{ op: "add", path: "/customer", value: { id: person.id, street: `${CANARY} street` } }];
  await env.DB.batch([
    env.DB.prepare("UPDATE dead_letters SET discard_reason = ?, revision = 2 WHERE id = ?").bind(words, id),
    env.DB.prepare(
      "UPDATE letter_groups SET note = ? WHERE id = (SELECT group_id FROM dead_letters WHERE id = ?)",
    ).bind(words, id),
    env.DB.prepare("INSERT INTO letter_revisions VALUES (?, 1, ?, 'ops', ?, 1)").bind(id, JSON.stringify(patch), words),
    env.DB.prepare("INSERT INTO letter_revisions VALUES (?, 2, ?, 'ops', 'back', 1)").bind(id, JSON.stringify(unread)),
  ]);
}
