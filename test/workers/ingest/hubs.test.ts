import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { DeviceKey } from "#domain/event.ts";
import type { DeadLetterMessage } from "#letters/letter.ts";
import type { Followed, Offer } from "#objects/hub.ts";
import type { Parcel, QueuedRecord } from "#queue/parcel.ts";
import { FleetRepository } from "#repositories/fleet.ts";
import { type ConsumeDeps, consume } from "../../../workers/ingest/consume.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { recordOf } from "../../support/records.ts";

const { DB } = env as unknown as { DB: D1Database };

let events: FakeQueue<Parcel>;
let deadLetters: FakeQueue<DeadLetterMessage>;
let calls: { hub: string; offers: readonly Offer[] }[];
/** How often each object was written. */
let revisions: Map<DeviceKey, number>;
let devices = 0;

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  [events, deadLetters, calls, revisions] = [new FakeQueue(), new FakeQueue(), [], new Map()];
});

const offer = (hub: string, followed: Followed, from: number, to: number): Offer => ({
  hub,
  followed,
  from: String(from),
  to: String(to),
  pulls: [],
});

/** A consumer before objects that two hubs follow, and that take what they have not had. */
function depsOf(deliver: ConsumeDeps["deliver"] = async () => undefined): ConsumeDeps {
  const had = new Set<string>();
  return {
    fleet: new FleetRepository(DB),
    objectWrites: "always",
    mergeIntoObject: async (deviceKey, list) => {
      const added = list.filter(({ version }) => !had.has(version));
      for (const { version } of added) had.add(version);
      const from = revisions.get(deviceKey) ?? 0;
      const to = from + added.length;
      revisions.set(deviceKey, to);
      const followed: Followed = { kind: "device", deviceKey };
      const offers = ["FRA-1", "FRA-2"].map((hub) => offer(hub, followed, from, to));
      return { outcomes: list.map(() => "applied"), rowsWritten: Math.min(added.length, 1), offers };
    },
    announce: async () => undefined,
    deliver: (hub, offers) => {
      calls.push({ hub, offers });
      return deliver(hub, offers);
    },
    events,
    backfill: new FakeQueue(),
    deadLetters,
    now: () => Date.UTC(2026, 10, 2),
    random: () => 0.5,
    workerVersion: "test",
  };
}

const freshDevice = () => `hubs-${++devices}`;
const status = (deviceId: string, minute: number): QueuedRecord =>
  recordOf({
    topic: "device.elt.status.reported",
    deviceId,
    occurredAt: new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString(),
    data: { online: true, indoorTemperatureC: minute },
  });
const deliver = (to: ConsumeDeps, parcels: readonly Parcel[], attempts = 1) =>
  consume(
    to,
    parcels.map((body) => ({ body, attempts })),
  );
const parcelOf = (records: readonly QueuedRecord[], rest: Partial<Parcel> = {}): Parcel => ({
  kind: "parcel",
  records: [...records],
  ...rest,
});

const outage = () => Promise.reject(new Error("Network connection lost."));

