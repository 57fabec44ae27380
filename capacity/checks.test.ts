import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cases } from "../test/support/property-budget.ts";
import { billOf, totalOf } from "./bill.ts";
import { checksOf } from "./checks.ts";
import { loadOf } from "./load.ts";
import { MEASURED } from "./measured.ts";
import { type Plan, planWith, SETTINGS } from "./plan.ts";

const RUNS = cases(150);

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const plans: fc.Arbitrary<Plan> = fc.record({
  devices: fc.integer({ min: 1, max: 1e8 }),
  eventsPerDeviceDay: between(0.01, 2_000),
  peakFactor: between(1, 10),
  peakHours: between(0.1, 24),
  payloadBytes: fc.integer({ min: 2, max: 65_536 }),
  repeatedShare: between(0, 1),
  distinctPerBatch: fc.integer({ min: 1, max: 100 }),
  recordsPerRequest: fc.integer({ min: 1, max: 5_000 }),
  statusChangesPerDeviceDay: between(0, 100),
  alertsPerDevice: between(0, 100),
  producers: fc.integer({ min: 1, max: 100 }),
  dealers: fc.integer({ min: 1, max: 1e5 }),
  largestDealerShare: between(0, 1),
  deviceSubscribers: fc.integer({ min: 0, max: 1e6 }),
  watchedDealers: fc.integer({ min: 0, max: 1e5 }),
  pagesPerSecond: between(0, 1e4),
  readCopies: fc.integer({ min: 1, max: 10 }),
  objectWrites: fc.constantFrom("always", "live"),
  archiveDays: fc.integer({ min: 0, max: 3_650 }),
  logSampling: between(0, 1),
});

const utilisations = (plan: Plan) => new Map(checksOf(plan, MEASURED).map(({ id, utilisation }) => [id, utilisation]));
const dollars = (plan: Plan) => totalOf(billOf(plan, loadOf(plan, MEASURED)));
/** Equal sums may differ in their last digits. */
const SLACK = 1 - 1e-9;

describe("what a plan uses", () => {
  it.each([
    "devices",
    "eventsPerDeviceDay",
    "peakFactor",
    "alertsPerDevice",
    "pagesPerSecond",
    "watchedDealers",
    "statusChangesPerDeviceDay",
  ] as const)("never falls, and never gets cheaper, when %s rises", (name) => {
    fc.assert(
      fc.property(plans, between(1, 10), (plan, factor) => {
        const more = { ...plan, [name]: Math.ceil(plan[name] * factor) };
        fc.pre(more[name] <= SETTINGS[name].max && more[name] >= plan[name]);
        const before = utilisations(plan);
        for (const [id, utilisation] of utilisations(more)) {
          expect(utilisation, id).toBeGreaterThanOrEqual((before.get(id) ?? 0) * SLACK);
        }
        expect(dollars(more)).toBeGreaterThanOrEqual(dollars(plan) * SLACK);
      }),
      RUNS,
    );
  });

  it("is finite and not negative, whatever the plan", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        for (const { id, utilisation, needed } of checksOf(plan, MEASURED)) {
          expect(Number.isFinite(utilisation) && utilisation >= 0, id).toBe(true);
          expect(Number.isInteger(needed) && needed >= 1, id).toBe(true);
        }
        expect(dollars(plan)).toBeGreaterThanOrEqual(5);
      }),
      RUNS,
    );
  });

  it("fits at the fleet at which a part is said to end, and no longer with one device more", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        for (const { id, endsAtDevices } of checksOf(plan, MEASURED)) {
          if (endsAtDevices === null || endsAtDevices < 1) continue;
          const usedWith = (devices: number) => utilisations({ ...plan, devices }).get(id) as number;
          expect(usedWith(endsAtDevices), id).toBeLessThanOrEqual(1);
          expect(usedWith(endsAtDevices + 1), id).toBeGreaterThan(1);
        }
      }),
      cases(25),
    );
  });

  it("fits into as many databases as it is said to need, with room", () => {
    const plan = planWith({ devices: 10_000_000 });
    const size = checksOf(plan, MEASURED).find(({ id }) => id === "d1.size");
    const share = checksOf({ ...plan, devices: plan.devices / (size?.needed ?? 0) }, MEASURED);
    expect(size?.needed).toBeGreaterThan(1);
    expect(share.find(({ id }) => id === "d1.size")?.utilisation).toBeLessThan(0.71);
  });
});

it("puts what is fullest first", () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const used = checksOf(plan, MEASURED).map(({ utilisation }) => utilisation);
      expect(used).toEqual(used.toSorted((a, b) => b - a));
    }),
    RUNS,
  );
});
