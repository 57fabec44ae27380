import fc from "fast-check";
import type { Lane } from "#queue/lane.ts";
import type { QueueName } from "./broker.ts";
import { type Faults, NO_FAULTS, named } from "./faults.ts";
import type { World } from "./world.ts";

type Faulty = { readonly faults?: Partial<Faults> | undefined };
type Place = { readonly size: number; readonly from: number };

/** One step of a schedule. Numbers are taken modulo the number of choices. */
export type Step =
  | ({ readonly do: "push"; readonly requests: number; readonly lane?: Lane | undefined } & Faulty)
  | ({ readonly do: "deliver" | "deliver backfill" | "deliver letters" | "deliver side by side" } & Place & Faulty)
  | { readonly do: "repeat"; readonly from: number }
  | { readonly do: "refuse"; readonly queue: QueueName }
  | { readonly do: "lose D1" | "lose R2" }
  | { readonly do: "connect" | "drop"; readonly client: number }
  | { readonly do: "evict a hub" | "reset a hub"; readonly hub: number }
  | { readonly do: "wait" | "take the dlq down"; readonly seconds: number };

/** The seed determines records and requests; everything that happens to them is a step. */
export type Schedule = { readonly seed: number; readonly steps: readonly Step[] };

export async function take(world: World, step: Step): Promise<void> {
  const faults = { ...NO_FAULTS, ...("faults" in step && step.faults) };
  switch (step.do) {
    case "push":
      for (let sent = 0; sent < step.requests; sent++) await world.push(faults, step.lane);
      return;
    case "deliver":
      return world.deliver("events", step.size, step.from, faults);
    case "deliver backfill":
      return world.deliver("backfill", step.size, step.from, faults);
    case "deliver letters":
      return world.deliver("deadLetters", step.size, step.from, faults);
    case "deliver side by side":
      await Promise.all([
        world.deliver("events", step.size, step.from, faults),
        world.deliver("events", step.size, step.from, NO_FAULTS),
        world.deliver("backfill", step.size, step.from, faults),
        world.deliver("suspects", 1, step.from, faults),
        world.deliver("deadLetters", step.size, step.from, NO_FAULTS),
      ]);
      return;
    case "repeat":
      return world.repeat(step.from);
    case "refuse":
      return world.refuse(step.queue);
    case "lose D1":
      return world.lose("D1");
    case "lose R2":
      return world.lose("R2");
    case "wait":
      return world.wait(step.seconds);
    case "take the dlq down":
      return world.takeDlqDown(step.seconds);
    case "connect":
      return world.connect(step.client);
    case "drop":
      return world.drop(step.client);
    case "evict a hub":
      return world.evictHub(step.hub);
    case "reset a hub":
      return world.resetHub(step.hub);
    default:
      step satisfies never;
  }
}

/** Shrinks to the usual case, so that a counterexample contains no fault that it does not need. */
const often = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: 6, arbitrary: fc.constant(usual) },
    { weight: 2, arbitrary: fc.constantFrom(...others) },
  );

const seldom = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: 9, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

const producer = often<Faults["events"]>("none", "throws before", "throws after", "throws half-way");

/** Every fault. */
const anyFaults: { [Name in keyof Faults]: fc.Arbitrary<Faults[Name]> } = {
  d1: often<Faults["d1"]>("none", "fails before", "breaks off at a statement", "fails after the commit", "is out"),
  d1Nth: fc.nat(131),
  d1SlowMs: seldom(0, 1, 3, 6),
  overtaken: seldom<Faults["overtaken"]>("none", "once", "every time"),
  object: often<Faults["object"]>("none", "fails before", "fails after", "is overloaded", "is reset"),
  objectNth: fc.nat(2),
  hub: often<Faults["hub"]>("none", "fails before", "fails after", "is evicted", "is reset", "is repeated"),
  hubNth: fc.nat(2),
  r2: often<Faults["r2"]>("none", "is out", "fails before", "fails after"),
  r2Nth: fc.nat(1),
  r2SlowMs: seldom(0, 1, 4),
  events: producer,
  deadLetters: producer,
  dies: often<Faults["dies"]>(
    "none",
    "before D1",
    "behind D1",
    "behind the object",
    "before the hub",
    "before R2",
    "behind R2",
  ),
  acksLost: seldom(false, true),
};

