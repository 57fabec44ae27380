import { beforeEach, describe, expect, it } from "vitest";
import type { BridgeEvent } from "../events.ts";
import { consumed, delivered, opened, rangeOf, recordAt, retried } from "./events-in-tests.ts";
import { healthOf } from "./server.ts";
import { BridgeState } from "./state.ts";
import { StatusWatch, standingEntries, statusLine } from "./status.ts";

const START_MS = Date.UTC(2026, 10, 30, 12);
let nowMs: number;
let state: BridgeState;
beforeEach(() => {
  nowMs = START_MS;
  state = new BridgeState(() => nowMs, true);
});
const after = (...events: readonly BridgeEvent[]) => {
  for (const event of events) state.on(event);
  return state.phase;
};
const lost: BridgeEvent = { kind: "session.ended", reason: "ECONNRESET", failed: true, retryInMs: 500 };
const noRegistry: BridgeEvent = { kind: "registry.retried", reason: "502", waitMs: 100 };

describe("a bridge", () => {
  it("is joining until it has partitions, and again when it has lost them", () => {
    expect(state.phase).toEqual({ kind: "joining", sinceMs: START_MS, reason: null });
    expect(after(opened(rangeOf())).kind).toBe("delivering");
    expect(after(lost)).toMatchObject({ kind: "joining", reason: "ECONNRESET" });
  });

  it("waits for Concord since its first attempt that failed, until Concord takes records again", () => {
    after(opened(rangeOf()), retried);
    nowMs += 60_000;
    const phase = after({ ...retried, reason: "no answer in time" } as BridgeEvent);
    expect(phase).toEqual({ kind: "waiting", on: "Concord", sinceMs: START_MS, reason: "no answer in time" });
    expect(after(delivered({ notKept: 1 })).kind).toBe("waiting");
    expect(after(delivered()).kind).toBe("delivering");
  });

  it("waits for the schema registry until it reads on, whatever Concord takes meanwhile", () => {
    expect(after(opened(rangeOf()), noRegistry)).toMatchObject({ kind: "waiting", on: "the schema registry" });
    expect(after(delivered()).kind).toBe("waiting");
    expect(after(consumed(recordAt(0))).kind).toBe("delivering");
  });
});

describe("its health", () => {
  const health = () => healthOf(state, nowMs);

  it("is good while it delivers or waits for Concord, however long", () => {
    after(opened(rangeOf()));
    expect(health().status).toBe(200);
    after(retried);
    nowMs += 3_600_000;
    expect(health()).toMatchObject({
      status: 200,
      body: { state: "waiting", why: expect.stringContaining("503: full") },
    });
  });

  it("is bad when it has had no partitions for a minute, and says why", () => {
    after(opened(rangeOf()), lost);
    nowMs += 59_000;
    expect(health().status).toBe(200);
    nowMs += 1_000;
    expect(health()).toMatchObject({
      status: 503,
      body: { status: "down", why: "joining since 2026-11-30 12:00:00Z (ECONNRESET)" },
    });
  });

  it("is bad when it has ended", () => {
    after({ kind: "ended", reason: "Concord refused the credentials", failed: true });
    expect(health()).toMatchObject({ status: 503, body: { why: "ended: Concord refused the credentials" } });
  });
});

describe("the status line", () => {
  it("has the rate since the last look, lag, ages and what became of records", () => {
    const watch = new StatusWatch(state, () => nowMs);
    after(opened(rangeOf({ latest: 5_000 })), consumed(recordAt(0, { timestampMs: START_MS - 2_100 })));
    after(delivered({ accepted: 2_000, deadLettered: 3 }));
    nowMs += 400;
    expect(statusLine(watch.look())).toBe(
      "delivering  5,008 records/s  lag 5,000 (2.5 s)  oldest waiting 0.4 s  accepted 2,000  dead letters 3",
    );
    nowMs += 1_000;
    expect(watch.look().perSecond).toBe(0);
  });

  it("says since when it waits for Concord and why, and what retention has deleted", () => {
    after(opened(rangeOf()), retried, { kind: "gap", topic: "t", partition: 0, from: 2, to: 5, cause: "retention" });
    const line = statusLine(new StatusWatch(state, () => nowMs).look());
    expect(line).toMatch(/^waiting for Concord since 2026-11-30 12:00:00Z \(503: full\) .* LOST 3$/);
  });
});

it("at the end it is said of each topic what is committed and what is left", () => {
  const other = { topic: "u" };
  after(opened(rangeOf({ committed: 5, latest: 5 }), rangeOf({ ...other, committed: 5, latest: 1_500 })));
  expect(standingEntries(state).map(({ message }) => message)).toEqual([
    "device.elt.status.reported: all is delivered; committed: 0 at 5",
    "u: 1,495 records behind; committed: 0 at 5",
  ]);
});
