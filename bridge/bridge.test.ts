import { setTimeout as wait } from "node:timers/promises";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { runBridge } from "./bridge.ts";
import type { Answer } from "./delivery/boundary.ts";
import type { Encoded } from "./delivery/encode.ts";
import type { BridgeEvent } from "./events.ts";
import { FakeSource } from "./fake-source.ts";
import type { KafkaRecord } from "./kafka-record.ts";
import type { SessionSettings } from "./session.ts";
import { StopError } from "./source.ts";

const SETTINGS: SessionSettings = {
  ...{ records: 4, bytes: 10_000, lingerMs: 1, requests: 3, bufferBytes: 5_000 },
  ...{ commitMs: 5, lagMs: 1_000, drainMs: 500, once: false },
};
const record = (offset: number, partition = 0): KafkaRecord => ({
  ...{ topic: "t", partition, offset, timestampMs: 0, key: null, headers: [] },
  value: Buffer.from(`v${offset}`),
});

let events: BridgeEvent[];
let accepted: string[];
let source: FakeSource;
/** What the boundary says instead of taking everything, if it says something. */
let boundary: (entries: readonly Encoded[]) => Answer | Promise<Answer | undefined> | undefined;
beforeEach(() => {
  [events, accepted, source, boundary] = [[], [], new FakeSource(), () => undefined];
});

function bridge(settings: Partial<SessionSettings> = {}) {
  const stop = new AbortController();
  const deps = {
    source,
    send: async (_: string, entries: readonly Encoded[]): Promise<Answer> => {
      const said = await boundary(entries);
      if (said && said.kind !== "answered") return said;
      const kept = said?.kept ?? entries.map(() => true);
      accepted.push(...entries.filter((__, i) => kept[i]).map(({ at }) => `${at.partition}:${at.offset}`));
      return said ?? { kind: "answered", kept, accepted: entries.length, deadLettered: 0 };
    },
    decode: async (records: readonly KafkaRecord[]) => records,
    emit: (event: BridgeEvent) => void events.push(event),
    random: () => 0,
  };
  return { ended: runBridge({ ...SETTINGS, ...settings }, deps, stop.signal), stop: () => stop.abort() };
}
const until = (holds: () => boolean) => vi.waitFor(() => expect(holds()).toBe(true), { timeout: 3_000, interval: 2 });
const kinds = () => events.map(({ kind }) => kind);

describe("the bridge", () => {
  it("delivers and commits what comes, until it is asked to end", async () => {
    source.add(record(0), record(1), record(0, 1));
    const { ended, stop } = bridge();
    await until(() => accepted.length === 3);
    source.add(record(2));
    await until(() => source.committed.get("t-0") === 3 && source.committed.get("t-1") === 1);
    stop();
    expect(await ended).toBe("it was asked to end");
    expect([source.isClosed, source.opened, source.closed]).toEqual([true, 1, 1]);
    expect(kinds()).toContain("session.opened");
    expect(kinds().at(-1)).toBe("ended");
  });

  it("commits nothing that the boundary has not answered for", async () => {
    let isDown = true;
    boundary = () => (isDown ? { kind: "retry", reason: "503", retryAfterMs: 5 } : undefined);
    source.add(record(0), record(1));
    const { ended, stop } = bridge();
    await until(() => kinds().filter((kind) => kind === "delivery.retried").length > 5);
    expect(source.commits).toEqual([]);
    isDown = false;
    await until(() => source.committed.get("t-0") === 2);
    stop();
    await ended;
    expect(accepted).toEqual(["0:0", "0:1"]);
  });

  it("delivers what it has before it ends, and commits it", async () => {
    boundary = async () => void (await wait(50));
    source.add(record(0), record(1));
    const { ended, stop } = bridge({ lingerMs: 10_000 });
    await until(() => kinds().includes("consumed"));
    stop();
    await ended;
    expect(source.committed.get("t-0")).toBe(2);
  });

  it("ends in time though the boundary does not answer, and commits only what it has answered for", async () => {
    boundary = (entries) => (entries[0]?.at.offset === 0 ? undefined : new Promise(() => undefined));
    source.add(record(0), record(1, 1));
    const { stop } = bridge({ records: 1, drainMs: 50 });
    await until(() => source.committed.get("t-0") === 1);
    stop();
    await until(() => kinds().includes("committed"));
    expect(source.committed.has("t-1")).toBe(false);
  });
});

