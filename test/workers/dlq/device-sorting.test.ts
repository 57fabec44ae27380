import { createExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { DeviceJson } from "#ops/device-api.ts";
import { SORTS } from "#ops/sorts.ts";
import worker from "../../../workers/dlq/index.ts";
import { emptyTables, registered, seedDevices, watchedD1 } from "../seeds.ts";
import { bearerAt, env } from "./support.ts";

beforeEach(emptyTables);

const DAY_MINUTES = 24 * 60;

async function get(query: string, its = env) {
  const request = new Request(`http://concord.test/ops/api/devices?${query}`, { headers: await bearerAt("viewer") });
  const response = await worker.fetch(
    request as Request<unknown, IncomingRequestCfProperties>,
    its,
    createExecutionContext(),
  );
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect
  return { status: response.status, body: (await response.json()) as any };
}

async function pagesOf(query: string, first: number): Promise<DeviceJson[]> {
  const devices: DeviceJson[] = [];
  let after = "";
  do {
    const { status, body } = await get(`${query}&first=${first}${after}`);
    expect(status).toBe(200);
    devices.push(...body.devices);
    after = body.nextCursor === null ? "" : `&after=${body.nextCursor}`;
  } while (after !== "");
  return devices;
}

/** Devices of three sources, two dealers and four days. Every third one has no serial number and is not registered. */
const seedFleet = (many: number): Promise<void> =>
  seedDevices(
    ...Array.from({ length: many }, (_, i) => ({
      key: `${["elt", "ecobee", "infinity"][i % 3]}:${(i * 7) % many}` as const,
      aspects: i % 3 === 1 ? {} : registered(`S-${(i * 5) % many}`),
      dealers: [[1, `D-${i % 2}`]] as const,
      updated: (i % 4) * DAY_MINUTES,
    })),
  );

const TEXT_OF: Readonly<Record<(typeof SORTS.devices)[number], (device: DeviceJson) => string>> = {
  device: ({ key }) => key,
  // What has no value sorts lowest.
  "serial-number": ({ serialNumber }) => serialNumber ?? "",
  registered: ({ registeredAt }) => registeredAt ?? "",
  "newest-event": ({ updatedAt }) => updatedAt.slice(0, 10),
};

describe("devices, sorted by the server", () => {
  it.each(SORTS.devices.flatMap((by) => ["first", "dealer=D-1"].map((filter) => [by, filter] as const)))(
    "come exactly once, page by page, in both directions: by %s, of %s",
    async (by, filter) => {
      await seedFleet(20);
      const text = TEXT_OF[by];
      const beside = filter === "first" ? "" : `&${filter}`;
      const up = await pagesOf(`sort=${by}${beside}`, 3);
      const down = await pagesOf(`sort=-${by}${beside}`, 4);
      expect(new Set(up.map(({ key }) => key)).size).toBe(filter === "first" ? 20 : 10);
      expect(up.map(text)).toEqual(up.map(text).toSorted());
      expect(down).toEqual(up.toReversed());
    },
  );

  it("are in the order of their keys unless the query names another, under every filter", async () => {
    await seedFleet(20);
    for (const filter of ["", "source=elt", "status=REGISTERED", "status=REGISTERED&source=elt", "dealer=D-0"]) {
      const keys = (await pagesOf(filter, 3)).map(({ key }) => key);
      expect(keys).toEqual(keys.toSorted());
      const down = await pagesOf(`sort=-device&${filter}`, 4);
      expect(down.map(({ key }) => key)).toEqual(keys.toReversed());
    }
  });

  it.each([
    ["sort=status", "sort must be one of device, serial-number, registered, newest-event, with - in front"],
    ["sort=serial-number&status=ONLINE", "sort must be device beside source or status, unless dealer is given"],
    ["sort=-newest-event&source=elt", "sort must be device beside source or status, unless dealer is given"],
    ["sort=device&text=S-1", "sort must be absent beside text, whose best matches come first"],
  ])("are refused in an order that no index has: %s", async (query, message) => {
    const { status, body } = await get(query);
    expect([status, body.error.parameters.map(({ name }: { name: string }) => name)]).toEqual([400, ["sort"]]);
    expect(body.error.message).toContain(message);
  });

  it("refuse the cursor of another order", async () => {
    await seedFleet(6);
    const { nextCursor } = (await get("sort=serial-number&first=2")).body;
    expect((await get(`sort=serial-number&first=2&after=${nextCursor}`)).status).toBe(200);
    for (const sort of ["sort=-serial-number", "sort=registered", ""]) {
      const { status, body } = await get(`${sort}&first=2&after=${nextCursor}`);
      expect(status).toBe(400);
      expect(body.error.message).toContain("after must be the nextCursor of this list in this order");
    }
  });

  const ORDERS = SORTS.devices.flatMap((by) => [by, `-${by}`]);

  /** What D1 reads for the second page of ten. */
  async function secondPage(query: string) {
    const { nextCursor } = (await get(`${query}&first=10`)).body;
    const { DB, plans, rowsRead } = watchedD1();
    const { body } = await get(`${query}&first=10&after=${nextCursor}`, { ...env, DB });
    expect(body.devices).toHaveLength(10);
    return { plan: (await plans()).join("\n"), rowsRead: rowsRead() };
  }

  it.each(ORDERS)("are read from an index in that order, and a larger fleet costs a page no more: %s", async (sort) => {
    await seedFleet(40);
    const small = await secondPage(`sort=${sort}`);
    await emptyTables();
    await seedFleet(200);
    const large = await secondPage(`sort=${sort}`);
    expect(large.rowsRead).toBeLessThanOrEqual(small.rowsRead);
    expect(large.plan).not.toMatch(/TEMP B-TREE|SCAN devices$/m);
  });

  it("of one dealer are read whole, however many devices others have", async () => {
    await seedFleet(40);
    const alone = await secondPage("sort=serial-number&dealer=D-0");
    await seedDevices(
      ...Array.from({ length: 100 }, (_, i) => ({ key: `elt:other-${i}` as const, dealers: [[1, "D-9"]] as const })),
    );
    const among = await secondPage("sort=serial-number&dealer=D-0");
    expect(among.rowsRead).toBe(alone.rowsRead);
    expect(among.plan).toContain("devices_by_dealer (dealer_id=?)");
  });
});
