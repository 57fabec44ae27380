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
    ...more,
  }) as Handled;

it("counts of each contract what came, how it ended and how fresh it is, in one report", async () => {
  const handled: Handled[] = [
    merged(T),
    merged(T, { outcome: "duplicate" } as Partial<Handled>),
    merged(U, { isReplay: true, receivedAtMs: 0 }),
    { kind: "deadLettered", topic: U, reason: "fault", receivedAtMs: 0, isReplay: false },
    { kind: "returned", topic: T, receivedAtMs: 0, isReplay: false },
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
