import { beforeEach, describe, expect, it } from "vitest";
import type { DeviceState } from "#domain/as-of.ts";
import type { Profile } from "#domain/change.ts";
import type { DeviceArchive } from "#domain/device-archive.ts";
import { problemOf } from "#domain/readings.ts";
import { toMilliseconds } from "#domain/time.ts";
import { at, emptyTables, registered, seedDealers, version } from "../seeds.ts";
import { CANARY, get } from "./device-requests.ts";
import { env } from "./support.ts";

const KEY = "elt:t-1";
const profile = { name: CANARY, model: "M-2", location: { country: "US", city: CANARY } } as Profile;

const STATE: DeviceState = {
  key: KEY,
  latest: version(7),
  aspects: {
    ...registered("S-1"),
    profile: { version: version(2), value: profile },
    dealer: { version: version(1), value: { dealerId: "D-1" } },
  },
  alerts: new Map([
    [
      "a-1",
      {
        details: { version: version(3), value: { code: "E-1", severity: "critical", text: "It is wrong." } },
        progress: { version: version(3), value: { kind: "raised" } },
      },
    ],
  ]),
  assignments: new Map([[version(1), "D-1"]]),
};

/** What it was asked, and what it answers. */
const asked: unknown[] = [];
let completeSinceMs: number | null;
let answer: { readonly kind: "refused"; readonly message: string } | DeviceState | null;

const ARCHIVE_SERVICE: DeviceArchive = {
  deviceAsOf: async (key, times) => {
    asked.push([key, times]);
    if (answer && "kind" in answer) return answer;
    const knownAtMs = times.knownAtMs ?? toMilliseconds(at(60));
    return { kind: "found", state: answer, knownAtMs, completeUntilMs: toMilliseconds(at(30)), completeSinceMs };
  },
  deviceReadings: async (key, { held, ...range }) => {
    asked.push([key, range, held]);
    const problem = problemOf(range);
    if (problem !== null) return { kind: "refused", message: problem };
    const points = [{ at: at(0), humidityPct: { min: 1, max: 3, mean: 2, count: 2 } }];
    return { kind: "found", points, completeUntilMs: toMilliseconds(at(30)), completeSinceMs };
  },
};
const its = { ...env, ARCHIVE_SERVICE: ARCHIVE_SERVICE as never };

beforeEach(async () => {
  await emptyTables();
  await seedDealers({ dealerId: "D-1", name: "Arctic Air" });
  asked.length = 0;
  answer = STATE;
  completeSinceMs = toMilliseconds(at(-5));
});

describe("a device as of a time", () => {
  it("has the JSON of a device, with its alerts and assignments of then", async () => {
    const { status, body } = await get(`/${KEY}?asOf=${at(10)}&knownAt=${at(20)}`, { its });
    expect(status).toBe(200);
    expect(asked).toEqual([[KEY, { asOf: at(10), knownAtMs: toMilliseconds(at(20)) }]]);
    expect(body).toMatchObject({
      asOf: at(10),
      knownAt: at(20),
      completeUntil: at(30),
      completeSince: at(-5),
      device: {
        key: KEY,
        dealerId: "D-1",
        serialNumber: "S-1",
        updatedAt: at(7),
        alerts: [{ alertId: "a-1", state: "OPEN", raisedAt: at(3) }],
        assignments: [{ dealerId: "D-1", dealerName: "Arctic Air", from: at(1), to: null }],
        counts: { alerts: 1, openAlerts: 1, assignments: 1 },
      },
    });
  });

  it("of which nothing is missing says so", async () => {
    completeSinceMs = null;
    expect((await get(`/${KEY}?asOf=${at(10)}`, { its })).body).toMatchObject({ completeSince: null });
  });

  it("hides personal data as the device of now does", async () => {
    const { text } = await get(`/${KEY}?asOf=${at(10)}`, { role: "admin", its });
    expect(text).not.toContain(CANARY);
  });

  it("takes a time with an offset, escaped or not", async () => {
    for (const offset of ["%2B01:00", "+01:00"]) await get(`/${KEY}?asOf=2026-11-23T14:10:00${offset}`, { its });
    expect(asked).toEqual(Array(2).fill([KEY, { asOf: at(10), knownAtMs: null }]));
  });

  it.each([
    ["asOf=yesterday", 400, "RFC 3339"],
    [`knownAt=${at(1)}`, 400, "beside knownAt"],
    ["asof=1", 400, "asof"],
  ])("?%s is refused with a reason", async (query, status, message) => {
    const refused = await get(`/${KEY}?${query}`, { its });
    expect(refused.status).toBe(status);
    expect(refused.text).toContain(message);
    expect(asked).toEqual([]);
  });

  it("of which nothing was known is not found, and what the archive refuses is said", async () => {
    answer = null;
    expect(await get(`/${KEY}?asOf=${at(10)}`, { its })).toMatchObject({ status: 404 });
    answer = { kind: "refused", message: "The archive begins later." };
    const refused = await get(`/${KEY}?asOf=${at(10)}`, { its });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining("The archive begins later.")]);
    const without = await get(`/${KEY}?asOf=${at(10)}`, { its: { ...env, ARCHIVE_SERVICE: undefined } as never });
    expect([without.status, without.text]).toEqual([400, expect.stringContaining("no archive")]);
  });
});

describe("readings", () => {
  it("are points by steps, of the fields that are asked for", async () => {
    const { body } = await get(
      `/${KEY}/readings?from=${at(0)}&to=${at(60)}&step=600&fields=humidityPct,heatSetpointC`,
      {
        its,
      },
    );
    expect(body).toEqual({
      from: at(0),
      to: at(60),
      stepSeconds: 600,
      completeUntil: at(30),
      completeSince: at(-5),
      points: [{ at: at(0), humidityPct: { min: 1, max: 3, mean: 2, count: 2 } }],
    });
    const range = { fromMs: toMilliseconds(at(0)), toMs: toMilliseconds(at(60)), stepSeconds: 600 };
    expect(asked).toEqual([[KEY, { ...range, fields: ["humidityPct", "heatSetpointC"] }, null]]);
  });

  it.each([
    [`from=${at(0)}&step=600`, "to"],
    [`from=${at(0)}&to=${at(60)}&step=x`, "step"],
    [`from=${at(0)}&to=${at(60)}&step=10`, "at least 60"],
    [`from=${at(0)}&to=${at(60)}&step=600&fields=pressure`, "must be some of"],
  ])("?%s is refused with a reason", async (query, message) => {
    const refused = await get(`/${KEY}/readings?${query}`, { its });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain(message);
  });

  it("of what is no key are not found", async () => {
    expect(await get(`/nothing/readings?from=${at(0)}&to=${at(60)}&step=600`, { its })).toMatchObject({ status: 404 });
  });
});
