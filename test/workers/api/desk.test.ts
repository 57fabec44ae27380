import { beforeEach, describe, expect, it, vi } from "vitest";
import { type DeskRole, signDeskToken } from "../../../src/shared/auth/desk-user.ts";
import { LOCAL_TOKEN_SECRET, signToken } from "../../../src/shared/auth/token.ts";
import { exampleOf, jsonSchemaOf, piiPathsOf } from "../../../src/shared/contracts/describe.ts";
import { CONTRACTS } from "../../../src/shared/contracts/index.ts";
import type { Registration, StatusReport } from "../../../src/shared/domain/change.ts";
import type { Aspects } from "../../../src/shared/domain/device.ts";
import type { ConcordEvent } from "../../../src/shared/domain/event.ts";
import type { HistoryEntry } from "../../../src/shared/domain/history.ts";
import { eventOf } from "../../support/records.ts";
import {
  at,
  emptyTables,
  env,
  registered,
  rememberDevice,
  seedAlerts,
  seedCustomers,
  seedDealers,
  seedDevices,
  seedHistory,
  send,
  version,
  watchStatements,
} from "./support.ts";

beforeEach(async () => {
  vi.restoreAllMocks();
  await emptyTables();
});

const bearerAt = async (role: DeskRole) => ({
  Authorization: `Bearer ${await signDeskToken({ actor: `${role}@example.com`, role }, LOCAL_TOKEN_SECRET, "5m")}`,
});

type Asked = { readonly role?: DeskRole; readonly headers?: Record<string, string>; readonly its?: typeof env };

async function get(path: string, { role = "viewer", headers, its = env }: Asked = {}) {
  const request = new Request(`http://concord.test/ops/api/devices${path}`, {
    headers: { ...(await bearerAt(role)), ...headers },
  });
  const response = await send(request, its);
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as any };
}

const keysOf = (body: { devices: { key: string }[] }) => body.devices.map(({ key }) => key);

const D1 = [[1, "D-1"]] as const;
const online = (value: StatusReport): Aspects => ({ status: { version: version(5), value } });

describe("who may look at devices", () => {
  it.each(["viewer", "operator", "admin"] as const)("a %s may", async (role) => {
    await seedDevices({ key: "elt:1" });
    expect(keysOf((await get("", { role })).body)).toEqual(["elt:1"]);
    for (const path of ["/elt:1", "/elt%3A1", "/elt:1/events"]) expect((await get(path, { role })).status).toBe(200);
  });

  it.each(["", "/elt:1", "/elt:1/events", "/elt:1/live"])("nobody may without a token: %s", async (path) => {
    await seedDevices({ key: "elt:1" });
    const refused = await get(path, { headers: { Authorization: "" } });
    expect([refused.status, refused.body.error.code]).toEqual([401, "unauthenticated"]);
    expect(refused.headers.get("WWW-Authenticate")).toContain("Bearer");
  });

  it("a dealer and a service may not: their tokens are for what they may see, unmasked", async () => {
    for (const scope of [{ role: "dealer", dealerIds: ["D-1"] } as const, { role: "service" } as const]) {
      const Authorization = `Bearer ${await signToken(scope, LOCAL_TOKEN_SECRET, "5m")}`;
      expect((await get("", { headers: { Authorization } })).status).toBe(403);
    }
  });

  it("another site may not, by whatever cookie it rides on", async () => {
    const elsewhere: Record<string, string>[] = [
      { Origin: "https://evil.example" },
      { "Sec-Fetch-Site": "cross-site" },
    ];
    for (const headers of elsewhere) {
      const refused = await get("", { headers });
      expect([refused.status, refused.body.error.code]).toEqual([403, "forbidden"]);
      expect(refused.headers.get("Access-Control-Allow-Origin")).toBeNull();
    }
    expect(
      (await get("", { headers: { Origin: "http://concord.test", "Sec-Fetch-Site": "same-origin" } })).status,
    ).toBe(200);
  });

  it("nobody may where DESK_ACCESS is set up wrongly, and the answer says so without its value", async () => {
    const refused = await get("", { its: { ...env, DESK_ACCESS: '{"issuer":"s3cret"}' } });
    expect([refused.status, refused.body.error.code]).toEqual([503, "misconfigured"]);
    expect(refused.text).toContain("DESK_ACCESS");
    expect(refused.text).not.toContain("s3cret");
  });

  it("is told in the desk's words what there is not", async () => {
    expect((await get("/elt:1/nothing")).body.error.code).toBe("not_found");
    expect((await get("")).headers.get("Cache-Control")).toBe("no-store");
  });
});

