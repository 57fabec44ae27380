import { describe, expect, it } from "vitest";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import type { JobKind } from "../../../workers/archive/jobs/job-kind.ts";
import { countCalls, inAJob, runDying, runToEnd } from "./dying.ts";

/** Copies letters from D1 into the bucket, one a step, and tells a device's object. */
const copying = (isCareful: boolean): JobKind<null, { readonly at: number }> => ({
  begin: async (_, { db }) => {
    await db.batch([db.prepare("DROP TABLE IF EXISTS letter"), db.prepare("CREATE TABLE letter (name TEXT)")]);
    await db.prepare("INSERT INTO letter VALUES (?1), (?2)").bind("a", "b").run();
    return { at: 0 };
  },
  step: async ({ at }, { db, bucket, objects }) => {
    const name = await db.prepare("SELECT name FROM letter LIMIT 1 OFFSET ?1").bind(at).first<string>("name");
    const before = await bucket.get("letters");
    const text = (await before?.text()) ?? "";
    const isThere = isCareful && text.includes(name ?? "");
    if (!isThere) await bucket.put("letters", `${text}${name}`);
    await (objects.devices.getByName("elt:1") as unknown as DeviceSnapshotSource).snapshot();
    return { state: { at: at + 1 }, isDone: at === 1 };
  },
  report: ({ at }) => ({ phase: "Copies.", done: at, total: 2, unit: "letters", figures: {} }),
});

const run = (isCareful: boolean, deaths?: Parameters<typeof runDying>[3]) =>
  inAJob(async (deps) => {
    await deps.bucket.delete("letters");
    await (deaths ? runDying(copying(isCareful), null, deps, deaths) : runToEnd(copying(isCareful), null, deps));
    return (await deps.bucket.get("letters"))?.text();
  });

describe("a job that dies", () => {
  it("ends as one that does not, wherever it dies, if its steps may be repeated", async () => {
    expect(await run(true)).toBe("ab");
    const calls = await inAJob(async (deps) => {
      await deps.bucket.delete("letters");
      return countCalls(copying(true), null, deps);
    });
    expect(calls).toBe(2 + 4 + 4);
    for (let call = 1; call <= calls; call++)
      for (const when of ["before", "after"] as const)
        expect([
          call,
          when,
          await run(true, [
            { call, when },
            { call: 1, when },
          ]),
        ]).toEqual([call, when, "ab"]);
  });

  it("is found out by the same deaths, if they may not", async () => {
    expect(await run(false)).toBe("ab");
    expect(await run(false, [{ call: 4, when: "after" }])).toBe("ab");
    expect(await run(false, [{ call: 5, when: "after" }])).toBe("aab");
  });
});
