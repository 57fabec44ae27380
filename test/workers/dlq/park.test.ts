import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { DeadLetterRepository } from "#letters/repositories/dead-letter.ts";
import worker from "../../../workers/dlq/index.ts";
import { type ParkDeps, park } from "../../../workers/dlq/park.ts";
import {
  brokenLetters,
  delivery,
  env,
  FAILED_MS,
  fakeMetrics,
  fakeQueue,
  letter,
  recordNamed,
  settlement,
  TOPIC,
} from "./support.ts";

const letters = new DeadLetterRepository(env.DB);

beforeEach(async () => {
  await env.DB.exec("DELETE FROM dead_letters");
});

function deps<More extends Partial<ParkDeps>>(more = {} as More) {
  const suspects = fakeQueue();
  const metrics = fakeMetrics();
  const deadLetters = fakeQueue<unknown>();
  return { letters, suspects, deadLetters, metrics, workerVersion: "test", random: () => 0.5, ...more };
}

const all = async () => (await letters.list({ first: 100 })).letters;
const brokenD1 = { batch: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")) };
const ack = { kind: "ack" };
const retry = { kind: "retry", delaySeconds: expect.any(Number) };
const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("consuming letters and settlements", () => {
  it("stores letters and settles them", async () => {
    const dispositions = await park(deps(), [
      delivery({ kind: "letters", letters: [letter("a"), letter("b")] }),
      delivery({ kind: "settlements", settlements: [settlement("a")] }),
    ]);
    expect(dispositions).toEqual([ack, ack]);
    expect(await letters.find("a")).toMatchObject({ state: "resolved", outcome: "applied" });
    expect(await letters.find("b")).toMatchObject({ state: "open" });
  });

  it("acknowledges nothing that D1 did not store", async () => {
    const dispositions = await park(deps({ letters: brokenLetters }), [
      delivery({ kind: "letters", letters: [letter("a")] }),
      delivery({ kind: "settlements", settlements: [settlement("a")] }),
      delivery("garbage"),
    ]);
    expect(dispositions).toEqual([retry, retry, retry]);
  });

  it("stores the other messages when one that D1 refuses is delivered again with them", async () => {
    const poisoned: ParkDeps["letters"] = {
      park: async (batch) => {
        if (batch.some(({ id }) => id === "poison")) throw new Error("D1_ERROR: string or blob too big");
        await letters.park(batch);
      },
      settle: async () => {},
    };
    const bodies = ["a", "poison", "b"].map((id) => ({ kind: "letters", letters: [letter(id)] }));
    const first = await park(
      deps({ letters: poisoned }),
      bodies.map((body) => delivery(body)),
    );
    expect(first).toEqual([retry, retry, retry]);
    const second = await park(
      deps({ letters: poisoned }),
      bodies.map((body) => delivery(body, { attempts: 2 })),
    );
    expect(second).toEqual([ack, retry, ack]);
  });
});

describe("an outage of D1 that outlasts the queue's attempts", () => {
  const message = { kind: "letters", letters: [letter("weary")] };

  it("sends the message anew before its last attempt, so that no letter is deleted with it", async () => {
    const { deadLetters, ...rest } = deps({ letters: new DeadLetterRepository(brokenD1 as never) });
    const dispositions = await park({ ...rest, deadLetters }, [
      delivery(message, { attempts: 50 }),
      delivery(message, { attempts: 49 }),
    ]);
    expect(dispositions).toEqual([ack, retry]);
    expect(deadLetters.sent).toEqual([message]);
  });

  it("sends a body of bytes anew as bytes, since JSON would lose it", async () => {
    const bytes = new Uint8Array(127_000).fill(7).buffer;
    const { deadLetters, ...rest } = deps({ letters: new DeadLetterRepository(brokenD1 as never) });
    expect(await park({ ...rest, deadLetters }, [delivery(bytes, { attempts: 50 })])).toEqual([ack]);
    expect(deadLetters.sent).toEqual([bytes]);
  });

  it("retries the message when the queue does not take it either", async () => {
    const refusing = { sendBatch: () => Promise.reject(new Error("Queue sendBatch failed")) };
    const broken = deps({ letters: new DeadLetterRepository(brokenD1 as never), deadLetters: refusing });
    expect(await park(broken, [delivery(message, { attempts: 99 })])).toEqual([retry]);
  });
});

describe("the crash net", () => {
  const parcel = { kind: "parcel", traceparent, records: [recordNamed("a", { attempts: 2 }), recordNamed("b")] };

  it("sends each record of a parcel back alone, as a suspect", async () => {
    const { suspects, metrics, ...rest } = deps();
    expect(await park({ suspects, metrics, ...rest }, [delivery(parcel)])).toEqual([ack]);
    expect(suspects.sent).toEqual(
      parcel.records.map((record) => ({
        kind: "parcel",
        id: expect.any(String),
        isolated: true,
        traceparent,
        records: [{ ...record, receipt: expect.any(String), suspect: true }],
      })),
    );
    expect(await all()).toEqual([]);
    expect(metrics.reports).toEqual([]);
  });

  it("parks a suspect that comes back, once however often it is delivered, and counts it", async () => {
    const { suspects, metrics, ...rest } = deps();
    const suspect = delivery({ ...parcel, isolated: true, records: [recordNamed("a", { suspect: true })] });
    expect(await park({ suspects, metrics, ...rest }, [suspect])).toEqual([ack]);
    expect(metrics.reports).toEqual([{ deadLettered: { [`${TOPIC} crash`]: 1 } }]);
    await park({ suspects, metrics, ...rest }, [suspect]);
    expect(suspects.sent).toEqual([]);
    expect(await all()).toEqual([
      expect.objectContaining({
        reason: "crash",
        stage: "consume",
        eventId: "a",
        failures: 1,
        contractVersion: 1,
        traceparent,
      }),
    ]);
  });

  it("leaves what a backfill brought in its lane, and counts its crashes there", async () => {
    const { suspects, metrics, ...rest } = deps();
    const ofBackfill = {
      ...parcel,
      lane: "backfill",
      records: [recordNamed("a"), recordNamed("b", { suspect: true })],
    };
    expect(await park({ suspects, metrics, ...rest }, [delivery(ofBackfill)])).toEqual([ack]);
    expect(suspects.sent).toMatchObject([{ lane: "backfill", isolated: true }]);
    const crashes = { [`${TOPIC} crash`]: 1 };
    expect(metrics.reports).toEqual([{ deadLettered: crashes, backfillSettled: crashes }]);
  });

  it("parks the suspects of a mixed parcel and sends back the others", async () => {
    const { suspects, ...rest } = deps();
    const records = [recordNamed("a", { suspect: true }), recordNamed("b")];
    expect(await park({ suspects, ...rest }, [delivery({ kind: "parcel", records })])).toEqual([ack]);
    expect(suspects.sent.map(({ records }) => records.map(({ suspect }) => suspect))).toEqual([[true]]);
    expect((await all()).map(({ eventId }) => eventId)).toEqual(["a"]);
  });

  it("acknowledges no parcel whose records the queue did not take, and still stores the letters beside it", async () => {
    const dispositions = await park(deps({ suspects: fakeQueue({ refuses: true }) }), [
      delivery(parcel),
      delivery({ kind: "letters", letters: [letter("x")] }),
    ]);
    expect(dispositions).toEqual([retry, ack]);
    expect((await all()).map(({ id }) => id)).toEqual(["x"]);
  });

  it("opens a letter again when its replayed record comes back as a suspect", async () => {
    await letters.park([letter("mine")]);
    await letters.claim(["mine"], { runId: "run", nowMs: FAILED_MS + 10 });
    const record = recordNamed("a", { suspect: true, letterId: "mine" });
    const timestamp = new Date(FAILED_MS + 20);
    await park(deps(), [delivery({ kind: "parcel", isolated: true, records: [record] }, { timestamp })]);
    expect(await all()).toEqual([expect.objectContaining({ id: "mine", state: "open", failures: 2, reason: "crash" })]);
  });
});

describe("messages of an unknown shape", () => {
  it.each([
    ["text", "garbage"],
    ["null", null],
    ["an object", { eventId: "evt-1", hello: ["\u0000", 1e21] }],
    ["a letter without a record", { kind: "letters", letters: [{ id: "a" }] }],
    ["a parcel without records", { kind: "parcel" }],
  ])("are stored whole, once however often they are delivered: %s", async (_, body) => {
    expect(await park(deps(), [delivery(body)])).toEqual([ack]);
    expect(await park(deps(), [delivery(body)])).toEqual([ack]);
    const [parked, ...others] = await all();
    expect(others).toEqual([]);
    expect(parked).toMatchObject({ topic: "unknown", reason: "fault", failures: 1, state: "open" });
    expect(JSON.parse(parked?.record.value ?? "")).toEqual(body);
  });

  it("are stored as base64 if they are bytes", async () => {
    await park(deps(), [delivery(new Uint8Array([0, 255, 128]).buffer)]);
    expect((await all())[0]?.record).toMatchObject({ value: "AP+A", encoding: "base64" });
  });

  it("are two letters even if both contain the same event id", async () => {
    await park(deps(), [delivery({ eventId: "e", n: 1 }), delivery({ eventId: "e", n: 2 })]);
    expect(await all()).toHaveLength(2);
  });
});

describe("the queue handler", () => {
  const handle = async (bodies: readonly unknown[], bindings = env) => {
    const batch = createMessageBatch(
      "concord-dead-letters",
      bodies.map((body, i) => ({ id: `m-${i}`, timestamp: new Date(FAILED_MS), attempts: 1, body })),
    );
    await worker.queue(batch, bindings);
    return getQueueResult(batch, createExecutionContext());
  };

  it("acknowledges each message that it stored", async () => {
    const result = await handle([{ kind: "letters", letters: [letter("a")] }, "garbage"]);
    expect(result).toMatchObject({ explicitAcks: ["m-0", "m-1"], retryMessages: [] });
    expect(await all()).toHaveLength(2);
  });

  it("retries each message later when D1 fails", async () => {
    const DB = { ...brokenD1, prepare: () => DB, bind: () => DB };
    const calls: unknown[] = [];
    const message = {
      ...delivery({ kind: "letters", letters: [letter("a")] }),
      id: "m-0",
      ack: () => calls.push("ack"),
      retry: (options?: QueueRetryOptions) => calls.push(options),
    };
    const batch = { queue: "concord-dead-letters", messages: [message] } as unknown as MessageBatch;
    await worker.queue(batch, { ...env, DB: DB as unknown as D1Database });
    expect(calls).toEqual([{ delaySeconds: expect.any(Number) }]);
  });

  it("stores letters even while the operations API is misconfigured", async () => {
    const result = await handle([{ kind: "letters", letters: [letter("a")] }], { ...env, ENVIRONMENT: "production" });
    expect(result.explicitAcks).toEqual(["m-0"]);
  });
});