describe("a search for devices", () => {
  beforeEach(() =>
    seedDevices(
      { key: "ecobee:S-70", dealers: D1 },
      { key: "elt:S-7", aspects: { ...registered("X-1"), ...online({ online: true }) }, dealers: D1 },
      { key: "elt:S-71", aspects: registered("S-71"), dealers: [[1, "D-2"]] },
      { key: "elt:T-1", aspects: { ...registered("S-72"), ...online({ online: false }) }, dealers: D1 },
      { key: "infinity:S-7", dealers: [[1, "S-7"]] },
      { key: "infinity:T-2", dealers: [[1, "S-7"]] },
    ),
  );

  it.each([
    ["a whole key", "?text=elt:S-7", ["elt:S-7", "elt:S-71"]],
    [
      "a bare id, those of that id first, then serial numbers and dealers that begin or are called so",
      "?text=S-7",
      ["infinity:S-7", "elt:S-7", "elt:S-71", "ecobee:S-70", "elt:T-1", "infinity:T-2"],
    ],
    ["how a key begins", "?text=elt:T", ["elt:T-1"]],
    ["how a serial number begins", "?text=X-", ["elt:S-7"]],
    ["a dealer", "?text=D-2", ["elt:S-71"]],
    ["a dealer by name of the filter", "?dealer=D-1", ["ecobee:S-70", "elt:S-7", "elt:T-1"]],
    ["a text of one source", "?text=S-7&source=elt", ["elt:S-7", "elt:S-71", "elt:T-1"]],
    ["a text of one dealer", "?text=S-7&dealer=D-1", ["elt:S-7", "ecobee:S-70", "elt:T-1"]],
    ["a text of one status", "?text=S-7&status=OFFLINE", ["elt:T-1"]],
    ["a status of one source", "?status=REGISTERED&source=elt", ["elt:S-71"]],
    ["nothing that is there", "?text=nothing", []],
    ["a key of another source", "?text=elt:S-7&source=ecobee", []],
  ])("finds by %s", async (_, query, keys) => {
    expect(keysOf((await get(query)).body)).toEqual(keys);
  });

  it.each(["?first=1", "?text=S-7&first=1", "?text=S-7&first=2", "?text=S-7&status=OFFLINE&first=1"])(
    "is the same over as many pages as it takes: %s",
    async (query) => {
      const whole = keysOf((await get(query.replace(/first=\d/, "first=100"))).body);
      const read: string[] = [];
      let next: string | null = query;
      for (let pages = 0; next && pages < 30; pages++) {
        const { status, body } = await get(next);
        expect(status).toBe(200);
        read.push(...keysOf(body));
        next = body.nextCursor && `${query}&after=${body.nextCursor}`;
      }
      expect([next, read]).toEqual([null, whole]);
    },
  );

  it("walks no table: an index leads to each row that it reads", async () => {
    for (const query of [
      "?text=S-7",
      "?text=elt:S-7",
      "?text=S&status=RETIRED",
      "?text=S&dealer=D-1",
      "?status=RETIRED&source=elt",
    ]) {
      const watched = watchStatements();
      await get(query, { its: watched.env });
      const plans = (await watched.plans()).filter((plan) => plan.includes("devices"));
      expect(plans.length).toBeGreaterThan(0);
      expect(plans.filter((plan) => plan.startsWith("SCAN"))).toEqual([]);
    }
    const watched = watchStatements();
    await get("?status=RETIRED&source=elt", { its: watched.env });
    expect((await watched.plans()).join()).toMatch(/devices_by_status \(status=\? AND key>\? AND key<\?\)/);
  });

  it.each([
    ["?first=0", "first"],
    ["?first=101", "first"],
    ["?source=nest", "source"],
    ["?status=BROKEN", "status"],
    ["?text=", "text"],
    ["?after=nonsense", "after"],
    ["?customer=C-1", "customer"],
  ])("is refused with %s, and the answer names it", async (query, name) => {
    const { status, body } = await get(query);
    expect([status, body.error.code]).toEqual([400, "invalid_parameter"]);
    expect(body.error.parameters.map((each: { name: string }) => each.name)).toEqual([name]);
  });

  it("refuses the cursor of another search", async () => {
    const { nextCursor } = (await get("?first=1")).body;
    expect((await get(`?text=X-&first=1&after=${nextCursor}`)).status).toBeOneOf([200, 400]);
    expect((await get(`?after=${btoa('[0,"bm9uZQ"]')}`)).status).toBe(400);
    expect((await get(`?after=${btoa('[-4,"start"]')}`)).status).toBe(400);
  });
});

