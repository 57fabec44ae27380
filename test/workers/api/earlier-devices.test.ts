import { beforeEach, describe, expect, it } from "vitest";
import { fakeArchive } from "./fake-archive.ts";
import {
  ask,
  at,
  dealerScope,
  emptyTables,
  env,
  registered,
  seedAlerts,
  seedDealers,
  seedDevices,
  seedHistory,
} from "./support.ts";

const ENV = { ...env, ARCHIVE_SERVICE: fakeArchive };
const [A, B] = [dealerScope("D-A"), dealerScope("D-B")];

beforeEach(async () => {
  await emptyTables();
  await seedDealers({ dealerId: "D-A", name: "Arctic Air" }, { dealerId: "D-B", name: "Breeze" });
  await seedDevices({
    key: "elt:t-1",
    aspects: registered("S-1"),
    dealers: [
      [1, "D-A"],
      [10, "D-B"],
      [20, "D-A"],
    ],
    updated: 40,
  });
  await seedAlerts(
    { deviceKey: "elt:t-1", alertId: "a-2", raised: 2 },
    { deviceKey: "elt:t-1", alertId: "a-12", raised: 12, severity: "critical" },
    { deviceKey: "elt:t-1", alertId: "a-22", raised: 22, severity: "critical" },
  );
  await seedHistory("elt:t-1", 2, 12, 13, 22, 40);
});

const QUERY = `query ($asOf: DateTime, $knownAt: DateTime, $filter: AlertFilter, $first: Int, $after: String) {
  device(by: { key: "elt:t-1" }, asOf: $asOf, knownAt: $knownAt) {
    id key serialNumber dealer { dealerId name }
    earlier { asOf knownAt completeUntil completeSince }
    alerts(filter: $filter, first: $first, after: $after) { totalCount nodes { alertId } pageInfo { hasNextPage endCursor } }
    assignments { nodes { dealer { dealerId } from to } }
    history { nodes { occurredAt } }
  }
}`;

describe("a device as of a time", () => {
  it("has the dealer, the alerts and the assignments of then, and says how far it is complete", async () => {
    const { data, errors } = await ask(QUERY, { env: ENV, variables: { asOf: at(15) } });
    expect(errors).toBeUndefined();
    expect(data.device).toMatchObject({
      key: "elt:t-1",
      serialNumber: "S-1",
      dealer: { dealerId: "D-B", name: "Breeze" },
      earlier: { asOf: at(15), knownAt: at(60), completeUntil: at(60), completeSince: at(-30) },
      assignments: {
        nodes: [
          { dealer: { dealerId: "D-A" }, from: at(1), to: at(10) },
          { dealer: { dealerId: "D-B" }, from: at(10), to: null },
        ],
      },
    });
    expect(data.device.history.nodes.map(({ occurredAt }: { occurredAt: string }) => occurredAt)).toEqual(
      [13, 12, 2].map(at),
    );
  });

  it("has pages and filters of its alerts as a device of now has", async () => {
    const first = await ask(QUERY, { env: ENV, variables: { asOf: at(30), first: 2 } });
    expect(first.data.device.alerts).toMatchObject({
      totalCount: 3,
      nodes: [{ alertId: "a-22" }, { alertId: "a-12" }],
      pageInfo: { hasNextPage: true },
    });
    const after = first.data.device.alerts.pageInfo.endCursor;
    const second = await ask(QUERY, { env: ENV, variables: { asOf: at(30), after } });
    expect(second.data.device.alerts.nodes).toEqual([{ alertId: "a-2" }]);
    for (const [filter, found] of [
      [{ severity: "CRITICAL" }, ["a-22", "a-12"]],
      [{ minSeverity: "WARNING" }, ["a-22", "a-12", "a-2"]],
      [{ raised: { from: at(12), to: at(22) } }, ["a-12"]],
      [{ states: [] }, []],
      [{ sources: ["ECOBEE"] }, []],
    ] as const) {
      const variables = { asOf: at(30), filter };
      const [then, now] = await Promise.all([
        ask(QUERY, { env: ENV, variables }),
        ask(QUERY, { env: ENV, variables: { filter } }),
      ]);
      expect(then.data.device.alerts.nodes.map(({ alertId }: { alertId: string }) => alertId)).toEqual(found);
      expect(now.data.device.alerts).toEqual(then.data.device.alerts);
    }
  });

  it("has another id than the device, so that a cache keeps them apart, and one for each time", async () => {
    const ids = await Promise.all(
      [{}, { asOf: at(15) }, { asOf: at(16) }, { asOf: at(16), knownAt: at(17) }].map(
        async (variables) => (await ask(QUERY, { env: ENV, variables })).data.device.id,
      ),
    );
    expect(new Set(ids).size).toBe(4);
    const again = await ask(QUERY, { env: ENV, variables: { asOf: at(15) } });
    expect(again.data.device.id).toBe(ids[1]);
    expect((await ask(`{ node(id: "${ids[1]}") { id } }`, { env: ENV })).data).toEqual({ node: null });
  });

  it("is shown to a dealer that has it now, of times at which it had it, with its own alerts and assignments", async () => {
    const seen = async (scope: typeof A, minute: number) =>
      (await ask(QUERY, { env: ENV, scope, variables: { asOf: at(minute) } })).data.device;
    expect(await seen(A, 0)).toBeNull();
    expect(await seen(A, 9)).toMatchObject({ dealer: { dealerId: "D-A" } });
    // At the very moment of a handover, the device is the new dealer's.
    expect(await seen(A, 10)).toBeNull();
    expect(await seen(A, 19)).toBeNull();
    expect(await seen(A, 20)).toMatchObject({
      assignments: { nodes: [{ dealer: { dealerId: "D-A" } }, { dealer: { dealerId: "D-A" } }] },
      alerts: { totalCount: 2, nodes: [{ alertId: "a-22" }, { alertId: "a-2" }] },
    });
    // The former dealer sees nothing of it, as in the history.
    expect(await seen(B, 15)).toBeNull();
  });

  it("is not shown to a dealer of whom only one of today and of then says that it had the device", async () => {
    const says = (dealerId: string) => ({
      ...env,
      ARCHIVE_SERVICE: {
        ...fakeArchive,
        deviceAsOf: async (...asked: Parameters<typeof fakeArchive.deviceAsOf>) => {
          const found = await fakeArchive.deviceAsOf(...asked);
          if (found.kind === "refused" || !found.state) return found;
          const dealer = { version: found.state.latest, value: { dealerId } };
          return { ...found, state: { ...found.state, aspects: { ...found.state.aspects, dealer } } };
        },
      },
    });
    const seen = async (its: ReturnType<typeof says>, minute: number) =>
      (await ask(QUERY, { env: its as typeof env, scope: A, variables: { asOf: at(minute) } })).data.device;
    expect(await seen(says("D-A"), 15)).toBeNull();
    expect(await seen(says("D-B"), 5)).toBeNull();
    expect(await seen(says("D-A"), 5)).not.toBeNull();
  });

  it.each([
    [{ knownAt: at(3) }, ENV, "Give `asOf` beside `knownAt`"],
    [{ asOf: at(3) }, { ...env, ARCHIVE_SERVICE: undefined }, "This environment has no archive"],
  ] as const)("is refused with a reason: %j", async (variables, its, message) => {
    const { data, errors } = await ask(QUERY, { env: its as typeof env, variables });
    expect(data).toEqual({ device: null });
    expect(errors?.[0]).toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
    expect(errors?.[0]?.message).toContain(message);
  });

  it("costs what it takes to read", async () => {
    const costOf = async (variables: object) =>
      (await ask(QUERY, { env: ENV, variables: { ...variables } })).extensions.concord.cost;
    expect((await costOf({ asOf: at(15) })) - (await costOf({}))).toBe(100);
  });
});