/** No fault that puts anything into a queue twice, so that the outcomes add up to exactly what was accepted. */
const nothingTwice: typeof anyFaults = {
  ...anyFaults,
  events: often<Faults["events"]>("none", "throws before"),
  deadLetters: often<Faults["deadLetters"]>("none", "throws before"),
  acksLost: fc.constant(false),
};

/**
 * Only faults with a known result, and no message is retried whole, so that the label of every outcome is exact too.
 */
const nothingUnheard: typeof anyFaults = {
  ...nothingTwice,
  d1: often<Faults["d1"]>("none", "is out", "fails before", "breaks off at a statement"),
  overtaken: often<Faults["overtaken"]>("none", "once"),
  object: often<Faults["object"]>("none", "fails before", "is overloaded"),
  r2: often<Faults["r2"]>("none", "is out", "fails before"),
  events: fc.constant("none"),
  deadLetters: fc.constant("none"),
  dies: fc.constant("none"),
};

const constant = <T extends string>(value: T) => fc.constant(value);
const place = { size: fc.integer({ min: 1, max: 10 }), from: fc.nat(50) };
const queue = fc.constantFrom<QueueName>("deadLetters", "suspects", "backfill", "events");
const requests = fc.integer({ min: 1, max: 8 });
/** A client that sends again may do so in the other lane. */
const lane = often<Lane | undefined>(undefined, "backfill");
const seconds = fc.integer({ min: 1, max: 600 });

/** Weights of the steps that some kinds of weather do not have. */
type Share = { readonly repeats: number; readonly refusals: number };

function stepsUnder(weather: typeof anyFaults, { repeats, refusals }: Share): fc.Arbitrary<Step[]> {
  const faults = fc.record(weather).map(named);
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 12, arbitrary: fc.record({ do: constant("push"), requests, lane, faults }) },
    { weight: 15, arbitrary: fc.record({ do: constant("deliver"), ...place, faults }) },
    { weight: 5, arbitrary: fc.record({ do: constant("deliver backfill"), ...place, faults }) },
    { weight: 6, arbitrary: fc.record({ do: constant("deliver letters"), ...place, faults }) },
    { weight: 6, arbitrary: fc.record({ do: constant("deliver side by side"), ...place, faults }) },
    { weight: repeats, arbitrary: fc.record({ do: constant("repeat"), from: fc.nat(50) }) },
    { weight: refusals, arbitrary: fc.record({ do: constant("refuse"), queue }) },
    { weight: 1, arbitrary: fc.record({ do: constant("lose D1") }) },
    { weight: 1, arbitrary: fc.record({ do: constant("lose R2") }) },
    { weight: 3, arbitrary: fc.record({ do: constant("wait"), seconds }) },
    { weight: 2, arbitrary: fc.record({ do: constant("take the dlq down"), seconds }) },
    { weight: 14, arbitrary: fc.record({ do: constant("connect"), client: fc.nat(4) }) },
    { weight: 2, arbitrary: fc.record({ do: constant("drop"), client: fc.nat(4) }) },
    { weight: 2, arbitrary: fc.record({ do: constant("evict a hub"), hub: fc.nat(1) }) },
    { weight: 1, arbitrary: fc.record({ do: constant("reset a hub"), hub: fc.nat(1) }) },
  );
  return fc.array(step, { minLength: 1, maxLength: 45, size: "medium" });
}

/** The worse the weather, the less can be asserted in the end, so each kind has its share. */
export const schedules: fc.Arbitrary<Schedule> = fc.record({
  // A smaller seed draws no simpler records.
  seed: fc.noShrink(fc.nat()),
  steps: fc.oneof(
    { weight: 2, arbitrary: stepsUnder(anyFaults, { repeats: 3, refusals: 2 }) },
    { weight: 2, arbitrary: stepsUnder(nothingTwice, { repeats: 0, refusals: 2 }) },
    { weight: 1, arbitrary: stepsUnder(nothingUnheard, { repeats: 0, refusals: 0 }) },
  ),
});
