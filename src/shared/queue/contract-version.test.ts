import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toBase64 } from "#base/base64.ts";
import { CONTRACTS } from "#contracts/index.ts";
import { parseRecord } from "#contracts/parse.ts";
import { EMPTY_FLEET, merge } from "#domain/fleet.ts";
import { jsonBytes } from "#json/pack.ts";
import { canonical, reshuffled } from "../../../test/support/arbitraries.ts";
import { EDGE_EVENTS } from "../../../test/support/edge-events.ts";
import { cases } from "../../../test/support/property-budget.ts";
import { eventValue, NOW_MS } from "../../../test/support/records.ts";
import { EVOLVED, evolve, statusData } from "../../../test/support/three-versions.ts";
import { declaredVersion, parseStamped, stampOf } from "./contract-version.ts";
import { compact, packParcels, type QueuedRecord } from "./parcel.ts";

let undo: () => void;
beforeAll(() => {
  undo = evolve();
});
afterAll(() => undo());

/** No example is ahead of this clock. */
const EVER_MS = Date.UTC(2100, 0);

const header = (text: string) => ["concord-contract-version", toBase64(new TextEncoder().encode(text))] as const;

describe("the version that a producer declares", () => {
  it("stands in the value, or else in a header", () => {
    expect(declaredVersion({ value: '{"contractVersion":2}' })).toBe(2);
    expect(declaredVersion({ value: "{}", headers: [header("2")] })).toBe(2);
    expect(declaredVersion({ value: '{"contractVersion":1}', headers: [header("2")] })).toBe(1);
    expect(declaredVersion({ value: null, headers: [header("1"), header("2")] })).toBe(2);
  });

  it("is none where nothing that can be read as a version is there", () => {
    for (const value of [null, "{", "[]", "{}", '{"data":{"contractVersion":1}}', '{"contractVersion":"x"}'])
      expect(declaredVersion({ value })).toBeUndefined();
    for (const text of ["", "x", "1.0", "-1"])
      expect(declaredVersion({ value: null, headers: [header(text)] })).toBeUndefined();
    expect(declaredVersion({ value: null, headers: [["concord-contract-version", "§"]] })).toBeUndefined();
  });
});

type Drawn = { version: 1 | 2 | 3; online: boolean; steps: number; minute: number; device: number; id: number };

const drawn: fc.Arbitrary<Drawn> = fc.record({
  version: fc.constantFrom(1, 2, 3),
  online: fc.boolean(),
  steps: fc.integer({ min: -2, max: 6 }),
  minute: fc.integer({ min: 0, max: 5 }),
  device: fc.integer({ min: 1, max: 2 }),
  id: fc.integer({ min: 1, max: 9 }),
});

function recordOf({ online, steps, minute, device, id }: Drawn, version: 1 | 2 | 3): QueuedRecord {
  const data = statusData[version](online, steps * 5);
  const occurredAt = `2026-11-23T12:0${minute}:00Z`;
  const value = JSON.stringify(
    eventValue({ topic: EVOLVED, eventId: `e${id}`, occurredAt, deviceId: `d${device}`, data }),
  );
  return { topic: EVOLVED, key: `d${device}`, value, receivedAtMs: NOW_MS, ...stampOf(version) };
}

it("records of mixed versions, in any order and repeated, end in the state of records that were current from the start", () => {
  const fold = (records: readonly QueuedRecord[]) =>
    merge(
      EMPTY_FLEET,
      records.map((record) => {
        const parsed = parseStamped(record, NOW_MS);
        if (!parsed.ok) throw new Error(JSON.stringify(parsed.rejection));
        return parsed.event;
      }),
    ).fleet;
  const streams = fc.array(drawn, { maxLength: 12 }).chain((all) => fc.tuple(fc.constant(all), reshuffled(all)));
  fc.assert(
    fc.property(streams, ([all, delivered]) => {
      const current = fold(all.map((each) => recordOf(each, 3)));
      const mixed = fold(delivered.map((each) => recordOf(each, each.version)));
      expect(canonical(mixed)).toBe(canonical(current));
    }),
    cases(200),
  );
});

it("a stamp costs a record 20 bytes of its parcel, and version 1 costs none", () => {
  const drawnOne: Drawn = { version: 1, online: true, steps: 4, minute: 0, device: 1, id: 1 };
  const bytesOf = (version: number) => {
    const { contractVersion: _, ...record } = recordOf(drawnOne, 3);
    return jsonBytes(packParcels(Array.from({ length: 100 }, () => ({ ...record, ...stampOf(version) }))));
  };
  expect(bytesOf(1)).toBe(bytesOf(undefined as never));
  expect((bytesOf(2) - bytesOf(1)) / 100).toBe(20);
});

it.each(CONTRACTS.map(({ topic }) => topic))(
  "every event at an edge of %s is read by the consumer as by the boundary",
  (topic) => {
    const events = EDGE_EVENTS.filter((event) => event.topic === topic);
    expect(events.length).toBeGreaterThan(1);
    for (const { value } of events) {
      const record = compact({ topic, key: value.deviceId, value: JSON.stringify(value), receivedAtMs: NOW_MS });
      const atBoundary = parseRecord({ topic, value: JSON.stringify(value) }, EVER_MS);
      expect(atBoundary.ok).toBe(true);
      expect(parseStamped({ ...record, ...stampOf(atBoundary.version) }, EVER_MS)).toEqual(atBoundary);
    }
  },
);
