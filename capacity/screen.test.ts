import * as fc from "fast-check";
import { expect, it } from "vitest";
import { cases } from "../test/support/property-budget.ts";
import { costOfHub, costOfSockets, mergesOf, type Screen } from "./screen.ts";

/** Round numbers, so that each expected value below was worked out on paper. */
const SCREEN: Screen = {
  ...{ devices: 50, screensOfHub: 1, fleet: 50, eventsPerDeviceDay: 100, recordsPerBatch: 50 },
  ...{ hoursADay: 24, connectsADay: 2 },
};

it("fifty sockets cost their requests and no row", () => {
  // 50 sockets, 2 times a day, 30 days: 3,000 requests, and a tenth of that for messages.
  const { dollars, ...counts } = costOfSockets(SCREEN);
  expect(counts).toEqual({ objectRequests: expect.closeTo(3_300), objectRowsWritten: 0, workerRequests: 3_000 });
  expect(dollars).toBeCloseTo(3_300 * 0.15e-6 + 3_000 * 0.3e-6, 12);
});

it("one socket costs a call a batch, and rows when it begins and ends", () => {
  // All 50 devices are in each of the 100 batches of a day: 3,000 calls. 60 sockets, 3,000 devices followed and left.
  const { dollars, ...counts } = costOfHub(SCREEN);
  expect(counts).toEqual({ objectRequests: 66 + 6_000 + 3_000, objectRowsWritten: 12_240, workerRequests: 60 });
  expect(dollars).toBeCloseTo(9_066 * 0.15e-6 + 12_240e-6 + 60 * 0.3e-6, 12);
  expect(mergesOf(SCREEN)).toBe(150_000);
});

it("a record in a batch of its own is a call of its own, and a hub's calls are shared by its screens", () => {
  const alone = costOfHub({ ...SCREEN, fleet: 5e8, recordsPerBatch: 1, connectsADay: 0 });
  expect(alone.objectRequests).toBeCloseTo(mergesOf(SCREEN), -2);
  const shared = costOfHub({ ...SCREEN, fleet: 5_000, screensOfHub: 100, connectsADay: 0 });
  // Each of the 10,000 batches of the fleet is for the hub.
  expect(shared.objectRequests).toBe(3_000);
});

it("a hub is called at most once a record and once a batch, and never more often for more screens", () => {
  const screens: fc.Arbitrary<Screen> = fc.record({
    devices: fc.integer({ min: 1, max: 500 }),
    screensOfHub: fc.integer({ min: 1, max: 1_000 }),
    fleet: fc.integer({ min: 500_000, max: 1e8 }),
    eventsPerDeviceDay: fc.integer({ min: 1, max: 2_000 }),
    recordsPerBatch: fc.integer({ min: 1, max: 1_000 }),
    hoursADay: fc.integer({ min: 1, max: 24 }),
    connectsADay: fc.constant(0),
  });
  fc.assert(
    fc.property(screens, (screen) => {
      const { objectRequests } = costOfHub(screen);
      const month = screen.fleet * screen.eventsPerDeviceDay * (screen.hoursADay / 24) * 30;
      expect(objectRequests).toBeLessThanOrEqual(mergesOf(screen) * (1 + 1e-6));
      expect(objectRequests * screen.screensOfHub).toBeLessThanOrEqual((month / screen.recordsPerBatch) * (1 + 1e-6));
      const more = costOfHub({ ...screen, screensOfHub: screen.screensOfHub * 2 });
      expect(more.objectRequests).toBeLessThanOrEqual(objectRequests * (1 + 1e-6));
    }),
    cases(200),
  );
});