describe("a session", () => {
  it.each(["the group was rebalanced", new Error("connection lost")])(
    "that ends with %s is followed by one that begins at what is committed",
    async (reason) => {
      let hangs = false;
      boundary = () => (hangs ? { kind: "retry", reason: "503", retryAfterMs: 1 } : undefined);
      source.add(record(0), record(1));
      const { ended, stop } = bridge();
      await until(() => source.committed.get("t-0") === 2);
      hangs = true;
      source.add(record(2), record(3));
      await until(() => kinds().includes("delivery.retried"));
      source.endSession(reason);
      hangs = false;
      await until(() => source.committed.get("t-0") === 4);
      stop();
      await ended;
      expect(accepted).toEqual(["0:0", "0:1", "0:2", "0:3"]);
      expect(events).toContainEqual(
        expect.objectContaining({ kind: "session.ended", failed: reason instanceof Error }),
      );
    },
  );

  it("that cannot be opened is tried again after a while, which grows", async () => {
    source.openFailures.push(new Error("no broker"), new Error("no broker"));
    source.add(record(0));
    const { ended, stop } = bridge();
    await until(() => source.committed.get("t-0") === 1);
    stop();
    await ended;
    const waits = events.flatMap((event) => (event.kind === "session.ended" ? event.retryInMs : []));
    expect(waits).toEqual([500, 1_000]);
  });

  it("that fails after it has committed something is followed soon, however often that happens", async () => {
    const { ended, stop } = bridge();
    for (let n = 1; n <= 4; n++) {
      source.add(record(n - 1));
      await until(() => source.committed.get("t-0") === n);
      source.endSession(new Error("the proxy restarted"));
    }
    stop();
    await ended;
    const waits = events.flatMap((event) => (event.kind === "session.ended" ? event.retryInMs : []));
    expect(Math.max(...waits)).toBe(500);
  });

  it("that can never be opened ends the bridge with the reason", async () => {
    source.openFailures.push(new StopError("SASL: wrong password"));
    await expect(bridge().ended).rejects.toThrow("SASL: wrong password");
    expect([source.isClosed, source.opened]).toEqual([true, 1]);
    expect(events.at(-1)).toEqual({ kind: "ended", reason: "SASL: wrong password", failed: true });
  });

  it("whose delivery can never succeed ends the bridge, with what was delivered committed", async () => {
    boundary = (entries) => {
      if (entries[0]?.at.offset !== 0) throw new StopError("401");
      return undefined;
    };
    source.batch = 1;
    source.add(record(0), record(1));
    await expect(bridge({ records: 1, commitMs: 10_000 }).ended).rejects.toThrow("401");
    expect(source.committed.get("t-0")).toBe(1);
  });

  it("tries a failed commit again with the next, and goes on in between", async () => {
    source.commitFailures.push(new Error("coordinator moved"));
    source.add(record(0));
    const { ended, stop } = bridge();
    await until(() => source.committed.get("t-0") === 1);
    stop();
    await ended;
    expect(events).toContainEqual({ kind: "commit.failed", message: "coordinator moved" });
  });
});

