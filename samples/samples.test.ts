import { describe, expect, it } from "vitest";
import { CONTRACTS } from "#contracts/index.ts";
import { parseRecord } from "#contracts/parse.ts";
import { viewAlert } from "#domain/alert.ts";
import { toIntervals } from "#domain/assignment.ts";
import type { DesiredState } from "#domain/change.ts";
import { type Device, viewDevice } from "#domain/device.ts";
import { type ConcordEvent, deviceIdOf, SOURCES, sourceOf } from "#domain/event.ts";
import { EMPTY_FLEET, type Fleet, merge } from "#domain/fleet.ts";
import { viewTwin } from "#domain/twin.ts";
import { compareText, formatOccurredAt } from "#domain/version.ts";
import { exampleRecords, MODELLED } from "./examples.ts";
import { DEFAULT_WISH, generate, type SampleRecord } from "./generate.ts";
import { foldOracle } from "./oracle.ts";
import { randomOf } from "./random.ts";

const NOW_MS = Date.UTC(2026, 10, 23);
const SEEDS = [1, 2, 3];

/** Of the sources whose year is told here; others are in the samples by their examples. */
const TOPICS = CONTRACTS.filter(({ source }) => MODELLED.some((each) => each === source));

const records = generate(DEFAULT_WISH);
const good = (stream: readonly SampleRecord[]) => stream.filter(({ fault }) => !fault);
const shareOf = (is: (record: SampleRecord) => unknown) => records.filter(is).length / records.length;

