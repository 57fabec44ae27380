import { env as testEnv } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { randomOf } from "../../samples/random.ts";
import { countedByHand, keptCounts } from "../support/counts.ts";
import { expectArchived } from "./archive-verdict.ts";
import { Audience } from "./audience.ts";
import type { Figures } from "./figures.ts";
import { type Schedule, take } from "./schedule.ts";
import { requestsOf, type StreamRecord, streamOf } from "./stream.ts";
import { expectedDevices, expectedLetters, heldDevices, heldLetters } from "./verdict.ts";
import { World } from "./world.ts";

const { DB } = testEnv as unknown as { readonly DB: D1Database };

export const RECORDS = 200;

let streams = 0;

/** Runs one schedule from its first request until the queues are empty, and asserts everything that must hold then. */
export async function simulate({ seed, steps }: Schedule, figures: Figures): Promise<void> {
  const name = `s${++streams}`;
  const records = streamOf(seed, RECORDS, name);
  // The handlers draw their backoff at random; a schedule that is repeated must wait for the same times.
  vi.spyOn(Math, "random").mockImplementation(randomOf(seed).next);
  const audience = new Audience(name);
  const world = new World(requestsOf(records, seed), figures, audience);
  for (const step of steps) {
    await take(world, step);
    await audience.tend();
  }
  await world.rest();
  figures.schedules++;
  figures.records += records.length;

  expect(world.promised.size, "every record was promised to its client in the end").toBe(records.length);
  await expectState(records, name);
  expectOutcomes(world, records);
  figures.heard += await audience.expectHeard();
  await expectArchived(world, records, { figures, name });
  await expectNothingWritten(records, seed, figures);
}

async function expectState(records: readonly StreamRecord[], name: string): Promise<void> {
  const [held, letters] = await Promise.all([heldDevices(name), heldLetters(name)]);
  expect(letters, "the letters are the records that can never be applied").toEqual(expectedLetters(records));
  expect(Object.fromEntries(held), "the devices are what the fold says").toEqual(
    Object.fromEntries(expectedDevices(records, held)),
  );
  expect(await keptCounts(DB), "the counts are what counting finds").toEqual(await countedByHand(DB));
}

function expectOutcomes(world: World, records: readonly StreamRecord[]): void {
  const accepted = world.sumOf("accepted");
  const ended = world.sumOf("outcomes") + world.sumOf("deadLettered");
  if (world.duplicated) expect(ended, "nothing was accepted without an outcome").toBeGreaterThanOrEqual(accepted);
  else expect(ended, "outcomes sum to what was accepted").toBe(accepted);
  const [came, settled] = [world.sumOf("backfillAccepted"), world.sumOf("backfillSettled")];
  if (world.duplicated)
    expect(settled, "no record leaves the lane of backfills uncounted").toBeGreaterThanOrEqual(came);
  else expect(settled, "outcomes of backfills sum to what came in their lane").toBe(came);
  const measured = world.sumOf("receivedToVisibleMs", / (\d+|\+Inf)$/);
  const merged = world.sumOf("backfillSettled", / (applied|unchanged|duplicate|superseded)$/);
  expect(measured, "freshness is that of live records").toBe(world.sumOf("outcomes") - merged);
  if (world.duplicated || !world.allHeard) return;
  // The dealers of a device are a set to which each event adds, so none can be superseded.
  const dealings = records.filter(({ fate, topic }) => fate === "applied" && topic.includes(".dealer."));
  const news = world.sumOf("outcomes", /\.dealer\..* (applied|unchanged)$/);
  // A record and its repeat may both count as applied: one in D1, the other in the object.
  expect(news, "no record is called a duplicate of itself").toBeGreaterThanOrEqual(
    new Set(dealings.map(({ value }) => value)).size,
  );
}

/** Pushes all good records again, in other and larger requests. */
async function expectNothingWritten(records: readonly StreamRecord[], seed: number, figures: Figures): Promise<void> {
  const good = records.filter(({ fate }) => fate === "applied");
  const again = new World(requestsOf(good, seed + 1, { atMost: 50 }), figures);
  await again.rest();
  expect([again.sum("d1RowsWritten"), again.sum("objectWrites")], "everything again writes nothing").toEqual([0, 0]);
  expect(again.hubCalls, "everything again calls no hub").toBe(0);
  await expectArchived(again, good, { figures });
}
