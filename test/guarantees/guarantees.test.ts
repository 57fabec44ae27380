import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { randomOf } from "../../samples/random.ts";
import type { SampleRecord } from "../../samples/record.ts";
import type { ProducerFault, QueueName } from "../simulation/broker.ts";
import { D1_OUTAGES } from "../support/outages.ts";
import { Listener } from "./listener.ts";
import { OBJECT_OUTAGES } from "./outages.ts";
import { type Death, Platform } from "./platform.ts";
import { alert, bad, minuteOf, recordOf, report, story } from "./records.ts";
import { foldOf, heldOf, lettersWith, namesOf, readBy } from "./state.ts";
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

// One test a guarantee, in the order of docs/guarantees.md. mutants.ts has a change of the code for each that makes it
// fail and leaves the others as they are.

let platform: Platform;

beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  platform = new Platform();
});

afterEach(() => {
  vi.restoreAllMocks();
});

it("G1: a 2xx goes out only after the queue has the record", async () => {
  // So many that the queue is called twice.
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

it("G2: every accepted record ends in exactly one outcome, even where its message had to come back whole", async () => {
  const ahead = report("g2-ahead", minuteOf(Date.now()) + 4);
  await platform.push([...Array.from({ length: 12 }, (_, i) => report(`g2-${i % 3}`, i)), ahead, bad("g2-bad", 1)]);
  await platform.push([report("g2-poison", 1)]);
  // The consumer's clock is behind the boundary's: what was just good enough there is too far ahead here.
  const clock = Date.now;
  vi.spyOn(Date, "now").mockImplementation(() => clock() - 2 * 60_000);
  platform.faultOf.deadLetters = () => "throws before";
  for (const before of [refuses("g2-poison"), isOut, refuses("g2-poison")]) {
    platform.db = d1With({ before });
    await platform.deliver("events", { size: 1 });
    await platform.deliver("events", { size: 1 });
    platform.broker.advanceToNext();
  }
  expect(platform.sumOf("outcomes"), "of a message that has to come back nothing is counted").toBe(0);
  platform.faultOf.deadLetters = () => "none";
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

it("G5: a crash between commit and acknowledgement loses nothing and doubles nothing", async () => {
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

it("G8: an object that is reset behind its write, or whose write failed, converges", async () => {
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

it("G9: a poison record is isolated, wherever in its parcel it stands, and no neighbour is lost", async () => {
  const SIZE = 12;
  const parcels = Array.from({ length: SIZE }, (_, place) =>
    Array.from({ length: SIZE }, (_, i) => alert(i === place ? "g9-poison" : "g9", place * SIZE + i)),
  );
  platform.db = d1With({ before: refuses("g9-poison") });
  for (const parcel of parcels) {
    await platform.push(parcel);
    await platform.deliver("events");
  }
  await platform.rest();

  const neighbours = parcels.flat().filter(({ key }) => key === "g9");
  expect(await heldOf(neighbours)).toEqual(foldOf(neighbours));
  const letters = await lettersWith("g9");
  expect(letters.map(({ value }) => value)).toEqual(parcels.map((parcel, place) => parcel[place]?.value).toSorted());
});

it("G10: of a parcel that takes its consumer down, only the record to blame is dead-lettered", async () => {
  const records = Array.from({ length: 6 }, (_, i) => report(i === 3 ? "g10-killer" : `g10-${i}`, i));
  platform.killer = "g10-killer";
  await platform.push(records);
  await platform.rest();

  expect(await lettersWith("g10")).toMatchObject([{ reason: "crash", value: records[3]?.value }]);
  const neighbours = records.toSpliced(3, 1);
  expect(await heldOf(neighbours)).toEqual(foldOf(neighbours));
});

it("G11: a dead letter is never lost nor doubled", async () => {
  // One record fails in the consumer, behind which both queues refuse, and two at the boundary under one event id.
  const poison = report("g11-poison", 1);
  const twins = [1, 2].map((n) => ({ ...bad("g11", 1), value: `{"eventId":"undefined","data":"g11","n":${n}}` }));
  await platform.push([poison]);
  platform.db = d1With({ before: refuses("g11-poison") });
  platform.faultOf.deadLetters = () => "throws before";
  for (let attempt = 1; attempt <= 8; attempt++) {
    if (attempt === 5) platform.faultOf.events = () => "throws before";
    await platform.deliver("events");
    platform.broker.advanceToNext();
  }
  platform.faultOf.deadLetters = () => "none";
  await platform.deliver("events");
  await platform.push(twins);

  // D1 is out for longer than the queue delivers one message, and at first the queue takes no new one.
  platform.db = d1With({ before: isOut });
  for (let attempt = 1; attempt <= 120; attempt++) {
    platform.faultOf.deadLetters = () => (attempt < 55 ? "throws before" : "none");
    await platform.deliver("deadLetters");
    platform.broker.advance(900);
  }
  expect(await lettersWith("g11")).toEqual([]);
  platform.db = DB;
  await platform.deliver("deadLetters", { acksLost: true });
  await platform.rest();
  platform.broker.repeat("deadLetters", 0);
  await platform.rest();

  const letters = await lettersWith("g11");
  expect(letters).toHaveLength(3);
  for (const { value } of [poison, ...twins]) {
    expect(letters).toContainEqual(expect.objectContaining({ value, state: "open", failures: 1 }));
  }
});

it("G12: a replayed letter never overwrites newer state", async () => {
  const [older, newer] = [report("g12", 1), report("g12", 2)];
  platform.db = d1With({ before: refuses("g12") });
  await platform.push([older]);
  await platform.rest();
  platform.db = DB;
  await platform.push([newer]);
  await platform.rest();

  const [letter] = await lettersWith("g12");
  expect((await platform.replay(letter?.id)).status).toBe(202);
  await platform.rest();
  expect(await heldOf([newer])).toEqual(foldOf([older, newer]));
  expect(await lettersWith("g12")).toMatchObject([{ state: "resolved" }]);
});

it("G13: waits between attempts double, jitter and are capped", async () => {
  const shortest = [1, 2, 4, 8, 16, 32, 64, 128, 256, 450, 450, 450];
  const longest = [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900];
  const outage = { db: d1With({ before: isOut }) };
  for (const [chance, waits] of [
    [0, shortest],
    [0.999, longest],
  ] as const) {
    vi.spyOn(Math, "random").mockReturnValue(chance);
    platform = Object.assign(new Platform(), outage);
    await platform.push([bad("g13", 1)]);
    expect(await waitsOf("deadLetters", 12)).toEqual(waits);
  }
  platform = Object.assign(new Platform(), outage);
  await platform.push([report("g13", 1)]);
  platform.faultOf.events = () => "throws before";
  expect(await waitsOf("events", 10)).toEqual(longest.slice(0, 10));
});

it("G14: subscribers see a device's revisions only grow, each once, however often their connections drop", async () => {
  const random = randomOf(14);
  const [first, ...others] = story(random, "g14", 80) as [SampleRecord, ...SampleRecord[]];
  await platform.push([first]);
  await platform.rest();
  const [steady, unlucky] = [new Listener("g14"), new Listener("g14")];
  await Promise.all([steady.connect(), unlucky.connect()]);
  for (const [i, record] of random.shuffle(others).entries()) {
    await platform.push([record]);
    // Some events happen while nobody is there, some objects sleep, and some messages come again.
    if (i % 3 === 0) unlucky.drop();
    if (i % 4 === 0) await evict("g14");
    if (i % 5 === 0) platform.broker.repeat("events", 0);
    await platform.deliver("events", { acksLost: i % 7 === 0 });
    await steady.hearAll();
    if (i % 3 === 0) await unlucky.connect();
    await unlucky.hearAll();
  }
  await platform.rest();
  const newest = await steady.hearAll();
  await unlucky.hearAll();
  const all = Array.from({ length: newest }, (_, i) => i + 1);
  expect(newest).toBeGreaterThan(20);
  expect([steady.revisions, unlucky.revisions]).toEqual([all, all]);
});

const padded = ({ value, ...record }: SampleRecord): SampleRecord => ({
  ...record,
  value: `${value?.slice(0, -1)},"padding":"${"x".repeat(600)}"}`,
});

it("G15: a dealer reads what occurred while a device was its own, though a handover lies among events of one moment", async () => {
  const [device, minute, finer] = ["g15", 1, "456"];
  const said = (id: number, action: string, data: object) => recordOf({ device, action, minute, finer, id, data });
  const given = (id: number, dealerId: string) => said(id, "dealer.assigned", { dealer: { dealerId, name: "x" } });
  const happened = (id: number) => [
    said(id, "status.reported", { online: true, indoorTemperatureC: id }),
    said(id + 1, "alert.raised", { alertId: `a-${id + 1}`, code: "C", severity: "info", text: "x" }),
  ];
  // Ids of one width, which sort as numbers do.
  const records = [given(10, "g15-D"), ...happened(11), given(20, "g15-E"), ...happened(21), given(30, "g15-D")];
  await platform.push(randomOf(15).shuffle([...records, ...happened(31)]));
  await platform.rest();

  const own = (...ids: number[]) => ids.map((id) => `g15-${id}`);
  expect(await readBy("g15-D", `elt:${device}`)).toEqual({
    history: own(10, 11, 12, 30, 31, 32),
    alerts: ["a-12", "a-32"],
  });
  expect(await readBy("g15-E", `elt:${device}`)).toEqual({ history: own(20, 21, 22), alerts: [] });
});

it("G16: no source changes what another said of a dealer or a customer of the same id", async () => {
  const said = (source: string, minute: number) => {
    const named = (action: string, data: object) => {
      const record = recordOf({ device: `g16-${source}`, action, minute, data, id: minute });
      return { ...record, topic: `device.${source}.${action}` };
    };
    const dealer = { dealerId: "g16-D", name: `${source} at ${minute}` };
    const customer = { customerId: "g16-C", name: `${source} at ${minute}` };
    return [
      named(source === "infinity" ? "dealer.setup" : "dealer.assigned", { dealer }),
      named("customer.assigned", { customer }),
    ];
  };
  await platform.push(randomOf(16).shuffle([...said("infinity", 1), ...said("infinity", 2), ...said("elt", 9)]));
  await platform.rest();
  for (const party of ["dealer", "customer"]) {
    expect(await namesOf(party, `g16-${party[0]?.toUpperCase()}`)).toEqual({
      infinity: "infinity at 2",
      elt: "elt at 9",
    });
  }
});

/** What a client is told of its records when the queues fail in this way, and how much of that is not true. */
async function answerTo(records: readonly SampleRecord[], faults: { [queue in QueueName]?: readonly ProducerFault[] }) {
  platform = new Platform();
  for (const queue of ["events", "deadLetters"] as const) {
    const toCome = [...(faults[queue] ?? [])];
    platform.faultOf[queue] = () => toCome.shift() ?? "none";
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
  // Where there was nothing left for one of them, the other does not wait for it.
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

/** How long the message of a queue waits behind each of its next deliveries. */
async function waitsOf(queue: QueueName, count: number): Promise<number[]> {
  const waits: number[] = [];
  while (waits.length < count) {
    await platform.deliver(queue);
    waits.push(platform.broker.advanceToNext());
  }
  return waits;
}