describe("the samples", () => {
  it("are the same for the same seed, byte by byte", () => {
    expect(JSON.stringify(generate(DEFAULT_WISH))).toBe(JSON.stringify(records));
    expect(JSON.stringify(generate({ ...DEFAULT_WISH, seed: 2 }))).not.toBe(JSON.stringify(records));
  });

  it.each([
    [1, 1],
    [3, 10],
    [400, 500],
    [1, 700],
    [40, 3333],
  ])("of %i devices and %i events have exactly that many of both", (devices, events) => {
    expect(generate({ seed: 7, devices, events })).toHaveLength(events);
  });

  it.each(SEEDS)("of seed %i have events of every device, on every topic of the first release", (seed) => {
    const stream = good(generate({ ...DEFAULT_WISH, seed }));
    expect(new Set(stream.map(({ topic }) => topic)).size).toBe(TOPICS.length);
    expect(new Set(stream.map(({ key }) => key)).size).toBe(DEFAULT_WISH.devices);
  });

  it("have the example of every topic of a source that has no year of its own", () => {
    const examples = exampleRecords([]);
    expect(examples.map(({ topic }) => topic)).toEqual(CONTRACTS.map(({ topic }) => topic));
    for (const { topic, key, value } of examples)
      expect(parseRecord({ topic, key, value }, Date.UTC(2026, 10, 24)).ok).toBe(true);
    expect(exampleRecords(SOURCES)).toEqual([]);
  });

  it("are 5 % repeated, 10 % late and 1 % invalid, and mostly reports of a status", () => {
    expect(shareOf(({ repeats }) => repeats)).toBeCloseTo(0.05, 3);
    expect(shareOf(({ late }) => late)).toBeCloseTo(0.1, 2);
    expect(shareOf(({ fault }) => fault && !isExotic(fault.reason))).toBeCloseTo(0.01, 3);
    expect(shareOf(({ topic }) => topic.endsWith("status.reported"))).toBeGreaterThan(0.65);
    expect(shareOf(({ topic }) => topic.endsWith("status.reported"))).toBeLessThan(0.75);
  });

  it("are invalid in many ways, with some unknown topics and some times in the future", () => {
    const kindsOf = (is: (reason: string) => boolean) =>
      new Set(records.flatMap(({ fault }) => (fault && is(fault.reason) ? [fault.kind] : [])));
    expect(kindsOf((reason) => !isExotic(reason)).size).toBeGreaterThanOrEqual(8);
    expect(kindsOf((reason) => reason === "unknown_topic").size).toBeGreaterThan(2);
    expect(kindsOf((reason) => reason === "clock_skew").size).toBe(1);
  });

  it("repeat only earlier records, byte for byte", () => {
    const seen = new Set<string>();
    for (const { topic, key, value, repeats, fault } of records) {
      const text = JSON.stringify([topic, key, value]);
      if (!fault) expect(seen.has(text)).toBe(repeats === true);
      seen.add(text);
    }
  });

  it("are minutes to weeks late if they are marked as late, and in order otherwise", () => {
    const newestMs = new Map<string, number>();
    for (const record of good(records)) {
      const { occurredAtMs, deviceKey } = eventOf(record);
      const behindMs = (newestMs.get(deviceKey) ?? occurredAtMs) - occurredAtMs;
      if (record.late) expect(behindMs).toBeGreaterThanOrEqual(60_000);
      else if (!record.repeats) expect(behindMs).toBeLessThanOrEqual(0);
      expect(record.late ? behindMs : 0).toBeLessThanOrEqual(35 * 86_400_000);
      newestMs.set(deviceKey, Math.max(newestMs.get(deviceKey) ?? 0, occurredAtMs));
    }
  });

  it.each(SEEDS)(
    "of seed %i pass their contract if they are valid, and fail for the reason that they name if not",
    (seed) => {
      for (const { topic, key, value, fault } of generate({ ...DEFAULT_WISH, seed })) {
        const parsed = parseRecord({ topic, key, value }, NOW_MS);
        expect([topic, value, parsed.ok ? undefined : parsed.rejection.reason]).toEqual([topic, value, fault?.reason]);
      }
    },
  );

  it.each(SEEDS)("of seed %i have fewer events of each device than its history holds", (seed) => {
    const events = distinctEvents(generate({ ...DEFAULT_WISH, seed }));
    const counts = Map.groupBy(events, ({ deviceKey }) => deviceKey).values();
    expect(Math.max(...[...counts].map(({ length }) => length))).toBeLessThanOrEqual(90);
  });

  it("never use an event id twice", () => {
    const events = distinctEvents(records);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length);
  });

  it("have some reports of one device at the same time, which only the event id orders", () => {
    const reports = distinctEvents(records).filter(({ change }) => change.status);
    const moments = new Set(reports.map(({ deviceKey, occurredAtMs }) => `${deviceKey} ${occurredAtMs}`));
    expect(reports.length - moments.size).toBeGreaterThan(20);
  });

  it("have alerts that clear before they are raised", () => {
    const cleared = new Set<string>();
    const overtaken = good(records).filter((record) => {
      const { topic, change } = eventOf(record);
      if (topic.endsWith("alert.cleared")) cleared.add(change.alert?.alertId ?? "");
      return topic.endsWith("alert.raised") && record.late && cleared.has(change.alert?.alertId ?? "");
    });
    expect(overtaken.length).toBeGreaterThan(15);
  });

  it("have devices that reached their desired state, and others that have not yet", () => {
    const twins = [...foldOracle(records).values()].map(({ twin }) => twin).filter(({ version }) => version !== null);
    expect(twins.filter(({ delta }) => delta).length).toBeGreaterThan(5);
    expect(twins.filter(({ delta }) => !delta).length).toBeGreaterThan(0);
  });

  it("end in every outcome, and many reports of a status change nothing", () => {
    const events = good(records).map(eventOf);
    const { outcomes } = merge(EMPTY_FLEET, events);
    expect(new Set(outcomes)).toEqual(new Set(["applied", "unchanged", "duplicate", "superseded"]));
    const confirmed = events.filter(({ change }, i) => change.status && outcomes[i] === "unchanged");
    expect(confirmed.length).toBeGreaterThan(100);
  });
});

