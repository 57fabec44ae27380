import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type Faults, NO_FAULTS } from "./faults.ts";
import { requestsOf, streamOf } from "./stream.ts";
import { expectedDevices, expectedLetters, heldDevices, heldLetters } from "./verdict.ts";
import { World } from "./world.ts";

const { SIMULATE_RUNS, SIMULATE_SEED, SIMULATE_PATH } = env as unknown as Record<string, string>;

const RECORDS = 200;

/** One step of a schedule. Numbers are taken modulo whatever there is to choose from. */
type Step =
  | { readonly do: "push"; readonly faults: Faults }
  | { readonly do: "deliver"; readonly size: number; readonly from: number; readonly faults: Faults }
  | { readonly do: "deliver letters"; readonly size: number; readonly from: number; readonly faults: Faults }
  | { readonly do: "deliver side by side"; readonly size: number; readonly from: number; readonly faults: Faults }
  | { readonly do: "repeat"; readonly from: number }
  | { readonly do: "wait"; readonly seconds: number };

const often = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: fc.constantFrom(...others) });

const producer = often<Faults["events"]>("none", "throws before", "throws after", "throws half-way");
const faults: fc.Arbitrary<Faults> = fc.record({
  d1: often<Faults["d1"]>("none", "fails before", "fails after the commit"),
  d1Nth: fc.nat(1),
  object: often<Faults["object"]>("none", "fails before", "fails after", "is overloaded", "is reset"),
  objectNth: fc.nat(2),
  events: producer,
  deadLetters: producer,
  acksLost: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

const place = { size: fc.integer({ min: 1, max: 10 }), from: fc.nat(50) };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("push" as const), faults }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("deliver" as const), ...place, faults }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("deliver letters" as const), ...place, faults }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("deliver side by side" as const), ...place, faults }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("repeat" as const), from: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 600 }) }) },
);

async function take(world: World, step: Step): Promise<void> {
  switch (step.do) {
    case "push":
      return world.push(step.faults);
    case "deliver":
      return world.deliver("events", step.size, step.from, step.faults);
    case "deliver letters":
      return world.deliver("deadLetters", step.size, step.from, step.faults);
    case "deliver side by side":
      await Promise.all([
        world.deliver("events", step.size, step.from, step.faults),
        world.deliver("events", step.size, step.from, NO_FAULTS),
        world.deliver("suspects", 1, step.from, step.faults),
        world.deliver("deadLetters", step.size, step.from, NO_FAULTS),
      ]);
      return;
    case "repeat":
      world.duplicated = true;
      return world.broker.repeat("events", step.from);
    case "wait":
      return world.broker.advance(step.seconds);
    default:
      step satisfies never;
  }
}

let streams = 0;

/** One schedule from its first request to rest, and everything that must hold then. */
async function simulate(seed: number, steps: readonly Step[]): Promise<void> {
  const name = `s${++streams}`;
  const records = streamOf(seed, RECORDS, name);
  const world = new World(requestsOf(records, seed));
  for (const step of steps) await take(world, step);
  await world.rest();

  expect([...world.promised].length, "every record was promised to its client in the end").toBe(records.length);
  const held = await heldDevices(name);
  expect(Object.fromEntries(held), "the devices are what the fold says").toEqual(
    Object.fromEntries(expectedDevices(records, held)),
  );
  expect(await heldLetters(name), "the letters are the bad records, the poison and the killer").toEqual(
    expectedLetters(records),
  );
  const ended = world.sumOf("outcomes") + world.sumOf("deadLettered");
  if (world.duplicated)
    expect(ended, "nothing was accepted without an outcome").toBeGreaterThanOrEqual(world.sumOf("accepted"));
  else expect(ended, "outcomes sum to what was accepted").toBe(world.sumOf("accepted"));

  const again = new World(
    requestsOf(
      records.filter(({ fate }) => fate === "applied"),
      seed + 1,
    ),
  );
  await again.rest();
  expect([again.sum("d1RowsWritten"), again.sum("objectWrites")], "everything again writes nothing").toEqual([0, 0]);
}

describe("any schedule of any faults", () => {
  beforeAll(() => {
    for (const level of ["info", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  });

  it(`ends with every accepted record in exactly one place (${SIMULATE_RUNS} schedules of ${RECORDS} records)`, async () => {
    let done = 0;
    const runs = Number(SIMULATE_RUNS);
    const property = fc.asyncProperty(
      fc.nat(),
      fc.array(step, { minLength: 10, maxLength: 60 }),
      async (seed, steps) => {
        await simulate(seed, steps);
        if (++done % 25 === 0 && runs > 100) console.log(`${done} of ${runs} schedules, 0 violations`);
      },
    );
    await fc.assert(property, {
      numRuns: runs,
      ...(SIMULATE_SEED && { seed: Number(SIMULATE_SEED) }),
      ...(SIMULATE_PATH && { path: SIMULATE_PATH }),
    });
  });
});
