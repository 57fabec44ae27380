import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventsOf } from "../../test/support/unload-events.ts";
import { HOUR_MS } from "../calendar.ts";
import type { SampleRecord } from "../record.ts";
import { type OldApi, serveApi } from "./api.ts";
import { type ApiFleet, showFleet } from "./api-fleet.ts";
import { type Legacy, makeLegacy, writeLegacy } from "./legacy.ts";
import { deviceKeyOf, loadWarehouse } from "./warehouse.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function written(legacy: Legacy): string {
  const folder = mkdtempSync(join(tmpdir(), "concord-legacy-"));
  folders.push(folder);
  writeLegacy(folder, legacy);
  return folder;
}

const hashesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((path) => [path.slice(folder.length), createHash("sha256").update(readFileSync(path)).digest("hex")]),
  );

/** The fields of parity.yaml, where the old API has them. */
const FIELDS: Readonly<Record<string, string>> = {
  "device.serial": "device.serialNumber",
  "device.displayName": "device.name",
  "device.registeredAt": "device.registeredAt",
  "device.firmware": "device.firmware",
  "device.lastSeen": "device.report.reportedAt",
  "device.temperature": "device.report.indoorTemperatureC",
  "device.humidity": "device.report.humidityPct",
  "device.dealerId": "device.dealer.dealerId",
  "device.dealerName": "device.dealer.name",
  "alerts.level": "alerts.alerts[].severity",
  "alerts.message": "alerts.alerts[].text",
};

/** `{key} {field}` of everything in which two fleets differ. */
function differences(one: ApiFleet, other: ApiFleet): string[] {
  const found = new Set<string>();
  for (const key of new Set([...one.keys(), ...other.keys()])) {
    const [a, b] = [one.get(key), other.get(key)];
    if (!a || !b) {
      found.add(`${key} device`).add(`${key} alerts`);
      continue;
    }
    const { dealer: _, ...device } = a.device;
    for (const [name, value] of Object.entries(device))
      if (value !== b.device[name as keyof typeof device])
        found.add(`${key} ${FIELDS[`device.${name}`] ?? `device.${name}`}`);
    for (const alertId of new Set([...a.alerts, ...b.alerts].map(({ id }) => id))) {
      const [left, right] = [a, b].map(({ alerts }) => alerts.find(({ id }) => id === alertId));
      if (!left || !right) found.add(`${key} alerts.alerts[]`);
      else
        for (const [name, value] of Object.entries(left))
          if (value !== right[name as keyof typeof left])
            found.add(`${key} ${FIELDS[`alerts.${name}`] ?? `alerts.${name}`}`);
    }
  }
  return [...found].sort();
}

const WISH = { seed: 1, devices: 60 };
const legacy = makeLegacy(WISH);

describe("the old system", () => {
  it("is the same for the same seed, byte by byte, and another one for another seed", () => {
    const first = hashesOf(written(legacy));
    expect(Object.keys(first).length).toBe(4 + 3 * 5 * 2);
    expect(hashesOf(written(makeLegacy(WISH)))).toEqual(first);
    const other = hashesOf(written(makeLegacy({ ...WISH, seed: 2 })));
    expect(Object.keys(other).filter((path) => other[path] === first[path])).toEqual([
      "/mapping-mended.yaml",
      "/mapping.yaml",
      "/parity.yaml",
    ]);
  });

  it("unloads the same events as CSV and as Parquet", async () => {
    const folder = written(legacy);
    const [csv, parquet] = await Promise.all([eventsOf(folder, "csv"), eventsOf(folder, "parquet")]);
    expect(csv.length).toBeGreaterThan(200);
    const comparable = (events: readonly SampleRecord[]) =>
      events.map(({ topic, value }) => {
        const { occurredAt, ...event } = JSON.parse(value ?? "");
        const data = event.data.registeredAt && { ...event.data, registeredAt: Date.parse(event.data.registeredAt) };
        return JSON.stringify([topic, utcOf(occurredAt), { ...event, data: data ?? timesIn(event.data) }]);
      });
    expect(new Set(comparable(parquet))).toEqual(new Set(comparable(csv)));
  });

  it.each([
    [1, 60],
    [2, 60],
    [3, 400],
  ])(
    "differs between API and unload exactly where a difference was planted (seed %i, %i devices)",
    async (seed, devices) => {
      const old = makeLegacy({ seed, devices });
      const folder = written(old);
      const unloaded = showFleet(await eventsOf(folder, "csv"), Number.POSITIVE_INFINITY);
      const planted = old.planted.flatMap(({ key, fields }) => fields.map((field) => `${key} ${field}`));
      expect(differences(old.shownAt(old.unloadMs), unloaded)).toEqual(planted.sort());

      const again = [...(await eventsOf(folder, "csv")), ...(await eventsOf(folder, "mended"))];
      const left = old.planted.filter(({ wrong }) => wrong === "api");
      expect(differences(old.shownAt(old.unloadMs), showFleet(again, Number.POSITIVE_INFINITY))).toEqual(
        left.flatMap(({ key, fields }) => fields.map((field) => `${key} ${field}`)).sort(),
      );
    },
  );

  it("plants in devices to which nothing happens while events are live", () => {
    const live = new Set(
      legacy.records
        .filter(({ value, fault }) => !fault && value && Date.parse(JSON.parse(value).occurredAt) >= legacy.liveFromMs)
        .map(({ topic, value }) => `${topic.split(".")[1]}:${JSON.parse(value ?? "").deviceId}`),
    );
    expect(live.size).toBeGreaterThan(0);
    expect(legacy.planted.filter(({ key }) => live.has(key))).toEqual([]);
    expect(new Set(legacy.planted.map(({ key }) => key)).size).toBe(legacy.planted.length);
  });

  it("has no fault of a kind for which a fleet is too small, and says so", () => {
    expect(() => makeLegacy({ seed: 1, devices: 5 })).toThrow(/the fleet is too small/);
  });
});