describe("the consumer before hubs", () => {
  it("calls each hub once for all devices of a round", async () => {
    const records = Array.from({ length: 50 }, freshDevice).map((id) => status(id, 1));
    const { report } = await deliver(depsOf(), [parcelOf(records.slice(0, 30)), parcelOf(records.slice(30))]);
    expect(calls.map(({ hub, offers }) => [hub, offers.length])).toEqual([
      ["FRA-1", 50],
      ["FRA-2", 50],
    ]);
    expect(report).toMatchObject({ objectCalls: 52, objectWrites: 50, hubOffers: { taken: 100 } });
  });

  it("calls each hub once for the feeds of a batch", async () => {
    const [a, b] = [freshDevice(), freshDevice()];
    const assigned = [a, b].map((deviceId) =>
      recordOf({
        topic: "device.elt.dealer.assigned",
        deviceId,
        occurredAt: "2026-11-01T00:00:00Z",
        data: { dealer: { dealerId: `D-${deviceId}`, name: "A dealer" } },
      }),
    );
    for (const id of [`dealer D-${a}`, `dealer D-${b}`])
      await DB.prepare("INSERT INTO watches VALUES (?1, 9e15)").bind(id).run();
    const deps = depsOf();
    const announce: ConsumeDeps["announce"] = async (dealerId) => [offer("FRA-1", { kind: "dealer", dealerId }, 0, 1)];
    await deliver({ ...deps, announce }, [parcelOf(assigned)]);
    expect(calls.map(({ hub, offers }) => [hub, offers.map(({ followed }) => followed.kind).join()])).toEqual([
      ["FRA-1", "device,device"],
      ["FRA-2", "device,device"],
      ["FRA-1", "dealer,dealer"],
    ]);
  });

  it("calls no hub for an event that adds nothing, unless an earlier consumer may have died before it did", async () => {
    const deps = depsOf();
    const record = status(freshDevice(), 1);
    await deliver(deps, [parcelOf([record])]);
    expect(calls.splice(0)).toHaveLength(2);
    await deliver(deps, [parcelOf([record])]);
    expect(calls).toEqual([]);
    await deliver(deps, [parcelOf([record])], 2);
    await deliver(deps, [parcelOf([record], { deferrals: 1 })]);
    expect(calls.map(({ offers }) => offers.map(({ from, to }) => `${from} ${to}`))).toEqual(
      Array.from({ length: 4 }, () => ["1 1"]),
    );
  });

  it("calls a hub a second time before it gives up", async () => {
    let isOut = true;
    const once: ConsumeDeps["deliver"] = async (hub) => {
      if (hub === "FRA-1" && isOut) {
        isOut = false;
        return outage();
      }
    };
    const { report } = await deliver(depsOf(once), [parcelOf([status(freshDevice(), 1)])]);
    expect(report.outcomes).toEqual({ "device.elt.status.reported applied": 1 });
    expect(calls.map(({ hub }) => hub).sort()).toEqual(["FRA-1", "FRA-1", "FRA-2"]);
    expect(events.bodies).toEqual([]);
  });

  it("defers the records of what a hub that is out should have had, and no others, and delivers when it is back", async () => {
    const [ill, well] = [freshDevice(), freshDevice()];
    let isOut = true;
    const deps = depsOf(async (hub, offers) => {
      const isIll = offers.some(({ followed }) => followed.kind === "device" && followed.deviceKey === `elt:${ill}`);
      if (isOut && isIll && hub === "FRA-2") throw new Error("Network connection lost.");
    });
    // Rounds of one device each, so that only one of them has the hub's fault.
    const { dispositions, report } = await deliver(deps, [
      parcelOf([status(ill, 1)], { isolated: true }),
      parcelOf([status(well, 1)], { isolated: true }),
    ]);
    expect(dispositions).toEqual([{ kind: "ack" }, { kind: "ack" }]);
    expect(report).toMatchObject({ hubOffers: { taken: 3, refused: 1 } });
    expect(report.outcomes).toEqual({ "device.elt.status.reported applied": 1 });
    const [back] = events.drain();
    expect(back).toMatchObject({ deferrals: 1, records: [{ key: ill }] });
    isOut = false;
    calls.length = 0;
    const { report: again } = await deliver(deps, [back as Parcel]);
    expect(again.outcomes).toEqual({ "device.elt.status.reported applied": 1 });
    expect(calls.map(({ hub, offers }) => [hub, offers[0]?.from, offers[0]?.to])).toEqual([
      ["FRA-1", "1", "1"],
      ["FRA-2", "1", "1"],
    ]);
  });

  it("makes no dead letter of a record because a hub stays out, and lets it go after ten deferrals", async () => {
    const deps = depsOf(outage);
    let [parcel] = [parcelOf([status(freshDevice(), 1)])] as [Parcel | undefined];
    let deliveries = 0;
    while (parcel && deliveries < 50) {
      deliveries++;
      const { report } = await deliver(deps, [parcel]);
      [parcel] = events.drain() as Parcel[];
      expect(report.outcomes).toEqual(parcel ? {} : { "device.elt.status.reported applied": 1 });
    }
    expect(deliveries).toBe(11);
    expect(deadLetters.bodies).toEqual([]);
  });
});