describe("a device", () => {
  it("is shown with its twin, who had it when, and its alerts", async () => {
    await seedDealers({ dealerId: "D-1", name: "Arctic Air" });
    await seedDevices({
      key: "elt:1",
      aspects: {
        ...registered("S-1"),
        status: { version: version(5), value: { online: true, mode: "heat", heatSetpointC: 20 } },
        desired: { version: version(6), value: { mode: "heat", heatSetpointC: 22 } },
      },
      dealers: [
        [1, "D-1"],
        [3, null],
        [4, "D-2"],
      ],
      customerId: "C-1",
      updated: 6,
    });
    await seedAlerts(
      { deviceKey: "elt:1", alertId: "a-1", raised: 2 },
      { deviceKey: "elt:1", alertId: "a-2", raised: 1, cleared: 3, severity: "critical" },
      { deviceKey: "elt:2", alertId: "a-3", raised: 1 },
    );
    const { body } = await get("/elt:1");
    expect(body).toMatchObject({
      key: "elt:1",
      source: "elt",
      deviceId: "1",
      status: "ONLINE",
      model: "M-1",
      serialNumber: "S-1",
      name: null,
      dealerId: "D-2",
      customerId: "C-1",
      updatedAt: at(6),
      report: { online: true, mode: "heat", heatSetpointC: 20, reportedAt: at(5) },
      twin: {
        version: version(6),
        desired: { mode: "heat", heatSetpointC: 22 },
        reported: { mode: "heat", heatSetpointC: 20 },
        delta: { heatSetpointC: 22 },
      },
      assignments: [
        { dealerId: "D-1", dealerName: "Arctic Air", from: at(1), to: at(3) },
        { dealerId: null, dealerName: null, from: at(3), to: at(4) },
        { dealerId: "D-2", dealerName: null, from: at(4), to: null },
      ],
      counts: { alerts: 2, openAlerts: 1, assignments: 3 },
    });
    expect(body.alerts).toEqual([
      expect.objectContaining({ alertId: "a-1", state: "OPEN", severity: "warning", raisedAt: at(2), clearedAt: null }),
      expect.objectContaining({ alertId: "a-2", state: "CLEARED", raisedAt: at(1), clearedAt: at(3) }),
    ]);
  });

  it.each(["/elt:none", "/elt:none/events", "/elt:none/live", "/nonsense", "/nonsense/live"])(
    "that nobody knows is not found: %s",
    async (path) => {
      const { status, body } = await get(path);
      expect([status, body.error.code]).toEqual([404, "not_found"]);
    },
  );

  it.each(["/elt:1?unmask=why", "/elt:1/events?first=x", "/elt:1/events?after=x", "/elt:1/live?after=x"])(
    "is asked for nothing that is not known here: %s",
    async (path) => {
      await seedDevices({ key: "elt:1" });
      expect((await get(path)).body.error.code).toBe("invalid_parameter");
    },
  );

  it("tells its events newest first, page by page", async () => {
    await seedDevices({ key: "elt:told" });
    await seedHistory("elt:told", 1, 2, 3, 4, 5);
    const first = (await get("/elt:told/events?first=2")).body;
    expect(first.events.map(({ eventId }: { eventId: string }) => eventId)).toEqual(["evt-5", "evt-4"]);
    expect(first.events[0]).toEqual({
      eventId: "evt-5",
      topic: "device.elt.status.reported",
      occurredAt: at(5),
      data: { online: true, "•••1": "••• number" },
    });
    const second = (await get(`/elt:told/events?first=3&after=${first.nextCursor}`)).body;
    expect(second.events.map(({ occurredAt }: { occurredAt: string }) => occurredAt)).toEqual([at(3), at(2), at(1)]);
    expect(second.nextCursor).toBeNull();
  });
});