const READINGS = `query ($from: DateTime!, $to: DateTime!, $step: Int!, $fields: [ReadingField!]) {
  device(by: { key: "elt:t-1" }) {
    key
    readings(from: $from, to: $to, step: $step, fields: $fields) {
      completeUntil completeSince points { at humidityPct { min max mean count } indoorTemperatureC { count } }
    }
  }
}`;
const RANGE = { from: at(0), to: at(60), step: 600 };

describe("readings", () => {
  it("are points by steps, with the least, the greatest, the mean and the count", async () => {
    const { data } = await ask(READINGS, { env: ENV, variables: RANGE });
    expect(data.device.readings).toEqual({
      completeUntil: at(60),
      completeSince: at(-30),
      points: [
        { at: at(0), humidityPct: { min: 2, max: 2, mean: 2, count: 1 }, indoorTemperatureC: null },
        { at: at(10), humidityPct: { min: 12, max: 13, mean: 12.5, count: 2 }, indoorTemperatureC: null },
        { at: at(20), humidityPct: { min: 22, max: 22, mean: 22, count: 1 }, indoorTemperatureC: null },
        { at: at(40), humidityPct: { min: 40, max: 40, mean: 40, count: 1 }, indoorTemperatureC: null },
      ],
    });
    const other = await ask(READINGS, { env: ENV, variables: { ...RANGE, fields: ["INDOOR_TEMPERATURE_C"] } });
    expect(other.data.device.readings.points).toEqual([]);
  });

  it("of a dealer are those of its own times", async () => {
    const { data } = await ask(READINGS, { env: ENV, scope: A, variables: RANGE });
    expect(data.device.readings.points.map((point: { at: string }) => point.at)).toEqual([0, 20, 40].map(at));
    expect((await ask(READINGS, { env: ENV, scope: B, variables: RANGE })).data).toEqual({ device: null });
  });

  it.each([
    [{ to: RANGE.from }, ENV, "`from` must be before `to`"],
    [{ step: 59 }, ENV, "at least 60"],
    [{ to: at(60 * 24 * 10), step: 900 }, ENV, "over the limit of 800"],
    [{}, { ...env, ARCHIVE_SERVICE: undefined }, "This environment has no archive"],
  ] as const)("are refused with a reason, and the rest of the device is answered: %j", async (change, its, message) => {
    const { data, errors } = await ask(READINGS, { env: its as typeof env, variables: { ...RANGE, ...change } });
    expect(data).toEqual({ device: { key: "elt:t-1", readings: null } });
    expect(errors?.[0]).toMatchObject({ extensions: { code: "BAD_USER_INPUT" } });
    expect(errors?.[0]?.message).toContain(message);
  });

  it("have a price, so that no page of devices reads the archive without end", async () => {
    const many = `{ devices(first: 100) { nodes { readings(from: "${at(0)}", to: "${at(60)}", step: 60) { completeUntil } } } }`;
    const { errors } = await ask(many, { env: ENV });
    expect(errors?.[0]?.message).toContain("cost");
  });
});
