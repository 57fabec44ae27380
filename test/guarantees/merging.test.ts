import { beforeEach, expect, it, vi } from "vitest";
import { randomOf } from "../../samples/random.ts";
import type { SampleRecord } from "../../samples/record.ts";
import type { ProducerFault, QueueName } from "../simulation/broker.ts";
import { D1_OUTAGES } from "../support/outages.ts";
import { OBJECT_OUTAGES } from "./outages.ts";
import { type Death, Platform } from "./platform.ts";
import { logNothing } from "./quiet.ts";
import { bad, minuteOf, report, story } from "./records.ts";
import { foldOf, heldOf, lettersWith } from "./state.ts";
import {
  DB,
  DEVICES,
  d1With,
  evict,
  fails,
  failToWrite,
  isOut,
  isWrite,
  never,
  objectsWith,
  onWrites,
  refuses,
} from "./stores.ts";

// Records on their way from the boundary to D1 and the objects. For each guarantee, mutants.ts has a change of the code
// that makes its test fail and lets all others pass.
logNothing();

let platform: Platform;

beforeEach(() => {
  platform = new Platform();
});

it("G1: a 2xx is sent only after the queue has the record", async () => {
  // Enough that the queue is called twice.
  const good = Array.from({ length: 450 }, (_, i) => padded(report("g1", i)));
  const refused = Array.from({ length: 5 }, (_, i) => bad("g1", 600 + i));
  const all = [...good, ...refused];
  const always = (fault: ProducerFault) => Array<ProducerFault>(8).fill(fault);

  const taken = { status: 200, kept: 455, notKept: 0, lost: 0 };
  expect(await answerTo(all, {})).toEqual(taken);
  expect(await answerTo(all, { events: ["throws before"], deadLetters: ["throws before"] })).toEqual(taken);
  for (const fault of ["throws before", "throws after", "throws half-way"] as const) {
    const gone = { status: 503, kept: 0, notKept: 455, lost: 0 };
    expect(await answerTo(all, { events: always(fault) })).toEqual(gone);
    expect(await answerTo(refused, { deadLetters: always(fault) })).toEqual({ ...gone, notKept: 5 });
    expect(await answerTo(all, { deadLetters: always(fault) })).toEqual({ ...taken, kept: 450, notKept: 5 });
    const half = await answerTo(all, { events: ["none", ...always(fault)] });
    expect(half).toMatchObject({ status: 200, lost: 0 });
    expect([half.kept > 5, half.notKept > 5]).toEqual([true, true]);
  }
});

it("G2: every accepted record ends in exactly one outcome, even if its message was retried whole", async () => {
  const ahead = report("g2-ahead", minuteOf(Date.now()) + 4);
  await platform.push([...Array.from({ length: 12 }, (_, i) => report(`g2-${i % 3}`, i)), ahead, bad("g2-bad", 1)]);
  await platform.push([report("g2-poison", 1)]);
  // The consumer's clock is behind the boundary's, so what was just in time there is too far in the future here.
  const clock = Date.now;
  vi.spyOn(Date, "now").mockImplementation(() => clock() - 2 * 60_000);
  platform.nextFault.deadLetters = () => "throws before";
  for (const before of [refuses("g2-poison"), isOut, refuses("g2-poison")]) {
    platform.db = d1With({ before });
    await platform.deliver("events", { size: 1 });
    await platform.deliver("events", { size: 1 });
    platform.broker.advanceToNext();
  }
  expect(platform.sumOf("outcomes"), "of a message that has to come back nothing is counted").toBe(0);
  platform.nextFault.deadLetters = () => "none";
  await platform.rest();

  expect(platform.sumOf("accepted")).toBe(15);
  expect([platform.sumOf("outcomes"), platform.sumOf("deadLettered")]).toEqual([12, 3]);
});

it("G3: the final state is the fold of the events, whatever their order and however many consumers work at once", async () => {
  for (const seed of [1, 2, 3]) {
    const random = randomOf(seed);
    const records = ["a", "b"].flatMap((device) => story(random, `g3-${seed}-${device}`, 40));
    for (const record of random.shuffle(records)) await platform.push([record]);
    for (let round = 0; round < 20; round++) await deliverSideBySide(random.int(2, 8));
    await platform.rest();
    expect(await heldOf(records)).toEqual(foldOf(records));
  }
});

it("G4: everything pushed again writes no row, in D1 or in an object", async () => {
  const random = randomOf(4);
  const records = ["g4-a", "g4-b"].flatMap((device) => story(random, device, 60));
  let [rows, writes] = [0, 0];
  platform.db = d1With({ after: (_, results) => results.forEach(({ meta }) => (rows += meta.rows_written)) });
  for (const device of ["g4-a", "g4-b"]) await onWrites(device, () => writes++);
  await platform.push(records);
  await platform.rest();
  expect([rows > 0, writes > 0]).toEqual([true, true]);

  [rows, writes] = [0, 0];
  await platform.push(random.shuffle(records));
  await platform.rest();
  expect({ rows, writes }).toEqual({ rows: 0, writes: 0 });
});

