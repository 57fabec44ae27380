import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonical, moment, START_MS, stream } from "../../../test/support/arbitraries.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { asOf, type DeviceState, foldDevice, type Instant, type ReceivedEvent } from "./as-of.ts";
import type { ConcordEvent } from "./event.ts";
import { EMPTY_FLEET, merge } from "./fleet.ts";
import { toMoment } from "./time.ts";
import { versionMoment } from "./version.ts";

const KEY = "elt:1";
const RUNS = cases(300);
const receivedAtMs = fc.integer({ min: START_MS, max: START_MS + 6 });
/** Events of one device, each received at a drawn time. */
const received: fc.Arbitrary<ReceivedEvent[]> = stream.chain((events) =>
  fc.tuple(
    ...events.map((event) =>
      receivedAtMs.map((at) => ({ event: { ...event, deviceKey: KEY } as ConcordEvent, receivedAtMs: at })),
    ),
  ),
);
const instant: fc.Arbitrary<Instant> = fc.record({ asOf: moment, knownAtMs: receivedAtMs });

const text = (state: DeviceState | null) =>
  state && canonical({ ...EMPTY_FLEET, devices: new Map([[KEY, state as never]]) });

describe("a device as of an instant", () => {
  it("is the join of what had occurred and was known by then, in any order", () => {
    fc.assert(
      fc.property(received, instant, (events, at) => {
        const wanted = events.filter(
          (one) => versionMoment(one.event.version) <= at.asOf && one.receivedAtMs <= at.knownAtMs,
        );
        const device = merge(
          EMPTY_FLEET,
          wanted.map(({ event }) => event),
        ).fleet.devices.get(KEY);
        const expected = device ? (({ history: _, ...state }) => state)(device) : null;
        expect(text(asOf(events.toReversed(), at))).toBe(text(expected));
      }),
      RUNS,
    );
  });

  it("is the same with some of the events, or all of them, as a state that was folded before", () => {
    fc.assert(
      fc.property(received, instant, fc.nat(), (events, at, cut) => {
        const counting = events.filter((one) => asOf([one], at) !== null);
        const base = foldDevice(counting.slice(0, cut % (counting.length + 1)).map(({ event }) => event));
        expect(text(asOf(events, at, base))).toBe(text(asOf(events, at)));
      }),
      RUNS,
    );
  });

  it("of everything is the live device", () => {
    fc.assert(
      fc.property(received, (events) => {
        const live = merge(
          EMPTY_FLEET,
          events.map(({ event }) => event),
        ).fleet.devices.get(KEY);
        const now = asOf(events, { asOf: toMoment(START_MS + 60_000), knownAtMs: Number.POSITIVE_INFINITY });
        expect(now?.aspects).toEqual(live?.aspects);
        expect(now?.latest).toEqual(live?.latest);
      }),
      RUNS,
    );
  });

  it("is none before its first event, and none before that was known", () => {
    const event = {
      deviceKey: KEY,
      version: "2026-11-23T13:00:00.000Z/a",
      topic: "t",
      data: {},
      change: {},
    } as unknown as ConcordEvent;
    const events = [{ event, receivedAtMs: START_MS + 5 }];
    const at = (ms: number, knownAtMs: number) => asOf(events, { asOf: toMoment(ms), knownAtMs });
    expect(at(START_MS - 1, START_MS + 5)).toBeNull();
    expect(at(START_MS, START_MS + 4)).toBeNull();
    expect(at(START_MS, START_MS + 5)?.latest).toBe(event.version);
  });
});
