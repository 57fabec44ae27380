import { randomOf } from "../../samples/random.ts";
import type { SampleRecord } from "../../samples/record.ts";
import { KILLER, OUTDATED, POISON, THROWER } from "./faults.ts";

const DEVICES = 4;

/** How a record has to end. */
export type Fate = "applied" | "refused" | Special;

type Special = typeof POISON | typeof THROWER | typeof KILLER | typeof OUTDATED;

export type StreamRecord = SampleRecord & { readonly fate: Fate };

/**
 * Records of a few devices in a shuffled order, with ties, repeats and late ones. Some are refused by their contracts.
 * Perhaps one is refused by D1, one makes its object throw, one kills the consumer and one is refused by the consumer
 * only. `name` separates the devices of one stream from all others.
 */
export function streamOf(seed: number, count: number, name: string): StreamRecord[] {
  const random = randomOf(seed);
  const records: StreamRecord[] = [];
  while (records.length < count) {
    const earlier = records[random.int(0, Math.max(0, records.length - 1))];
    if (earlier && random.chance(0.06)) records.push({ ...earlier });
    else records.push(recordOf(random, records.length, name));
  }
  for (const kind of [POISON, THROWER, KILLER, OUTDATED] as const) {
    // A random sequence of its own, so that another kind does not change the streams of kept schedules.
    const own = random.fork(kind);
    if (own.chance(0.5)) records.splice(own.int(0, count - 1), 1, special(kind, name));
  }
  return records;
}

type Random = ReturnType<typeof randomOf>;

const START_MS = Date.UTC(2026, 9, 1);

/** Digits of a clock beyond milliseconds: Python's microseconds, Java's nanoseconds, and zeros without meaning. */
const FINER = ["", "", "001", "000", "0005", "999999"];

function recordOf(random: Random, index: number, name: string): StreamRecord {
  const deviceId = `${name}-${random.int(1, DEVICES)}`;
  // Few minutes for many events: equal times are common, so that the event id, or digits beyond the millisecond,
  // decide.
  const iso = new Date(START_MS + random.int(0, 120) * 60_000).toISOString();
  const occurredAt = iso.replace("Z", `${random.fork(`finer ${index}`).pick(FINER)}Z`);
  const [action, data] = random.pick(kinds(random, name));
  const bad = random.chance(0.03);
  const value = { eventId: `e-${index}`, occurredAt, deviceId, data: bad ? { unread: index } : data };
  const topic = bad ? "device.elt.alert.raised" : `device.elt.${action}`;
  return { topic, key: deviceId, value: JSON.stringify(value), fate: bad ? "refused" : "applied" };
}

function kinds(random: Random, name: string): [action: string, data: object][] {
  const alertId = `a-${random.int(1, 3)}`;
  const dealerId = `${name}-D${random.int(1, 3)}`;
  return [
    ["status.reported", { online: random.chance(0.8), indoorTemperatureC: random.int(18, 20) }],
    ["status.reported", { online: true, indoorTemperatureC: random.int(10, 30) }],
    [
      "registration.created",
      { model: "M", serialNumber: `S-${random.int(1, 9)}`, registeredAt: "2026-09-01T00:00:00Z" },
    ],
    ["registration.removed", {}],
    ["dealer.assigned", { dealer: { dealerId, name: `Dealer ${random.int(1, 3)}` } }],
    ["dealer.unassigned", {}],
    [
      "customer.assigned",
      { customer: { customerId: `${name}-C${random.int(1, 2)}`, name: `Customer ${random.int(1, 3)}` } },
    ],
    ["profile.updated", { name: `Room ${random.int(1, 4)}` }],
    ["alert.raised", { alertId, code: "C", severity: random.pick(["info", "warning", "critical"]), text: "x" }],
    ["alert.cleared", { alertId }],
  ];
}

function special(kind: Special, name: string): StreamRecord {
  const deviceId = `${kind}-${name}-x`;
  const occurredAt = new Date(START_MS).toISOString();
  const value = JSON.stringify({ eventId: kind, occurredAt, deviceId, data: { online: true } });
  return { topic: "device.elt.status.reported", key: deviceId, value, fate: kind };
}

/** Requests as a producer makes them: runs of records of one topic. */
export function requestsOf(records: readonly StreamRecord[], seed: number, { atMost = 12 } = {}): StreamRecord[][] {
  const random = randomOf(seed);
  const requests: StreamRecord[][] = [];
  for (const group of Map.groupBy(records, ({ topic }) => topic).values()) {
    for (let at = 0; at < group.length; ) {
      const size = random.int(1, atMost);
      requests.push(group.slice(at, at + size));
      at += size;
    }
  }
  return random.shuffle(requests);
}