describe("a planted difference of the unload", () => {
  const truth = loadWarehouse(legacy.records, legacy.unloadMs);
  /** The first row of the device that differs, as it is and as it is unloaded. */
  function rowsOf(kind: string, table: "devices" | "assignments" | "alerts") {
    const key = legacy.planted.find((each) => each.kind === kind)?.key;
    const [right = [], wrong = []] = [truth, legacy.unloaded].map((warehouse) =>
      (warehouse[table] as (typeof truth)["alerts"][number][]).filter((row) => deviceKeyOf(row) === key),
    );
    const i = right.findIndex((row, at) => JSON.stringify(row) !== JSON.stringify(wrong[at]));
    const [one, other] = [right[i], wrong[i]].map((row): Record<string, unknown> => ({ ...row }));
    return { right: one ?? {}, wrong: other ?? {}, lost: right.length - wrong.length };
  }

  it("is a dealer that the device never had", () => {
    const { right, wrong } = rowsOf("wrong dealer", "assignments");
    expect(wrong).toEqual({ ...right, DEALER_KEY: expect.not.stringMatching(`^${right.DEALER_KEY}$`) });
  });

  it("is an alert, or a device with all its rows, that is not there", () => {
    expect(rowsOf("lost alert", "alerts").lost).toBe(1);
    expect(rowsOf("lost alert", "devices").lost).toBe(0);
    expect(rowsOf("missing device", "devices").lost).toBe(1);
    expect(legacy.unloaded.devices.length).toBe(truth.devices.length - 1);
  });

  it.each([
    ["wrong severity", "alerts", "SEVERITY", /^(LOW|MEDIUM)$/],
    ["cut-off text", "alerts", "MESSAGE", /^.{20}$/],
    ["number for text", "devices", "SERIAL", /^3\.1\d{0,4}E\+11$/],
    ["truncated time", "devices", "REGISTERED_AT", /T00:00:00\.000Z$/],
    ["other time zone", "devices", "LAST_SEEN", /Z$/],
    ["stale firmware", "devices", "FIRMWARE", /^[\d.]+$/],
    ["other unit", "devices", "TEMPERATURE", /^\d+\.\d\d$/],
    ["null for a value", "devices", "HUMIDITY", null],
  ] as const)("is a %s, and nothing else of the row", (kind, table, column, form) => {
    const { right, wrong } = rowsOf(kind, table);
    expect(wrong).toEqual({ ...right, [column]: form === null ? null : expect.stringMatching(form) });
    expect(wrong[column]).not.toEqual(right[column]);
  });

  it("has the clock of six hours ago, the firmware before, and degrees Fahrenheit", () => {
    const zone = rowsOf("other time zone", "devices");
    expect(Date.parse(`${zone.right.LAST_SEEN}`) - Date.parse(`${zone.wrong.LAST_SEEN}`)).toBe(6 * HOUR_MS);
    const unit = rowsOf("other unit", "devices");
    expect(Number(unit.wrong.TEMPERATURE)).toBeCloseTo(Number(unit.right.TEMPERATURE) * 1.8 + 32, 2);
    const firmware = rowsOf("stale firmware", "devices");
    expect(`${firmware.wrong.FIRMWARE}` < `${firmware.right.FIRMWARE}`).toBe(true);
  });
});