it("G5: a crash between commit and acknowledgement loses nothing and duplicates nothing", async () => {
  const deaths: Record<string, () => Death> = {
    "behind D1": () => {
      const committed = Promise.withResolvers<void>();
      platform.db = d1With({ after: (batch) => isWrite(batch) && committed.resolve() });
      platform.objects = objectsWith({ before: never });
      return { at: committed.promise };
    },
    "behind the object": () => {
      const written = Promise.withResolvers<void>();
      platform.objects = objectsWith({
        after: () => {
          written.resolve();
          return never();
        },
      });
      return { at: written.promise };
    },
    "before the acknowledgements": () => ({ acksLost: true }),
  };
  for (const [place, die] of Object.entries(deaths)) {
    const records = story(randomOf(5), `g5-${place.replaceAll(" ", "-")}`, 20);
    await platform.push(records);
    await platform.deliver("events", die());
    expect(platform.broker.isQuiet, `they come back after a death ${place}`).toBe(false);
    platform.db = DB;
    platform.objects = DEVICES;
    await platform.rest();
    expect(await heldOf(records), place).toEqual(foldOf(records));
  }
});

it("G6: an outage dead-letters nothing, and everything lands after it", async () => {
  const toD1 = D1_OUTAGES.map((_, i) => report(`g6-${i}-`, 1));
  const toObjects = OBJECT_OUTAGES.map((_, i) => report(`g6-${i}-`, 2));
  const numberIn = (text: string) => Number(/elt:g6-(\d+)/.exec(text)?.[1]);

  platform.db = d1With({ before: (batch) => fails(D1_OUTAGES[numberIn(batch)] ?? "of no device")() });
  await passHours(toD1);
  platform.db = DB;
  platform.objects = objectsWith({ before: (key) => fails(...(OBJECT_OUTAGES[numberIn(key)] ?? ["of no device"]))() });
  await passHours(toObjects);
  platform.objects = DEVICES;
  await platform.rest();

  expect(await lettersWith("g6-")).toEqual([]);
  const records = [...toD1, ...toObjects];
  expect(await heldOf(records)).toEqual(foldOf(records));
});

it("G7: an overloaded store is not retried hot", async () => {
  let calls = 0;
  const overloaded = (text: string, members?: object) => () => {
    calls++;
    fails(text, members)();
  };
  const stores = {
    D1: { db: d1With({ before: overloaded("D1_ERROR: D1 DB is overloaded. Too many requests queued.") }) },
    "an object": { objects: objectsWith({ before: overloaded("Too much data queued.", { overloaded: true }) }) },
  };
  for (const [store, parts] of Object.entries(stores)) {
    platform = Object.assign(new Platform(), parts);
    calls = 0;
    await platform.push([report("g7", 1)]);
    const waits: number[] = [];
    while (platform.broker.now < 3_600 && waits.length < 50) {
      await platform.deliver("events");
      waits.push(platform.broker.advanceToNext());
    }
    expect(calls, `calls of ${store} in an hour`).toBeLessThan(20);
    const first = waits.slice(0, 8);
    expect(first, `waits for ${store} grow`).toEqual(first.toSorted((a, b) => a - b));
    expect(first.at(-1)).toBeGreaterThan(60);
  }
});

it("G8: an object that is reset after its write, or whose write failed, converges", async () => {
  const records = [report("g8-failed", 1), report("g8-reset", 1)];
  const toStrike = new Set(records.map(({ key }) => `elt:${key}`));
  const lost = fails("Network connection lost.", { retryable: true });
  platform.objects = objectsWith({
    before: async (key, events) => {
      if (key !== "elt:g8-failed" || !toStrike.delete(key)) return;
      await failToWrite("g8-failed", events);
      lost();
    },
    after: async (key) => {
      if (!toStrike.delete(key)) return;
      await evict("g8-reset");
      lost();
    },
  });
  await platform.push(records);
  await platform.rest();

  for (const { key } of records) await evict(key);
  expect(await heldOf(records)).toEqual(foldOf(records));
});

const padded = ({ value, ...record }: SampleRecord): SampleRecord => ({
  ...record,
  value: `${value?.slice(0, -1)},"padding":"${"x".repeat(600)}"}`,
});

/** The answers that a client gets when the queues fail in this way, and how many of them are false. */
async function answerTo(records: readonly SampleRecord[], faults: { [queue in QueueName]?: readonly ProducerFault[] }) {
  platform = new Platform();
  for (const queue of ["events", "deadLetters"] as const) {
    const toCome = [...(faults[queue] ?? [])];
    platform.nextFault[queue] = () => toCome.shift() ?? "none";
  }
  const [response] = (await platform.push(records)) as [Response];
  const queued = platform.queuedValues();
  const { offsets = [] }: { offsets?: { error_code: number | null }[] } = await response.json();
  const kept = records.filter((_, i) => offsets[i] && offsets[i].error_code !== 50003);
  return {
    status: response.status,
    kept: kept.length,
    notKept: records.length - kept.length,
    lost: kept.filter(({ value }) => !queued.has(value ?? "")).length,
  };
}

/** Delivers to two consumers, each of which has read from D1 before one of them writes. */
async function deliverSideBySide(size: number): Promise<void> {
  const bothHaveRead = Promise.withResolvers<void>();
  let reads = 0;
  platform.db = d1With({
    after: () => {
      if (++reads === 2) bothHaveRead.resolve();
      return bothHaveRead.promise;
    },
  });
  const consumers = [platform.deliver("events", { size }), platform.deliver("events", { size })];
  // If one of them has nothing left to write, the other does not wait for it.
  await Promise.all(consumers.map((consumer) => consumer.then(bothHaveRead.resolve)));
}

/** Three hours in which each record, in a message of its own, is delivered every half an hour. */
async function passHours(records: readonly SampleRecord[]): Promise<void> {
  for (const record of records) await platform.push([record]);
  for (let halfHour = 0; halfHour < 6; halfHour++) {
    for (const _ of records) await platform.deliver("events", { size: 1 });
    platform.broker.advance(30 * 60);
  }
}