/** What must be shown to nobody at the desk, whatever his role. */
const CANARY = "canary-7f3a";
const PLACE = { latitude: 12.345678, longitude: 87.654321 };

const secretPlace = { country: "US", region: "Texas", city: CANARY, postalCode: CANARY, timeZone: "UTC", ...PLACE };

/** Puts the canary where a path as `data.customer.email` leads. */
function plant(value: object, path: string): unknown {
  const planted = structuredClone(value) as Record<string, unknown>;
  const names = path.split(".");
  const last = names.pop() as string;
  let place = planted;
  for (const name of names) {
    place[name] ??= {};
    place = place[name] as Record<string, unknown>;
  }
  place[last] = CANARY;
  return planted.data;
}

const plantedHistory = (): HistoryEntry[] =>
  CONTRACTS.flatMap((contract) => {
    const paths = piiPathsOf(jsonSchemaOf(contract)).filter((path) => !path.includes("[]"));
    return [...paths, "data.nobodyKnows", `data.${CANARY}`].map((path) => ({
      topic: contract.topic,
      data: plant(exampleOf(contract), path),
    }));
  }).map((entry, i) => ({ ...entry, version: version(i, `e-${i}`) }));

describe("what is personal", () => {
  it("is shown to nobody by any of this, and found by no search", async () => {
    const logged: string[] = [];
    for (const level of ["log", "info", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation((...said) => void logged.push(said.map(String).join(" ")));
    }
    const registration = { ...registered("S-1").registration?.value, location: secretPlace } as Registration;
    const aspects: Aspects = {
      registration: { version: version(0), value: registration },
      profile: { version: version(1), value: { name: CANARY, model: "M-2", features: ["fan"], location: secretPlace } },
      status: { version: version(2), value: { online: true, mode: "heat", owner: CANARY } as unknown as StatusReport },
    };
    await seedCustomers({ customerId: "C-1", name: CANARY, email: CANARY, phone: CANARY });
    await seedDevices({ key: "elt:secret", aspects, customerId: "C-1", dealers: D1 });
    await (env.DEVICES.getByName("elt:secret") as unknown as { remember(_: unknown): Promise<void> }).remember({
      latest: version(9),
      aspects,
      history: plantedHistory().toReversed(),
    });
    const shown: string[] = [];
    let read = 0;
    for (const role of ["viewer", "operator", "admin"] as const) {
      const paths = ["?first=100", "?text=elt:secret", "/elt:secret"];
      for (let next: string | null = "/elt:secret/events?first=100"; next; ) {
        paths.push(next);
        const { body } = await get(next, { role });
        read += body.events.length;
        next = body.nextCursor && `/elt:secret/events?first=100&after=${body.nextCursor}`;
      }
      for (const path of paths) {
        const { status, text } = await get(path, { role });
        expect([path, status]).toEqual([path, 200]);
        const secrets = [CANARY, String(PLACE.latitude), String(PLACE.longitude)];
        if (secrets.some((secret) => text.includes(secret))) shown.push(`${role} ${path}: ${text}`);
      }
    }
    expect(read).toBe(3 * plantedHistory().length);
    expect(shown).toEqual([]);
    expect(keysOf((await get(`?text=${CANARY}`)).body)).toEqual([]);
    expect(logged.filter((line) => line.includes(CANARY))).toEqual([]);
  });

  it("is masked, and the rest is there: what is not known is not masked either", async () => {
    const value = { name: "Ann's room", model: "M-2", features: ["fan"], location: secretPlace };
    await seedDevices(
      { key: "elt:1", aspects: { profile: { version: version(1), value } } },
      { key: "elt:2", aspects: online({ online: true }) },
    );
    expect((await get("/elt:1")).body).toMatchObject({
      name: "•••",
      model: "M-2",
      features: ["fan"],
      location: {
        country: "US",
        region: "Texas",
        city: "•••",
        postalCode: "•••",
        timeZone: "UTC",
        latitude: "••• number",
      },
    });
    expect((await get("/elt:2")).body).toMatchObject({ name: null, model: null, location: null, features: [] });
  });
});

/** The items of a stream, as they come. */
async function listen(path: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const request = new Request(`http://concord.test/ops/api/devices${path}`, {
    headers: { ...(await bearerAt("viewer")), ...headers },
    signal: leaving.signal,
  });
  const response = await send(request);
  expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "text/event-stream"]);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  const next = async () => {
    for (;;) {
      const item = /id: (\S+)\ndata: (.*)\n\n/.exec(text);
      if (item) {
        text = text.slice((item.index ?? 0) + item[0].length);
        return { id: item[1], ...JSON.parse(item[2] as string) };
      }
      const { value, done } = await reader.read();
      if (done) throw new Error(`the stream ended: ${text}`);
      text += decoder.decode(value, { stream: true });
    }
  };
  return { next, leave: () => reader.cancel() };
}

