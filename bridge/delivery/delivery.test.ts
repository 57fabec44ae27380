import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BridgeEvent } from "../events.ts";
import type { KafkaRecord } from "../kafka-record.ts";
import { StopError } from "../source.ts";
import type { Answer, Send } from "./boundary.ts";
import { Delivery, type DeliverySettings } from "./delivery.ts";
import type { Encoded } from "./encode.ts";

const SETTINGS: DeliverySettings = { records: 4, bytes: 10_000, lingerMs: 5, requests: 3, bufferBytes: 1_000 };

const record = (offset: number, partition = 0, topic = "t"): KafkaRecord => ({
  topic,
  partition,
  offset,
  timestampMs: 0,
  key: Buffer.from("k"),
  value: Buffer.from(`value ${offset}`),
  headers: [],
});
const records = (...offsets: number[]) => offsets.map((offset) => record(offset));
const takenAll = (entries: readonly Encoded[]): Answer => ({
  kind: "answered",
  kept: entries.map(() => true),
  accepted: entries.length,
  deadLettered: 0,
});
const busy: Answer = { kind: "retry", reason: "503: busy", retryAfterMs: 2_000 };

let events: BridgeEvent[];
let requests: { readonly topic: string; readonly entries: readonly Encoded[]; readonly atMs: number }[];
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  events = [];
  requests = [];
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** @param answer what the boundary says to its n-th request, from 0 */
function deliveryTo(
  answer: (entries: readonly Encoded[], n: number, signal: AbortSignal) => Answer | Promise<Answer>,
  settings: Partial<DeliverySettings> = {},
): Delivery {
  const send: Send = async (topic, entries, signal) => {
    requests.push({ topic, entries, atMs: Date.now() });
    return answer(entries, requests.length - 1, signal);
  };
  const deps = { send, emit: (event: BridgeEvent) => events.push(event), onGap: () => undefined };
  return new Delivery({ ...SETTINGS, ...settings }, { ...deps, random: () => 0.5 });
}

const sent = () => requests.map(({ entries }) => entries.map(({ at }) => at.offset));

describe("delivery", () => {
  it("sends what has waited long enough, and says where partitions go on", async () => {
    const delivery = deliveryTo(takenAll);
    await delivery.take(records(5, 6));
    expect(requests).toEqual([]);
    await vi.advanceTimersByTimeAsync(5);
    expect(sent()).toEqual([[5, 6]]);
    expect(delivery.uncommitted()).toEqual([{ topic: "t", partition: 0, offset: 7 }]);
    expect(events).toMatchObject([{ kind: "delivered", topic: "t", accepted: 2, deadLettered: 0, notKept: 0 }]);
  });

  it("sends in time though the machine's clock is set back by an hour", async () => {
    const delivery = deliveryTo(takenAll);
    await delivery.take(records(5));
    vi.setSystemTime(-3_600_000);
    await vi.advanceTimersByTimeAsync(5);
    await delivery.take(records(6));
    await vi.advanceTimersByTimeAsync(5);
    expect(sent()).toEqual([[5], [6]]);
  });

  it("says in whole milliseconds how long a request took", async () => {
    const delivery = deliveryTo((entries) => {
      vi.spyOn(performance, "now").mockReturnValue(20.75);
      return takenAll(entries);
    });
    vi.spyOn(performance, "now").mockReturnValue(10);
    await delivery.take(records(1, 2, 3, 4));
    await vi.advanceTimersByTimeAsync(0);
    expect(events).toMatchObject([{ kind: "delivered", durationMs: 11 }]);
  });

  it("asks again for what is under pressure, after the time that it is told, and nothing overtakes it", async () => {
    const delivery = deliveryTo((entries, n) => (n < 2 ? busy : takenAll(entries)));
    await delivery.take(records(1, 2, 3, 4, 5));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent()).toEqual([[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4], [5]]);
    expect(requests[1]?.atMs).toBeGreaterThanOrEqual(2_000);
    expect(events.filter(({ kind }) => kind === "delivery.retried")).toHaveLength(2);
  });

  it("waits twice as long with each attempt, up to half a minute, where it is told no time", async () => {
    deliveryTo(() => ({ kind: "retry", reason: "no answer", retryAfterMs: undefined })).take(records(1));
    await vi.advanceTimersByTimeAsync(200_000);
    const waits = requests.slice(1).map(({ atMs }, i) => atMs - (requests[i]?.atMs ?? 0));
    expect(waits.slice(0, 4)).toEqual([188, 375, 750, 1_500]);
    expect(Math.max(...waits)).toBe(22_500);
  });

  it("has several partitions in flight, but one request at a time while the boundary is unavailable", async () => {
    let [open, most] = [0, 0];
    let isDown = false;
    const delivery = deliveryTo(
      async (entries) => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 100));
        open -= 1;
        return isDown ? busy : takenAll(entries);
      },
      { records: 1, bufferBytes: 100_000 },
    );
    void delivery.take([0, 1, 2, 3, 4, 5].map((partition) => record(0, partition)));
    await vi.advanceTimersByTimeAsync(400);
    expect([most, requests.length]).toEqual([3, 6]);
    isDown = true;
    void delivery.take([record(1, 0)]);
    await vi.advanceTimersByTimeAsync(200);
    most = 0;
    void delivery.take([1, 2, 3, 4, 5].map((partition) => record(1, partition)));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(most).toBe(1);
  });

  it("takes no more than fits its memory until something is delivered", async () => {
    let isDown = true;
    const delivery = deliveryTo((entries) => (isDown ? busy : takenAll(entries)));
    let hasRoom = false;
    void delivery.take(Array.from({ length: 50 }, (_, offset) => record(offset))).then(() => {
      hasRoom = true;
    });
    await vi.advanceTimersByTimeAsync(30_000);
    expect([hasRoom, requests.length > 5]).toEqual([false, true]);
    isDown = false;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(hasRoom).toBe(true);
  });

  it("sends records again that the queue did not take, from the first of them on", async () => {
    const delivery = deliveryTo((entries, n) =>
      n > 0 ? takenAll(entries) : { kind: "answered", kept: [true, false, true], accepted: 2, deadLettered: 0 },
    );
    await delivery.take(records(1, 2, 3));
    await vi.advanceTimersByTimeAsync(10);
    expect(delivery.uncommitted()).toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent()).toEqual([
      [1, 2, 3],
      [2, 3],
    ]);
    expect(delivery.uncommitted()).toEqual([{ topic: "t", partition: 0, offset: 4 }]);
  });
});

