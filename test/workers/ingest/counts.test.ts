import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConcordEvent } from "#domain/event.ts";
import { FillRepository } from "#repositories/fill.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import { countedByHand, keptCounts } from "../../support/counts.ts";
import { world } from "../api/conformance-calls.ts";
import { emptyTables } from "../seeds.ts";

const { DB, CONFORMANCE_WORLDS = "8" } = env as unknown as { DB: D1Database; CONFORMANCE_WORLDS?: string };
const RUNS = { numRuns: Number(CONFORMANCE_WORLDS) };

/** As they cross a queue. */
const plain = (events: readonly ConcordEvent[]): ConcordEvent[] => JSON.parse(JSON.stringify(events));

const inBatches = (events: readonly ConcordEvent[], size: number): ConcordEvent[][] =>
  Array.from({ length: Math.ceil(events.length / size) }, (_, i) => events.slice(i * size, (i + 1) * size));

describe("the counts of devices and of open alerts", () => {
  it("are what counting finds after every batch, whatever the order of events, repeats and handovers", async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.integer({ min: 1, max: 20 }), async (drawn, size) => {
        await emptyTables();
        for (const batch of inBatches(plain(drawn), size)) {
          await new FleetRepository(DB).merge([...batch, ...batch.slice(0, 3)]);
          expect(await keptCounts(DB)).toEqual(await countedByHand(DB));
        }
      }),
      RUNS,
    );
  }, 300_000);

  it("are what counting finds when consumers write the same devices at the same time, and while they are filled", async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.integer({ min: 1, max: 5 }), async (drawn, step) => {
        await emptyTables();
        const batches = inBatches(plain(drawn), 10);
        const [before, during] = [batches.slice(0, batches.length / 2), batches.slice(batches.length / 2)];
        for (const batch of before) await new FleetRepository(DB).merge(batch);
        // As it is right after the migration.
        await DB.exec("DELETE FROM device_counts; DELETE FROM open_alert_counts;");
        await DB.exec("UPDATE fill_progress SET through = '' WHERE name = 'counts'");
        const fill = new FillRepository(DB);
        await Promise.all([
          ...during.map((batch) => new FleetRepository(DB).merge(batch)),
          fill.step(step),
          new FillRepository(DB).step(step),
        ]);
        for (let done = false; !done; ) done = await fill.step(step);
        expect(await keptCounts(DB)).toEqual(await countedByHand(DB));
      }),
      RUNS,
    );
  }, 300_000);

  it("lose what is deleted", async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.shuffledSubarray(["alerts", "assignments", "devices"]), async (drawn, tables) => {
        await emptyTables();
        await new FleetRepository(DB).merge(plain(drawn));
        for (const table of tables) {
          const key = table === "devices" ? "key" : "device_key";
          await DB.exec(`DELETE FROM ${table} WHERE ${key} LIKE '%:1'`);
          expect(await keptCounts(DB), table).toEqual(await countedByHand(DB));
          await DB.exec(`DELETE FROM ${table}`);
          expect(await keptCounts(DB), table).toEqual(await countedByHand(DB));
        }
      }),
      RUNS,
    );
  }, 300_000);
});
