import { expect, it } from "vitest";
import { AuditRepository } from "#repositories/audit.ts";
import { readCertificate } from "../../../workers/archive/forgetting/notes.ts";
import type { ForgettingState } from "../../../workers/archive/forgetting/state.ts";
import { forgetting } from "../../../workers/archive/jobs/forgetting.ts";
import { inAJob, runToEnd } from "./dying.ts";
import { lookEverywhere } from "./look-everywhere.ts";
import { archived, CANARY, compactAll, consume, env, Person, putRaw, receivedOn } from "./person.ts";

const DAY = "2026-11-22";

it("a forgetting that failed after its note is completed by the schedule, also if days were compacted meanwhile", async () => {
  const person = new Person();
  const records = [person.registered("registration"), person.assigned("customer"), person.profile("profile")];
  await consume(records);
  await putRaw(archived(receivedOn(DAY, records)));
  const entry = { atMs: 1, actor: "ops", role: "admin", action: "letter.unmask", target: "x" } as const;
  await new AuditRepository(env.DB).add({ ...entry, reason: `the call of ${CANARY} customer` });
  const order = { sources: ["elt"], customerId: person.id, reason: "asked us to", actor: "ops@example.com", waitMs: 0 };

  const requestId = await inAJob(async (deps) => {
    let state = (await forgetting.begin({ order }, deps)) as ForgettingState;
    const waits: boolean[] = [];
    // It fails before it redacts the objects, and is resumed by nobody.
    for (; state.phase !== "objects"; { state } = await forgetting.step(state, deps))
      waits.push(forgetting.isOrderOnlyHere?.(state) === true);
    expect(waits.indexOf(false)).toBe(1);
    expect(waits.lastIndexOf(true)).toBe(0);
    await compactAll(env.ARCHIVE, DAY);
    expect(await lookEverywhere([person.key])).toEqual(expect.arrayContaining([expect.stringMatching(/^bucket days/)]));

    const begun = (await forgetting.begin({}, deps)) as ForgettingState;
    await runToEnd({ ...forgetting, begin: async () => ({ ...begun, waitMs: 0 }) }, {}, deps);
    return begun.request?.requestId ?? "";
  }, "files");

  expect(await lookEverywhere([person.key])).toEqual([]);
  expect(await readCertificate(env.ARCHIVE, requestId)).toMatchObject({
    ...{ devices: [person.key], requestedBy: "ops@example.com" },
    removed: { auditEntries: 1 },
  });
});
