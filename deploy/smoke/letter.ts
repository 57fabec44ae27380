import { CREATED, DEVICE_ID, DEVICE_KEY, registration, type SmokeEvent } from "./device.ts";
import { brief, type FrontDoor } from "./front-door.ts";
import { SmokeProblem } from "./problem.ts";

/**
 * What breaks the contract: a place north of the pole, beyond the date line and without names. No producer's mistake
 * breaks it in these five places and in no other, so the group of these letters, which is ignored, has no others.
 */
export const BROKEN = { location: { country: "", region: "", timeZone: "", latitude: 91, longitude: -181 } };

/** The issues that the contract finds in it. A test compares them with what the contract says. */
const ISSUES = [
  ["too_small", "country"],
  ["too_small", "region"],
  ["too_small", "timeZone"],
  ["too_big", "latitude"],
  ["too_small", "longitude"],
].map(([code = "", member]) => ({ code, path: `data.location.${member}`, message: "sent by the smoke test" }));

const REPAIR = [{ op: "remove", path: "/data/location" }];
const REASON = "smoke test";

/** A letter that an earlier test left is older than this; a younger one may belong to a test that runs now. */
const LEFT_AFTER_MS = 5 * 60_000;

type Letter = {
  readonly id: string;
  readonly state: string;
  readonly group: string | null;
  readonly eventId: string | null;
  readonly revision: number;
  readonly outcome: string | null;
  readonly message: string;
};

/**
 * Discards letters of the smoke test's device that wait: those of one event, or those that an earlier test left.
 * @returns how many there were
 */
export async function discardLetters(door: FrontDoor, which: { readonly eventId: string } | "left"): Promise<number> {
  const until = which === "left" ? `&until=${new Date(Date.now() - LEFT_AFTER_MS).toISOString()}` : "";
  const found = await Promise.all(
    ["open", "quarantined"].map((state) => listLetters(door, `device=${DEVICE_KEY}&state=${state}&first=100${until}`)),
  );
  const ids = found
    .flat()
    .filter(({ eventId }) => which === "left" || eventId === which.eventId)
    .map(({ id }) => id);
  if (ids.length > 0) await door.ops("POST", "/discards", { body: { selection: { ids }, reason: REASON } });
  return ids.length;
}

const listLetters = async (door: FrontDoor, query: string): Promise<readonly Letter[]> =>
  (await door.ops<{ deadLetters: Letter[] }>("GET", `/dead-letters?${query}`)).deadLetters;

/**
 * Sees to it that the group of the smoke test's letters is ignored before there is one, since alerts are sent of groups
 * that are not. An environment that never had such a letter gets one that is closed already.
 * @returns the group's id
 */
export async function ignoreGroup(door: FrontDoor): Promise<string> {
  const seed = "concord-smoke";
  let letter = await door.ops<Letter>("GET", `/dead-letters/${seed}`, { expected: [200, 404] });
  if (letter.status === 404) {
    await door.ops("POST", "/import", { body: closedLetter(seed, Date.now()) });
    letter = await door.ops<Letter>("GET", `/dead-letters/${seed}`);
  }
  const { state } = await door.ops<{ state: string }>("GET", `/groups/${letter.group}`);
  if (state !== "ignored") {
    const body = { state: "ignored", note: "The smoke test's own: it sends a bad record and replays it." };
    await door.ops("POST", `/groups/${letter.group}/state`, { body });
  }
  return letter.group ?? "";
}

/** A line as `GET /ops/api/export` writes it, of a letter that is closed. */
export function closedLetter(id: string, nowMs: number): string {
  const event = { eventId: id, occurredAt: new Date(nowMs).toISOString(), serialNumber: id };
  const value = JSON.stringify(registration(event, BROKEN));
  return JSON.stringify({
    concord: "letter/1",
    id,
    topic: CREATED,
    record: { topic: CREATED, key: DEVICE_ID, value, receivedAtMs: nowMs },
    stage: "ingest",
    failure: { reason: "schema_mismatch", issues: ISSUES },
    state: "resolved",
    eventId: id,
    deviceKey: DEVICE_KEY,
    failures: 1,
    replays: 0,
    firstFailedAtMs: nowMs,
    lastFailedAtMs: nowMs,
    outcome: null,
    settledAtMs: nowMs,
    contractVersion: null,
    workerVersion: "smoke test",
    traceparent: null,
    edited: null,
    revision: 0,
  });
}

/**
 * Sends a record that breaks its contract, in the lane of backfills, since the failures of live records count towards an
 * alert. @returns its letter @throws SmokeProblem if it becomes none, or one of which an alert would be sent
 */
export async function becomeLetter(door: FrontDoor, event: SmokeEvent, group: string): Promise<Letter> {
  const { status, body, entry } = await door.publish(CREATED, registration(event, BROKEN), {
    "X-Concord-Lane": "backfill",
  });
  if (status !== 200 || typeof entry?.error_code !== "number") {
    throw new SmokeProblem(
      `POST /topics/${CREATED} sent a record that breaks its contract and was answered ${status} ${brief(entry ?? body)}, where 200 with an error in the record's entry is right. Look at the ingest Worker's log and at the contract.`,
    );
  }
  const letter = await door.eventually(async () =>
    (await listLetters(door, `device=${DEVICE_KEY}&state=open&first=100`)).find(
      ({ eventId }) => eventId === event.eventId,
    ),
  );
  if (!letter) {
    throw new SmokeProblem(
      `The boundary kept the event ${event.eventId} as a dead letter (${brief(entry)}), and the operations API does not list it ${door.within}. Look at the dlq Worker's log and at the backlog of the queue concord-dead-letters.`,
    );
  }
  if (letter.group === group) return letter;
  throw new SmokeProblem(
    `The letter ${letter.id} is in the group ${letter.group} and not in ${group}, which is ignored, so an alert of it may have been sent: the contract of ${CREATED} finds other issues than deploy/smoke/letter.ts says. Look at the letter's issues.`,
  );
}

/** Repairs the letter's record, replays it and waits for its outcome. @throws SmokeProblem if none came, or a bad one */
export async function repairAndReplay(door: FrontDoor, { id, revision }: Letter): Promise<void> {
  await door.ops("PATCH", `/dead-letters/${id}`, { body: { patch: REPAIR, reason: REASON, revision } });
  await door.ops("POST", `/dead-letters/${id}/replay`, { body: {} });
  let last: Letter | undefined;
  const settled = await door.eventually(async () => {
    last = await door.ops<Letter>("GET", `/dead-letters/${id}`);
    return last.state === "replaying" ? undefined : last;
  });
  // Superseded: another smoke test that runs now has published a newer event.
  if (settled?.state === "resolved" && ["applied", "superseded"].includes(settled.outcome ?? "")) return;
  throw new SmokeProblem(
    settled
      ? `The letter ${id} was repaired and replayed, and is ${settled.state} with the outcome ${settled.outcome}: ${settled.message}. Look at the letter with \`npx concord dlq show ${id}\`.`
      : `The letter ${id} was repaired and replayed, and has no outcome ${door.within}. Look at the consumer (the ingest Worker's log) and at the backlog of the queues concord-events and concord-dead-letters.`,
  );
}