describe("commits", () => {
  it("go one at a time, so that a slow one cannot store an older position behind a newer", async () => {
    source.commitMs = 40;
    source.batch = 1;
    source.add(record(0));
    const { ended, stop } = bridge({ commitMs: 5 });
    for (let offset = 1; offset < 12; offset++) {
      await wait(7);
      source.add(record(offset));
    }
    await until(() => source.committed.get("t-0") === 12);
    stop();
    await ended;
    expect(source.mostCommits).toBe(1);
  });

  it("have no queue behind a slow one, so that a session can end soon", async () => {
    source.commitMs = 100;
    source.add(record(0));
    const { ended, stop } = bridge({ commitMs: 1 });
    await until(() => source.commits.length > 0);
    source.commitFailures.push(...Array.from({ length: 50 }, () => new Error("no answer")));
    for (let offset = 1; offset < 5; offset++) {
      source.add(record(offset));
      await wait(20);
    }
    source.commitFailures.length = 0;
    source.add(record(5));
    await until(() => accepted.length === 6);
    const began = performance.now();
    stop();
    await ended;
    expect(source.committed.get("t-0")).toBe(6);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe("a source that has to be asked", () => {
  it("is asked for more when what it gave is delivered and committed", async () => {
    source = new FakeSource(10_000);
    source.batch = 1;
    source.add(record(0), record(1), record(2));
    const { ended, stop } = bridge({ commitMs: 60_000, lingerMs: 60_000 });
    await until(() => source.committed.get("t-0") === 3);
    stop();
    await ended;
    expect(source.commits).toEqual([1, 2, 3].map((offset) => [{ topic: "t", partition: 0, offset }]));
  });

  it("is asked in time while a push waits", async () => {
    boundary = () => ({ kind: "retry", reason: "503", retryAfterMs: 60_000 });
    source = new FakeSource(20);
    source.batch = 1;
    source.add(record(0), record(1), record(2));
    const { stop } = bridge();
    await until(() => events.filter(({ kind }) => kind === "consumed").length === 3);
    stop();
    expect(source.commits).toEqual([]);
  });
});

describe("with once", () => {
  it("ends at the high-water marks of the start, though more comes", async () => {
    boundary = () => {
      source.add(record(100 + accepted.length));
      return undefined;
    };
    source.add(record(0), record(1), record(0, 1));
    expect(await bridge({ once: true }).ended).toMatch(/high-water marks/);
    expect([source.committed.get("t-0"), source.committed.get("t-1")]).toEqual([expect.any(Number), 1]);
  });

  it("ends at once where nothing is left to do", async () => {
    source.add(record(0));
    source.committed.set("t-0", 1);
    expect(await bridge({ once: true }).ended).toMatch(/high-water marks/);
    expect(accepted).toEqual([]);
  });

  it("reaches marks that were seen before a session was lost", async () => {
    source.add(record(0), record(1));
    let isFirst = true;
    boundary = () => {
      if (isFirst) source.endSession(new Error("connection lost"));
      isFirst = false;
      return undefined;
    };
    await bridge({ once: true }).ended;
    expect(source.committed.get("t-0")).toBe(2);
  });
});

describe("a gap", () => {
  it("that retention left before the session is reported, with what was lost", async () => {
    source.committed.set("t-0", 10);
    source.add(record(50));
    const { ended, stop } = bridge();
    await until(() => accepted.length === 1);
    stop();
    await ended;
    const gap = { kind: "gap", topic: "t", partition: 0, from: 10, to: 50, cause: "retention" };
    expect(events).toContainEqual(gap);
  });

  it("between records is compaction's or a transaction's while the log begins before it", async () => {
    source.add(record(0), record(5));
    const { ended, stop } = bridge();
    await until(() => kinds().includes("gap"));
    stop();
    await ended;
    expect(events).toContainEqual(expect.objectContaining({ from: 1, to: 5, cause: "compaction or transactions" }));
  });

  it("between records is retention's as far as the log now begins behind it", async () => {
    source.batch = 1;
    source.add(record(0));
    const { ended, stop } = bridge();
    await until(() => accepted.length === 1);
    source.logs.set("t-0", []);
    source.add(record(9), record(12));
    await until(() => events.filter(({ kind }) => kind === "gap").length === 2);
    stop();
    await ended;
    const gaps = events.filter((event) => event.kind === "gap");
    expect(gaps).toMatchObject([
      { from: 1, to: 9, cause: "retention" },
      { from: 10, to: 12, cause: "compaction or transactions" },
    ]);
  });
});