describe("a request that is refused", () => {
  const refusing = (offset: number, untilIdentity = true) =>
    deliveryTo((entries) => {
      const isBlamed = entries.some(({ at, text }) => at.offset === offset && !(untilIdentity && /"cut"/.test(text)));
      return isBlamed ? { kind: "refused", status: 400, message: "no" } : takenAll(entries);
    });

  it("is halved until the record is found, which is sent as what identifies it; the others go their way", async () => {
    const delivery = refusing(3);
    await delivery.take(records(1, 2, 3, 4));
    await vi.advanceTimersByTimeAsync(100);
    expect(sent()).toEqual([[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [4]]);
    const identity = JSON.parse(requests[4]?.entries[0]?.text ?? "");
    expect(identity).toMatchObject({ partition: 0, offset: 3, key: "aw==", value: "", cut: { bytes: 8 } });
    expect(events).toContainEqual(expect.objectContaining({ kind: "record.refused", status: 400 }));
    expect(delivery.uncommitted()).toEqual([{ topic: "t", partition: 0, offset: 5 }]);
  });

  it("is not overtaken by its second half if the queue does not take the first", async () => {
    const delivery = deliveryTo((entries, n) => {
      if (n === 0) return { kind: "refused", status: 413, message: "too large" };
      return n > 1 ? takenAll(entries) : { kind: "answered", kept: [true, false], accepted: 1, deadLettered: 0 };
    });
    await delivery.take(records(1, 2, 3, 4));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent()).toEqual([
      [1, 2, 3, 4],
      [1, 2],
      [2, 3, 4],
    ]);
  });

  it("stops the bridge if even that is refused, and does not commit it", async () => {
    const delivery = refusing(3, false);
    await delivery.take(records(1, 2, 3, 4));
    await vi.advanceTimersByTimeAsync(100);
    expect(delivery.failed.reason).toBeInstanceOf(StopError);
    expect(delivery.failed.reason.message).toMatch(/t-0 offset 3 .*400: no/);
    expect(delivery.uncommitted()).toEqual([{ topic: "t", partition: 0, offset: 3 }]);
  });
});

describe("the end of a delivery", () => {
  it("comes with an error that no retry mends, and what was delivered before can be committed", async () => {
    const delivery = deliveryTo((entries, n) => {
      if (n > 0) throw new StopError("credentials");
      return takenAll(entries);
    });
    await delivery.take(records(1, 2, 3, 4, 5));
    await vi.advanceTimersByTimeAsync(100);
    expect(delivery.failed.reason).toMatchObject({ message: "credentials" });
    expect(delivery.uncommitted()).toEqual([{ topic: "t", partition: 0, offset: 5 }]);
    expect(requests).toHaveLength(2);
  });

  it("waits for answers, and gives up what waits to be sent again", async () => {
    const delivery = deliveryTo(async (entries, n) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return n === 0 ? takenAll(entries) : busy;
    });
    await delivery.take([...records(1, 2, 3, 4), ...records(5)]);
    await vi.advanceTimersByTimeAsync(100);
    let isClosed = false;
    void delivery.close(1_000).then(() => {
      isClosed = true;
    });
    await vi.advanceTimersByTimeAsync(250);
    expect([isClosed, sent()]).toEqual([true, [[1, 2, 3, 4]]]);
    expect(delivery.uncommitted()).toEqual([{ topic: "t", partition: 0, offset: 5 }]);
  });

  it("ends requests that are not answered in time, even in an outage", async () => {
    const delivery = deliveryTo((_, __, signal) => {
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(busy)));
    });
    await delivery.take(records(1));
    await vi.advanceTimersByTimeAsync(100);
    let isClosed = false;
    void delivery.close(1_000).then(() => {
      isClosed = true;
    });
    await vi.advanceTimersByTimeAsync(900);
    expect(isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect([isClosed, delivery.uncommitted()]).toEqual([true, []]);
  });

  it("comes when everything is delivered, without waiting for others that would go with it", async () => {
    const delivery = deliveryTo(takenAll, { lingerMs: 60_000 });
    await delivery.take(records(1));
    let isDrained = false;
    void delivery.drain().then(() => {
      isDrained = true;
    });
    await vi.advanceTimersByTimeAsync(1);
    expect([isDrained, sent()]).toEqual([true, [[1]]]);
  });
});
