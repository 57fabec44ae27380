import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRecord } from "#contracts/parse.ts";
import { viewAlert } from "#domain/alert.ts";
import { toIntervals } from "#domain/assignment.ts";
import { viewDevice } from "#domain/device.ts";
import type { Fleet } from "#domain/fleet.ts";
import { formatOccurredAt, versionEventId } from "#domain/version.ts";
import { foldOracle } from "../../samples/oracle.ts";
import type { SampleRecord } from "../../samples/record.ts";
import { cases } from "../../test/support/property-budget.ts";
import { streamOf } from "./stream.ts";
import { type Happening, RULES, type Rules, World } from "./world.ts";

const number = fc.nat(1_000);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("take" as const), event: number, map: number }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("write" as const), consumer: number }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("die" as const), consumer: number }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("copy read" as const), device: number }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("copy write" as const), copy: number }) },
  { weight: 1, arbitrary: fc.constant({ kind: "copier dies" as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: "maps taken" as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: "forward" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "backward" as const }) },
);

/** A stream of records with ties, repeats and late ones, and everything that happens until the move is over. */
const schedules = fc.record({
  seed: fc.nat(1_000_000),
  happenings: fc.array(happening, { minLength: 20, maxLength: 160, size: "max" }),
});
type Schedule = { readonly seed: number; readonly happenings: readonly Happening[] };

const NOW_MS = Date.UTC(2027, 0, 1);
const RECORDS = 16;

const eventsOf = (records: readonly SampleRecord[]) =>
  records.map((record) => {
    const parsed = parseRecord(record, NOW_MS);
    if (!parsed.ok) throw new Error(`The stream has a record that its contract refuses: ${record.topic}`);
    return parsed.event;
  });

/** Plays a schedule, and says what went wrong first, if anything did. */
function play({ seed, happenings }: Schedule, rules: Rules): string | undefined {
  const records = streamOf(seed, RECORDS);
  const world = new World(eventsOf(records), rules);
  for (const [index, each] of happenings.entries()) {
    world.happen(each);
    const [lost] = world.invisible();
    if (lost) return `after ${index} (${each.kind}) no reader sees ${lost.version}, which was acknowledged`;
  }
  world.settle();
  const [lost] = world.invisible();
  if (lost) return `in the end no reader sees ${lost.version}, which was acknowledged`;
  if (world.phase !== "new") return `the move stands at ${world.phase}`;
  const [expected, held] = [expectedState(records), heldState(world.shards.to)];
  return expected === held ? undefined : `the new database has ${held}, not ${expected}`;
}

/** What readers see of each device, from the fold of the records, which shares no code with the platform. */
const expectedState = (records: readonly SampleRecord[]): string =>
  textOf(
    [...foldOracle(records).values()].map((device) => ({
      key: device.key,
      state: [device.status, device.serialNumber, device.name, device.updatedAt, device.report?.indoorTemperatureC],
      dealer: device.dealer?.name ?? null,
      customer: device.customer?.name ?? null,
      alerts: device.alerts.map(({ alertId, state }) => `${alertId} ${state}`),
      assignments: device.assignments.map(({ dealerId, from }) => `${dealerId} ${from}`),
      history: device.history,
    })),
  );

const heldState = ({ devices, dealers, customers }: Fleet): string =>
  textOf(
    [...devices.values()].map((device) => {
      const view = viewDevice(device);
      return {
        key: device.key,
        state: [view.status, view.serialNumber, view.name, view.updatedAt, view.report?.indoorTemperatureC],
        dealer: dealers.get(`elt:${view.dealerId}`)?.value.name ?? null,
        customer: customers.get(`elt:${view.customerId}`)?.value.name ?? null,
        alerts: [...device.alerts].map(([id, alert]) => `${id} ${viewAlert(alert).state}`),
        assignments: toIntervals(device.assignments).map(
          ({ dealerId, from }) => `${dealerId} ${formatOccurredAt(from)}`,
        ),
        history: device.history.map(({ version }) => versionEventId(version)),
      };
    }),
  );

type State = { key: string; alerts: string[] };
const textOf = (states: readonly State[]): string =>
  JSON.stringify(
    states
      .map((state) => ({ ...state, alerts: state.alerts.toSorted() }))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .map((state) => JSON.parse(JSON.stringify(state, (_, value) => value ?? null))),
  );

describe("a partition that moves to another database", () => {
  it("loses no event, shows each one that was acknowledged, and ends as the fold of all events", () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        expect(play(schedule, RULES)).toBeUndefined();
      }),
      cases(400),
    );
  });

  it("is the same on both sides once everything is written and copied", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (seed) => {
        const world = new World(eventsOf(streamOf(seed, RECORDS)), RULES);
        world.happen({ kind: "forward" });
        world.settle();
        expect(world.differences()).toEqual([]);
      }),
      cases(100),
    );
  });

  const overwrite: Rules["copy"] = (known, copied) => ({
    devices: new Map([...known.devices, ...copied.devices]),
    dealers: new Map([...known.dealers, ...copied.dealers]),
    customers: new Map([...known.customers, ...copied.customers]),
  });

  it.each<[string, Partial<Rules>]>([
    ["a copy overwrites what is there", { copy: overwrite }],
    ["a step does not wait until everybody uses the present map", { waitsForOldMaps: false }],
    ["the flip does not compare", { compares: false }],
    ["a consumer acknowledges after its first write", { acknowledgesAfter: "the first write" }],
  ])("would lose events if %s", (_, broken) => {
    const found = fc.check(
      fc.property(schedules, (schedule) => play(schedule, { ...RULES, ...broken }) === undefined),
      { numRuns: 2_000, seed: 41, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
  });

  it("reaches each phase, goes back, and writes copies late, so that the schedules try what they are for", () => {
    const reached = new Map<string, number>();
    for (const { seed, happenings } of fc.sample(schedules, { numRuns: 300, seed: 41 })) {
      const world = new World(eventsOf(streamOf(seed, RECORDS)), RULES);
      for (const each of happenings) {
        const before = world.phase;
        world.happen(each);
        const step = before === world.phase ? `${each.kind} in ${before}` : `${before} to ${world.phase}`;
        reached.set(step, (reached.get(step) ?? 0) + 1);
      }
    }
    const wanted = ["old to both", "both to flipped", "flipped to new", "both to old", "flipped to both"];
    for (const step of [...wanted, "copy write in flipped", "copy write in new", "die in both"]) {
      expect(reached.get(step) ?? 0, step).toBeGreaterThan(5);
    }
  });
});