describe("the old API", () => {
  const API_KEY = "da2-test";
  let api: OldApi;
  let nowMs = legacy.unloadMs;
  beforeAll(async () => {
    api = await serveApi({ fleet: () => legacy.shownAt(nowMs), apiKey: API_KEY });
  });
  afterAll(() => api.stop());

  // biome-ignore lint/suspicious/noExplicitAny: each test knows its own document
  async function ask(query: string, variables = {}, key = API_KEY): Promise<{ status: number; body: any }> {
    const headers = { "Content-Type": "application/json", "x-api-key": key };
    const response = await fetch(api.url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
    return { status: response.status, body: await response.json() };
  }

  it("refuses another key as AppSync does", async () => {
    expect(await ask("{ __typename }", {}, "wrong")).toEqual({
      status: 401,
      body: {
        errors: [{ errorType: "UnauthorizedException", message: "You are not authorized to make this call." }],
      },
    });
  });

  it("lists every device once over its pages, and refuses a token that is none", async () => {
    const document = `query ($nextToken: String) {
      listDevices(limit: 7, nextToken: $nextToken) { items { id source } nextToken }
    }`;
    const seen: string[] = [];
    let nextToken: string | null = null;
    do {
      const { body } = await ask(document, { nextToken });
      expect(body.errors).toBe(undefined);
      seen.push(
        ...body.data.listDevices.items.map((item: { id: string; source: string }) => `${item.source}:${item.id}`),
      );
      nextToken = body.data.listDevices.nextToken;
    } while (nextToken !== null);
    expect(seen).toEqual([...legacy.shownAt(nowMs).keys()]);
    const { body } = await ask(document, { nextToken: "nonsense" });
    expect(body.errors[0].message).toBe("Invalid pagination token given.");
  });

  it("gives a duplicated alert twice, and an empty text where there is no name", async () => {
    const [twice, empty] = ["duplicated alert", "empty text for null"].map(
      (kind) => legacy.planted.find((each) => each.kind === kind)?.deviceId,
    );
    const document = `query ($twice: ID!, $empty: ID!) {
      listAlertsByDevice(deviceId: $twice) { items { id message } nextToken }
      getDevice(id: $empty) { displayName }
    }`;
    const { body } = await ask(document, { twice, empty });
    const [first, second] = body.data.listAlertsByDevice.items;
    expect(second).toEqual({ id: `${first.id}-2`, message: first.message });
    expect(body.data.getDevice).toEqual({ displayName: "" });
  });

  it("finds a device and its dealer, and answers null for others", async () => {
    const [shown] = [...legacy.shownAt(nowMs).values()].filter(({ device }) => device.dealerId !== null);
    const { id, dealerId, dealerName } = shown?.device ?? {};
    const document = `query ($id: ID!, $dealerId: ID!) {
      getDevice(id: $id) { id dealerName } getDealer(id: $dealerId) { id dealerName }
      none: getDevice(id: "none") { id } nobody: getDealer(id: "none") { id }
      listAlertsByDevice(deviceId: "none") { items { id } nextToken }
    }`;
    const { body } = await ask(document, { id, dealerId });
    expect(body.data).toEqual({
      getDevice: { id, dealerName },
      getDealer: { id: dealerId, dealerName },
      ...{ none: null, nobody: null, listAlertsByDevice: { items: [], nextToken: null } },
    });
  });

  it("shows what happened only after the next batch, three times a day", () => {
    nowMs = legacy.unloadMs + 8 * HOUR_MS - 1;
    expect(legacy.shownAt(nowMs)).toBe(legacy.shownAt(legacy.unloadMs));
    const next = legacy.shownAt(legacy.caughtUpMs);
    expect(next.size).toBe(showFleet(legacy.records, Number.POSITIVE_INFINITY).size);
    const last = Math.max(
      ...legacy.records.map(({ value, fault }) => (fault || !value ? 0 : Date.parse(JSON.parse(value).occurredAt))),
    );
    expect(last).toBeLessThanOrEqual(legacy.caughtUpMs);
    expect(differences(legacy.shownAt(nowMs), next).length).toBeGreaterThan(0);
  });
});

/** In UTC, with the digits that are not zeros at the end. */
const utcOf = (time: string): string => {
  const [seconds = "", fraction = ""] = time.replace(/(Z|\+00:00)$/, "").split(".");
  return `${seconds}.${fraction.replace(/0+$/, "")}`;
};

const timesIn = (data: { raisedAt?: string }) => (data.raisedAt ? { ...data, raisedAt: utcOf(data.raisedAt) } : data);
