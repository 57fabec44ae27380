import { beforeEach, describe, expect, it } from "vitest";
import type { Letter } from "#letters/letter.ts";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import { sampleGroup } from "../../../workers/dlq/next-step.ts";
import { counting, emptyOps, env, FAILED_MS, letter, opsOf, recordNamed } from "./support.ts";

const letters = new DeadLetterRepository(env.DB);

beforeEach(emptyOps);

const payloadOf = (data: unknown, occurredAt = "2026-11-23T12:00:00Z") =>
  JSON.stringify({ eventId: "e", deviceId: "dev-1", occurredAt, data });

const WRONG = recordNamed("wrong", { value: payloadOf({ name: 7 }) });
const RIGHT = recordNamed("right", { value: payloadOf({ name: "Hall" }) });
const MISMATCH: Letter["failure"] = {
  reason: "schema_mismatch",
  issues: [{ path: "data.name", code: "invalid_type", message: "expected string, received number" }],
};

describe("the next step of a letter", () => {
  it.each<[string, Partial<Letter>, string, boolean]>([
    ["to replay it when its contract accepts it now", { record: RIGHT, failure: MISMATCH }, "replay", false],
    [
      "to edit it when its contract rejects it, whichever Worker would replay it",
      { record: WRONG, failure: MISMATCH },
      "edit",
      true,
    ],
    [
      "to discard it when its topic is unknown, which no edit changes",
      {
        record: { ...RIGHT, topic: "device.elt.toast.burnt" },
        failure: { reason: "unknown_topic", topic: "device.elt.toast.burnt" },
      },
      "discard",
      true,
    ],
    [
      "to discard it when it is not JSON, which no patch can change",
      { record: recordNamed("x", { value: "<no>" }) },
      "discard",
      true,
    ],
    [
      "to discard it when it holds a number that an edit would round",
      {
        record: recordNamed("x", { value: payloadOf({ name: 7, id: 1 }).replace('"id":1', '"id":9007199254740993') }),
        failure: MISMATCH,
      },
      "discard",
      true,
    ],
    [
      "to wait when its event time is in the future",
      {
        record: recordNamed("x", { value: payloadOf({ name: "Hall" }, "2031-01-01T00:00:00Z") }),
        failure: { reason: "clock_skew", aheadMs: 1e9 },
      },
      "wait",
      true,
    ],
    [
      "to replay it when it failed by a fault and was not replayed yet",
      { record: RIGHT, failure: { reason: "crash" } },
      "replay",
      false,
    ],
  ])("is %s", async (_, given, next, failsAgain) => {
    await letters.park([letter("a", given)]);
    const { body } = await opsOf().get("/ops/api/dead-letters/a");
    expect(body).toMatchObject({ next, failsAgain });
    const { group } = body;
    const sample = { letters: 1, failing: Number(failsAgain), next };
    expect((await opsOf().get(`/ops/api/groups/${group}`)).body.sample).toEqual(sample);
  });

  it("is to wait for another release of the Worker when a replay by this one ended in the same fault", async () => {
    const crashed = letter("a", { record: RIGHT, failure: { reason: "crash" }, contractVersion: 1 });
    await letters.park([crashed]);
    await letters.claim(["a"], { runId: "r", nowMs: FAILED_MS + 1 });
    await letters.park([{ ...crashed, failedAtMs: FAILED_MS + 2 }]);
    const nextBy = async (workerVersion: string) =>
      (await opsOf({ workerVersion }).get("/ops/api/dead-letters/a")).body.next;
    expect([await nextBy("test"), await nextBy("another")]).toEqual(["wait", "replay"]);
  });

  it("is null for a letter that is not waiting", async () => {
    await letters.park([letter("a", { record: WRONG, failure: MISMATCH })]);
    await letters.claim(["a"], { runId: "r", nowMs: FAILED_MS + 1 });
    const { body } = await opsOf().get("/ops/api/dead-letters/a");
    expect(body).toMatchObject({ state: "replaying", next: null, failsAgain: false });
    expect((await opsOf().get(`/ops/api/groups/${body.group}`)).body.sample).toBeNull();
  });
});

describe("the sample of a group", () => {
  const park = (records: readonly (typeof WRONG)[]) =>
    letters.park(
      records.map((record, i) => letter(`l-${i}`, { record, failure: MISMATCH, failedAtMs: FAILED_MS + i })),
    );

  it.each([
    ["the oldest", [RIGHT, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG]],
    ["the newest", [WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, RIGHT]],
  ])("includes %s, and suggests a replay if one letter would pass", async (_, records) => {
    await park(records);
    const group = (await letters.find("l-0"))?.groupId;
    const { body } = await opsOf().get(`/ops/api/groups/${group}`);
    expect(body.sample).toEqual({ letters: 6, failing: 5, next: "replay" });
  });

  it("reads as many rows for a group of five hundred letters as for one of ten", async () => {
    const read = async (many: number) => {
      await emptyOps();
      await park(Array.from({ length: many }, () => WRONG));
      const [group] = await opsOf().deps.groups.list({ first: 1 });
      const { db, rowsRead } = counting();
      const present = { workerVersion: "next", nowMs: FAILED_MS };
      const sample = await sampleGroup(new DeadLetterRepository(db), group as NonNullable<typeof group>, present);
      expect(sample).toEqual({ letters: 6, failing: 6, next: "edit" });
      return rowsRead();
    };
    expect(await read(500)).toBe(await read(10));
  });
});