const merge = (key: string, ...events: ConcordEvent[]): Promise<unknown> =>
  (env.DEVICES.getByName(key) as unknown as { merge(events: ConcordEvent[]): Promise<unknown> }).merge(events);

const renamed = (deviceId: string, eventId: string, minute: number) =>
  eventOf({
    topic: "device.elt.profile.updated",
    deviceId,
    eventId,
    occurredAt: at(minute),
    data: { name: CANARY, model: `M-${eventId}` },
  });

describe("a device's stream", () => {
  it("begins with the device as it is, and tells each change with its cursor, masked", async () => {
    await seedDevices({ key: "elt:live-1", aspects: online({ online: true }) });
    const stream = await listen("/elt:live-1/live");
    const snapshot = await stream.next();
    expect(snapshot).toMatchObject({ kind: "snapshot", event: null, device: { key: "elt:live-1", status: "ONLINE" } });
    await merge("elt:live-1", renamed("live-1", "e-1", 3));
    const change = await stream.next();
    expect(change).toEqual({
      id: String(snapshot.revision + 1),
      kind: "event",
      revision: snapshot.revision + 1,
      event: {
        eventId: "e-1",
        topic: "device.elt.profile.updated",
        occurredAt: at(3),
        data: { name: "•••", model: "M-e-1" },
      },
      device: expect.objectContaining({ name: "•••", model: "M-e-1" }),
    });
    expect(JSON.stringify(change)).not.toContain(CANARY);
    await stream.leave();
  });

  it("goes on behind what was seen, by the header or by the query", async () => {
    await seedDevices({ key: "elt:live-2", aspects: online({ online: true }) });
    const stream = await listen("/elt:live-2/live");
    const { id } = await stream.next();
    await stream.leave();
    await merge("elt:live-2", renamed("live-2", "e-1", 3), renamed("live-2", "e-2", 4));
    for (const again of [
      await listen("/elt:live-2/live", { "Last-Event-ID": id }),
      await listen(`/elt:live-2/live?after=${id}`),
    ]) {
      expect([await again.next(), await again.next()].map(({ event }) => event.eventId)).toEqual(["e-1", "e-2"]);
      await again.leave();
    }
  });
});

describe("while D1 is out of reach", () => {
  const DB = {
    withSession: () => ({
      prepare: () => ({ bind: () => ({ all: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")) }) }),
      getBookmark: () => null,
    }),
  } as unknown as D1Database;

  it("the answer says so, and what a device remembers is shown all the same", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const its = { ...env, DB };
    const refused = await get("?status=ONLINE", { its });
    expect([refused.status, refused.body.error.code]).toEqual([503, "unavailable"]);
    await rememberDevice("elt:kept", online({ online: true }));
    expect((await get("/elt:kept/events", { its })).status).toBe(200);
  });
});
