import { beforeEach, expect, it, vi } from "vitest";
import type { QueueName } from "../simulation/broker.ts";
import { Platform } from "./platform.ts";
import { logNothing } from "./quiet.ts";
import { alert, bad, report } from "./records.ts";
import { foldOf, heldOf, lettersWith } from "./state.ts";
import { DB, d1With, isOut, refuses } from "./stores.ts";

// Records that cannot be applied, and those that are tried again. For each guarantee, mutants.ts has a change of the
// code that makes its test fail and lets all others pass.
logNothing();

let platform: Platform;

beforeEach(() => {
  platform = new Platform();
});

it("G9: a poison record is isolated at any place in its parcel, and no neighbour is lost", async () => {
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

it("G10: of a parcel that crashes its consumer, only the record to blame is dead-lettered", async () => {
  const records = Array.from({ length: 6 }, (_, i) => report(i === 3 ? "g10-killer" : `g10-${i}`, i));
  platform.killer = "g10-killer";
  await platform.push(records);
  await platform.rest();

  expect(await lettersWith("g10")).toMatchObject([{ reason: "crash", value: records[3]?.value }]);
  const neighbours = records.toSpliced(3, 1);
  expect(await heldOf(neighbours)).toEqual(foldOf(neighbours));
});

it("G11: a dead letter is never lost or duplicated", async () => {
  // One record fails in the consumer, after which both queues refuse, and two fail at the boundary under one event id.
  const poison = report("g11-poison", 1);
  const twins = [1, 2].map((n) => ({ ...bad("g11", 1), value: `{"eventId":"undefined","data":"g11","n":${n}}` }));
  await platform.push([poison]);
  platform.db = d1With({ before: refuses("g11-poison") });
  platform.nextFault.deadLetters = () => "throws before";
  for (let attempt = 1; attempt <= 8; attempt++) {
    if (attempt === 5) platform.nextFault.events = () => "throws before";
    await platform.deliver("events");
    platform.broker.advanceToNext();
  }
  platform.nextFault.deadLetters = () => "none";
  await platform.deliver("events");
  await platform.push(twins);

  // D1 is out for longer than the queue delivers one message, and at first the queue refuses new ones.
  platform.db = d1With({ before: isOut });
  for (let attempt = 1; attempt <= 120; attempt++) {
    platform.nextFault.deadLetters = () => (attempt < 55 ? "throws before" : "none");
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
  platform.nextFault.events = () => "throws before";
  expect(await waitsOf("events", 10)).toEqual(longest.slice(0, 10));
});

/** How long a queue's message waits after each of its next deliveries. */
async function waitsOf(queue: QueueName, count: number): Promise<number[]> {
  const waits: number[] = [];
  while (waits.length < count) {
    await platform.deliver(queue);
    waits.push(platform.broker.advanceToNext());
  }
  return waits;
}
