import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import type { ConcordEvent, DeviceKey } from "#domain/event.ts";
import type { DeviceSnapshotSource } from "#domain/snapshot.ts";
import type { Version } from "#domain/version.ts";
import type { Env } from "../../../workers/archive/env.ts";
import { inAJob, runToEnd } from "./dying.ts";
import {
  archive,
  clear,
  consume,
  DB,
  detailsOf,
  plantInObject,
  type Sample,
  timedRebuild,
  yearOf,
} from "./rebuild-world.ts";

vi.setConfig({ testTimeout: 120_000 });

const its = env as unknown as Env;
const RIGHT = ["D-right-1", "D-right-2"];
const WRONG = "D-wrong";
const OTHER = "D-other";
const ALL = [...RIGHT, WRONG, OTHER];

const feedOf = (dealerId: string) => its.DEALER_FEEDS.getByName(dealerId);

/** How many gaps a feed has given, as its subscribers see it: what they had seen before is gone. */
const gapsOf = (dealerId: string): Promise<number> =>
  runInDurableObject(
    feedOf(dealerId) as never,
    (_: unknown, { storage }: DurableObjectState) => storage.kv.get<{ sequence: number }>("feed")?.sequence ?? 0,
  );
const gaps = async () => Object.fromEntries(await Promise.all(ALL.map(async (id) => [id, await gapsOf(id)] as const)));

/** The dealers whose feeds have subscribers. */
const watch = (...dealerIds: readonly string[]) =>
  DB.prepare(
    "INSERT INTO watches (id, until_ms) SELECT 'dealer ' || value, (unixepoch() + 3600) * 1000 FROM json_each(?1)",
  )
    .bind(JSON.stringify(dealerIds))
    .run();

/** A year in which two devices have a dealer each, and what a fault made of it: both are another's. */
async function wrongDealers(): Promise<Sample[]> {
  const year = yearOf(31, 160, 4);
  const named = new Map(
    [...new Set(year.map(({ event }) => event.deviceKey))].map((key, i) => [key, RIGHT[i] ?? OTHER]),
  );
  const samples = year.map((sample) => withDealer(sample, named.get(sample.event.deviceKey) as string));
  await clear(samples.map(({ event }) => event.deviceKey));
  await consume(samples);
  await archive(samples);
  await DB.prepare(
    `UPDATE devices SET aspects = json_set(aspects, '$.dealer.value.dealerId', ?1), dealer_id = ?1
     WHERE dealer_id IN (SELECT value FROM json_each(?2))`,
  )
    .bind(WRONG, JSON.stringify(RIGHT))
    .run();
  return samples;
}

/** The same record for another dealer, if it names one. */
function withDealer({ record, event }: Sample, dealerId: string): Sample {
  const { dealer } = event.change;
  if (!dealer) return { record, event };
  const value = (record.value as string).replaceAll(JSON.stringify(dealer.dealerId), JSON.stringify(dealerId));
  const renamed: ConcordEvent = {
    ...event,
    data: JSON.parse(JSON.stringify(event.data).replaceAll(JSON.stringify(dealer.dealerId), JSON.stringify(dealerId))),
    change: { ...event.change, dealer: { ...dealer, dealerId } },
  };
  return { record: { ...record, value }, event: renamed };
}

beforeEach(async () => {
  await DB.prepare("DELETE FROM watches").run();
  for (const dealerId of ALL) {
    await runInDurableObject(feedOf(dealerId) as never, (_: unknown, { storage }: DurableObjectState) =>
      storage.kv.delete("feed"),
    );
    await evictDurableObject(feedOf(dealerId) as never);
  }
});

const run = (kind = timedRebuild()) =>
  inAJob((deps) => runToEnd(kind, { into: "D1", switch: true, pace: 100_000 }, deps));

it("A switch that gives devices back to their dealers sends a gap to the feed of each dealer who sees it, once", async () => {
  await wrongDealers();
  await watch(RIGHT[0] as string, WRONG, OTHER);
  const { found, left } = detailsOf(await run());
  expect(found.counts["device sameVersion"]).toBe(2);
  expect(left).toMatchObject({ total: 0 });
  // Nobody has subscribed to the feed of the second dealer, and nothing was switched of the other's.
  expect(await gaps()).toEqual({ "D-right-1": 1, "D-right-2": 0, "D-wrong": 1, "D-other": 0 });
});

it("A gap is not lost where the Worker dies between the switch and the gap", async () => {
  await wrongDealers();
  await watch(...ALL);
  let deaths = 0;
  const kind = timedRebuild();
  const dying: typeof kind = {
    ...kind,
    step: async (state, deps) => {
      const step = await kind.step(state, deps);
      if (state.plan[0] !== "switch" || deaths > 0) return step;
      deaths += 1;
      // The step has replaced rows, and its state is not stored: it is repeated.
      return kind.step(state, deps);
    },
  };
  await run(dying);
  expect(deaths).toBe(1);
  expect(await gaps()).toMatchObject({ "D-right-1": 1, "D-right-2": 1, "D-wrong": 1 });
});

it("A switch that ends in its middle, since somebody was forgotten, says what it has switched, also to the feeds", async () => {
  await wrongDealers();
  await watch(...ALL);
  const kind = timedRebuild();
  const interrupted: typeof kind = {
    ...kind,
    step: async (state, deps) => {
      const step = await kind.step(state, deps);
      if (state.plan[0] === "switch")
        await DB.exec("INSERT INTO forgotten (id, until_ms, request_id) VALUES ('customer elt:C-1', 1, 'r-9')");
      return step;
    },
  };
  try {
    await expect(run(interrupted)).rejects.toThrow(
      "Of the live state, 2 devices and parties were switched before that was seen; the rest is as it was.",
    );
  } finally {
    await DB.exec("DELETE FROM forgotten");
  }
  expect(await gaps()).toMatchObject({ "D-right-1": 1, "D-right-2": 1, "D-wrong": 1 });
});

it("A comparison sends no gap", async () => {
  await wrongDealers();
  await watch(...ALL);
  await inAJob((deps) => runToEnd(timedRebuild(), { into: "D1", compare: true, pace: 100_000 }, deps));
  expect(await gaps()).toEqual({ "D-right-1": 0, "D-right-2": 0, "D-wrong": 0, "D-other": 0 });
});

it("Where objects are written only while watched, the object of a watched device takes what was switched", async () => {
  const [first] = await wrongDealers();
  const [watched, other] = [first?.event.deviceKey as DeviceKey, "elt:nobody" as DeviceKey];
  await DB.prepare(
    "INSERT INTO watches (id, until_ms) SELECT 'device ' || value, (unixepoch() + 3600) * 1000 FROM json_each(?1)",
  )
    .bind(JSON.stringify([watched, other]))
    .run();
  await plantInObject(watched, ({ aspects, ...rest }) => ({
    ...rest,
    aspects: { ...aspects, dealer: { version: aspects.dealer?.version as Version, value: { dealerId: WRONG } } },
  }));
  const state = await inAJob((deps) =>
    runToEnd(timedRebuild(), { into: "D1", switch: true, pace: 100_000 }, { ...deps, objectWrites: "live" }),
  );
  expect(state).toMatchObject({ objectsKept: false, objectsAdopted: 1 });
  const snapshot = await (its.DEVICES.getByName(watched) as unknown as DeviceSnapshotSource).snapshot();
  expect(RIGHT).toContain(snapshot?.aspects.dealer?.value.dealerId);
});
