import { expect, it } from "vitest";
import { type Handled, trackMetrics } from "./track-metrics.ts";

const [T, U] = ["device.elt.status.reported", "device.elt.alert.raised"];
const cost = { d1RowsRead: 3, d1RowsWritten: 2, objectCalls: 1, objectWrites: 1 };

/** A clock that goes on by so much with every look. */
const clock =
  (stepMs: number, startMs = 1_000_000) =>
  () =>
    (startMs += stepMs);

const merged = (topic: string, more: Partial<Handled> = {}): Handled =>
  ({
    kind: "merged",
    topic,
    outcome: "applied",
    receivedAtMs: 1_000_000,
    occurredAtMs: 700_000,
    isReplay: false,
    isBackfill: false,
    ...more,
  }) as Handled;

it("counts of each contract what came, how it ended and how fresh it is, in one report", async () => {
  const handled: Handled[] = [
    merged(T),
    merged(T, { outcome: "duplicate" } as Partial<Handled>),
    merged(U, { isReplay: true, receivedAtMs: 0 }),
    { kind: "deadLettered", topic: U, reason: "fault", receivedAtMs: 0, isReplay: false, isBackfill: false },
    { kind: "returned", topic: T, receivedAtMs: 0, isReplay: false, isBackfill: false },
  ];
  const { report } = await trackMetrics(clock(40), async () => ({ handled, cost }));
  expect(report).toEqual({
    outcomes: { [`${T} applied`]: 1, [`${T} duplicate`]: 1, [`${U} applied`]: 1 },
    deadLettered: { [`${U} fault`]: 1 },
    retried: { [T]: 1 },
    receivedToVisibleMs: { [`${T} 100`]: 2, [`${T} sum`]: 160 },
    occurredToVisibleMs: { [`${T} 3600000`]: 2, [`${T} sum`]: 600_160 },
    handleMs: { [`${T} 50`]: 1, [`${T} sum`]: 40, [`${U} 50`]: 1, [`${U} sum`]: 40 },
    batches: 1,
    batchRecords: { "5": 1, sum: 5 },
    ...cost,
  });
});

it("counts how records of a backfill ended, and measures none of them", async () => {
  const backfill = { isBackfill: true } as Partial<Handled>;
  const handled: Handled[] = [
    merged(T),
    merged(T, backfill),
    merged(U, backfill),
    { kind: "deadLettered", topic: U, reason: "fault", receivedAtMs: 0, isReplay: false, isBackfill: true },
  ];
  const { report } = await trackMetrics(clock(40), async () => ({ handled, cost }));
  expect(report).toMatchObject({
    outcomes: { [`${T} applied`]: 2, [`${U} applied`]: 1 },
    deadLettered: { [`${U} fault`]: 1 },
    backfillSettled: { [`${T} applied`]: 1, [`${U} applied`]: 1, [`${U} fault`]: 1 },
  });
  expect(report.receivedToVisibleMs).toEqual({ [`${T} 100`]: 1, [`${T} sum`]: 80 });
  expect(Object.keys(report.occurredToVisibleMs ?? {})).toHaveLength(2);
  expect(report.handleMs).toEqual({ [`${T} 50`]: 1, [`${T} sum`]: 40 });
});

it("makes no negative time of an event that is ahead of our clock", async () => {
  const handled = [merged(T, { occurredAtMs: 2_000_000 } as Partial<Handled>)];
  const { report } = await trackMetrics(clock(1), async () => ({ handled, cost }));
  expect(report.occurredToVisibleMs).toEqual({ [`${T} 5`]: 1, [`${T} sum`]: 0 });
});

it("hands on what the handler returned, and what it threw", async () => {
  const batch = { handled: [], cost, dispositions: ["ack"] };
  expect(await trackMetrics(Date.now, async () => batch)).toMatchObject({ dispositions: ["ack"] });
  await expect(trackMetrics(Date.now, () => Promise.reject(new Error("gone")))).rejects.toThrow("gone");
});
