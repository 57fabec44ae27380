import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BuiltRecord, buildRecord } from "#contracts/produce.ts";
import { Producer, type ProducerOptions } from "./producer.ts";

const record = (
  deviceId: string,
  topic: "device.elt.status.reported" | "device.ecobee.status.reported" = "device.elt.status.reported",
): BuiltRecord =>
  buildRecord(topic, { deviceId, occurredAt: "2026-11-23T12:00:00Z", data: { online: true } }, Date.UTC(2026, 10, 24));

type Asked = {
  readonly topic: string;
  readonly devices: string[];
  readonly atMs: number;
  readonly headers: Record<string, string>;
};
let asked: Asked[];
let startedMs: number;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  startedMs = Date.now();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const receipts = (...codes: (number | null)[]) =>
  Response.json({ offsets: codes.map((error_code) => ({ error_code, error: error_code && "so it is" })) });
const ok = ({ devices }: Asked) => receipts(...devices.map(() => null));

/** A producer in front of answers, one after the other; the last one is repeated. */
function producer(
  answers: readonly (Response | Error | ((asked: Asked) => Response))[],
  options: Partial<ProducerOptions> = {},
) {
  return new Producer({
    url: "https://concord.example/",
    authorization: "Basic eA==",
    random: () => 0,
    fetch: async (url, { body, headers }) => {
      const { records } = JSON.parse(body as string) as { records: { key: string }[] };
      const request: Asked = {
        topic: url.replace("https://concord.example/topics/", ""),
        devices: records.map(({ key }) => key),
        atMs: Date.now() - startedMs,
        headers: headers as Record<string, string>,
      };
      asked.push(request);
      const answer = answers[Math.min(asked.length, answers.length) - 1] as (typeof answers)[number];
      if (answer instanceof Error) throw answer;
      return typeof answer === "function" ? answer(request) : answer.clone();
    },
    ...options,
  });
}

const sending = async <T>(sent: Promise<T>): Promise<T> => {
  await vi.runAllTimersAsync();
  return sent;
};