describe("the oracle and merge agree on every device", () => {
  it.each(SEEDS)("of seed %i in the order of the stream", (seed) => {
    const stream = generate({ ...DEFAULT_WISH, seed });
    expect(mergedView(good(stream))).toStrictEqual(foldOracle(stream));
  });

  it.each(SEEDS)("of seed %i shuffled", (seed) => {
    const stream = generate({ ...DEFAULT_WISH, seed });
    expect(mergedView(randomOf(seed).shuffle(good(stream)))).toStrictEqual(foldOracle(stream));
  });

  it("with more events than the history of a device holds", () => {
    const stream = generate({ seed: 1, devices: 5, events: 2000 });
    expect(mergedView(randomOf(1).shuffle(good(stream)))).toStrictEqual(foldOracle(stream));
  });

  it("if the oracle gets its records in another order", () => {
    expect(foldOracle(randomOf(9).shuffle(records))).toStrictEqual(foldOracle(records));
  });
});

const isExotic = (reason: string) => reason === "unknown_topic" || reason === "clock_skew";

function eventOf({ topic, value }: SampleRecord): ConcordEvent {
  const parsed = parseRecord({ topic, value }, NOW_MS);
  if (!parsed.ok) throw new Error(`${topic} ${value}: ${JSON.stringify(parsed.rejection)}`);
  return parsed.event;
}

function distinctEvents(stream: readonly SampleRecord[]): ConcordEvent[] {
  return good(stream)
    .filter(({ repeats }) => !repeats)
    .map(eventOf);
}

/** The state that the domain computes from the records, in the oracle's shape. */
function mergedView(stream: readonly SampleRecord[]): Map<string, unknown> {
  const { fleet } = merge(EMPTY_FLEET, stream.map(eventOf));
  return new Map([...fleet.devices].map(([key, device]) => [key, viewOf(device, fleet)]));
}

function viewOf(device: Device, { dealers, customers }: Fleet) {
  const { dealerId, customerId, location, report, desired, desiredBy, ...view } = viewDevice(device);
  const dealer = dealers.get(`${sourceOf(device.key)}:${dealerId ?? ""}`)?.value;
  const customer = customers.get(`${sourceOf(device.key)}:${customerId ?? ""}`)?.value;
  const twin = viewTwin({ desired, report });
  return {
    key: device.key,
    source: sourceOf(device.key).toUpperCase(),
    deviceId: deviceIdOf(device.key),
    ...view,
    location: location && {
      ...nulls("region", "city", "postalCode", "timeZone", "latitude", "longitude"),
      ...location,
    },
    dealer: dealer ? { ...nulls("phone", "email", "website"), ...dealer } : null,
    customer: customer ? { ...nulls("email", "phone"), ...customer } : null,
    report: report && {
      ...nulls("indoorTemperatureC", "heatSetpointC", "coolSetpointC", "humidityPct"),
      equipment: [],
      ...report,
      mode: report.mode ? MODES[report.mode] : null,
    },
    twin: {
      version: twin.version,
      desired: settings(twin.desired),
      desiredAt: twin.desiredAt,
      desiredBy: desiredBy?.subject ?? null,
      reported: settings(twin.reported),
      delta: settings(twin.delta),
    },
    alerts: [...device.alerts]
      .sort(([a], [b]) => compareText(a, b))
      .map(([alertId, alert]) => {
        const { severity, acknowledgedBy, ...seen } = viewAlert(alert);
        return {
          alertId,
          ...seen,
          acknowledgedBy: acknowledgedBy?.subject ?? null,
          severity: severity?.toUpperCase() ?? null,
        };
      }),
    assignments: toIntervals(device.assignments).map(({ dealerId, from, to }) => ({
      dealerId,
      from: formatOccurredAt(from),
      to: to && formatOccurredAt(to),
    })),
    history: device.history.map(({ version }) => version.slice(version.indexOf("/") + 1)),
  };
}

const MODES = { heat: "HEAT", cool: "COOL", auto: "AUTO", auxHeat: "AUX_HEAT", off: "OFF" };

const settings = (state: DesiredState | null) =>
  state && { ...nulls("heatSetpointC", "coolSetpointC"), ...state, mode: state.mode ? MODES[state.mode] : null };

const nulls = (...members: string[]) => Object.fromEntries(members.map((member) => [member, null]));