describe("records", () => {
  it("are sent when less than a whole millisecond is left of what the caller said", async () => {
    vi.spyOn(performance, "now").mockReturnValue(0.25);
    const sending = producer([ok], { deadlineMs: 1.5 }).send([record("1")]);
    expect(await sending).toMatchObject([{ kind: "accepted" }]);
  });

  it("are given as long as the caller said, though the machine's clock is set meanwhile", async () => {
    const busy = new Response(null, { status: 503, headers: { "Retry-After": "1" } });
    const sending = producer([busy, busy, ok], { deadlineMs: 60_000 }).send([record("1")]);
    await vi.advanceTimersByTimeAsync(10);
    vi.setSystemTime(startedMs + 3_600_000);
    await vi.runAllTimersAsync();
    expect(await sending).toMatchObject([{ kind: "accepted" }]);
  });

  it("are sent in requests of one topic each, of so many at most, and reported in their own order", async () => {
    const all = [record("1"), record("2", "device.ecobee.status.reported"), record("3"), record("4")];
    const sent = await sending(producer([ok, () => receipts(42206), ok], { batchRecords: 2 }).send(all));
    expect(asked.map(({ topic, devices }) => [topic, devices])).toEqual([
      ["device.elt.status.reported", ["1", "3"]],
      ["device.elt.status.reported", ["4"]],
      ["device.ecobee.status.reported", ["2"]],
    ]);
    expect(sent.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted", "deadLettered"]);
    expect(asked[0]?.headers).toEqual({
      Authorization: "Basic eA==",
      "Content-Type": "application/vnd.kafka.json.v2+json",
    });
  });

  it("are sent in requests of a megabyte at most", async () => {
    const large = { ...record("1"), value: JSON.stringify({ text: "ü".repeat(200_000) }) };
    await sending(producer([ok]).send(Array.from({ length: 6 }, () => large)));
    expect(asked.map(({ devices }) => devices.length)).toEqual([2, 2, 2]);
  });

  it("of a backfill say so, and a new token is asked for each request", async () => {
    let tokens = 0;
    const options = { lane: "backfill", authorization: async () => `Bearer ${++tokens}`, batchRecords: 1 } as const;
    await sending(producer([ok], options).send([record("1"), record("2")]));
    expect(asked.map(({ headers }) => [headers["X-Concord-Lane"], headers.Authorization])).toEqual([
      ["backfill", "Bearer 1"],
      ["backfill", "Bearer 2"],
    ]);
  });
});

describe("a request that was not taken", () => {
  it.each([
    ["with a time to wait", new Response("", { status: 429, headers: { "Retry-After": "7" } }), 7_000],
    ["without one", new Response("", { status: 503 }), 125],
    ["because the connection broke", new TypeError("fetch failed"), 125],
    ["by an answer that proves nothing", new Response("<html>welcome</html>"), 125],
  ])("%s is sent again", async (_, answer, afterMs) => {
    expect(await sending(producer([answer, ok]).send([record("1")]))).toEqual([{ kind: "accepted" }]);
    expect(asked.map(({ atMs }) => atMs)).toEqual([0, afterMs]);
  });

  it("holds back all sends of its producer", async () => {
    const one = producer([new Response("", { status: 429, headers: { "Retry-After": "7" } }), ok]);
    const first = one.send([record("1")]);
    await vi.advanceTimersByTimeAsync(1_000);
    const second = one.send([record("2")]);
    expect(await sending(Promise.all([first, second]))).toEqual([[{ kind: "accepted" }], [{ kind: "accepted" }]]);
    expect(asked.map(({ atMs }) => atMs)).toEqual([0, 7_000, 7_000]);
  });

  it("is given up at the deadline, and says what the last answer was", async () => {
    const sent = await sending(
      producer([new Response('{"message":"the queue is full"}', { status: 503 })], { deadlineMs: 3_000 }).send([
        record("1"),
        record("2", "device.ecobee.status.reported"),
      ]),
    );
    const reason = "not delivered before its deadline; the last answer: 503: the queue is full";
    expect(sent).toEqual([
      { kind: "notSent", reason },
      { kind: "notSent", reason },
    ]);
    expect(asked.at(-1)?.atMs).toBeLessThan(3_000);
    expect(asked.length).toBeGreaterThan(3);
  });

  it("is given up when its caller does", async () => {
    const controller = new AbortController();
    const sent = producer([new Response("", { status: 503 })]).send([record("1")], controller.signal);
    await vi.advanceTimersByTimeAsync(1_000);
    controller.abort();
    expect(await sending(sent)).toMatchObject([
      { kind: "notSent", reason: expect.stringMatching(/^given up by its caller/) },
    ]);
  });
});

describe("an answer", () => {
  it("that one record was not kept has that one sent again, and no other", async () => {
    const sent = await sending(
      producer([receipts(null, 50003, 42206), ok]).send(["1", "2", "3"].map((id) => record(id))),
    );
    expect(asked.map(({ devices }) => devices)).toEqual([["1", "2", "3"], ["2"]]);
    expect(sent.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "deadLettered"]);
  });

  it("that refuses a request is not asked for twice, and the next request is sent", async () => {
    const all = [record("1"), record("2", "device.ecobee.status.reported")];
    const sent = await sending(producer([new Response('{"message":"no"}', { status: 413 }), ok]).send(all));
    expect(sent).toEqual([{ kind: "notSent", reason: "refused with 413: no" }, { kind: "accepted" }]);
  });

  it.each([
    [401, "Check the credentials"],
    [404, "Check the URL"],
    [302, "Check the URL"],
  ])("of %i ends it, and says what to do", async (status, todo) => {
    const headers: HeadersInit = status === 302 ? { Location: "https://login.example" } : {};
    const all = [record("1"), record("2", "device.ecobee.status.reported")];
    const sent = await sending(producer([new Response(null, { status, headers })]).send(all));
    expect(asked).toHaveLength(1);
    for (const each of sent) expect(each).toEqual({ kind: "notSent", reason: expect.stringContaining(todo) });
    for (const each of sent) expect(each).toMatchObject({ reason: expect.stringContaining("Nothing of this request") });
  });
});
