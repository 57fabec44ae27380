import { beforeEach, describe, expect, it, vi } from "vitest";
import { LOCAL_TOKEN_SECRET, signToken } from "#auth/token.ts";
import { emptyTables, registered, rememberDevice, seedDevices, watchedD1 } from "../seeds.ts";
import { D1, get, keysOf, online } from "./device-requests.ts";
import { env } from "./support.ts";

beforeEach(async () => {
  vi.restoreAllMocks();
  await emptyTables();
});

describe("access to devices", () => {
  it.each(["viewer", "operator", "admin"] as const)("is open to the role %s", async (role) => {
    await seedDevices({ key: "elt:1" });
    expect(keysOf((await get("", { role })).body)).toEqual(["elt:1"]);
    for (const path of ["/elt:1", "/elt%3A1", "/elt:1/events"]) expect((await get(path, { role })).status).toBe(200);
  });

  it.each(["", "/elt:1", "/elt:1/events", "/elt:1/live"])("is refused without a token: %s", async (path) => {
    await seedDevices({ key: "elt:1" });
    const refused = await get(path, { headers: { Authorization: "" } });
    expect([refused.status, refused.body.error.code]).toEqual([401, "unauthenticated"]);
    expect(refused.headers.get("WWW-Authenticate")).toContain("Bearer");
  });

  it("is refused to tokens of dealers and services, which are for the GraphQL API", async () => {
    for (const scope of [{ role: "dealer", dealerIds: ["D-1"] } as const, { role: "service" } as const]) {
      const Authorization = `Bearer ${await signToken(scope, LOCAL_TOKEN_SECRET, "5m")}`;
      expect((await get("", { headers: { Authorization } })).status).toBe(403);
    }
  });

  it("is refused to requests of another site, even with a valid cookie", async () => {
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

  it("is refused while OPS_ACCESS is malformed, and the answer names it without its value", async () => {
    const refused = await get("", { its: { ...env, OPS_ACCESS: '{"issuer":"s3cret"}' } });
    expect([refused.status, refused.body.error.code]).toEqual([503, "misconfigured"]);
    expect(refused.text).toContain("OPS_ACCESS");
    expect(refused.text).not.toContain("s3cret");
  });

  it("is refused while SHARED_REGISTERS names an unknown source, and the answer names it", async () => {
    const refused = await get("", { its: { ...env, SHARED_REGISTERS: "infinity+nobody" } });
    expect([refused.status, refused.body.error.code]).toEqual([503, "misconfigured"]);
    expect(refused.text).toContain("SHARED_REGISTERS");
  });

  it("has answers in the shape of the operations API for unknown paths", async () => {
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
      "a bare id: devices of that id first, then serial numbers that begin with it, then its dealer",
      "?text=S-7",
      ["infinity:S-7", "elt:S-7", "elt:S-71", "ecobee:S-70", "elt:T-1", "infinity:T-2"],
    ],
    ["the beginning of a key", "?text=elt:T", ["elt:T-1"]],
    ["the beginning of a serial number", "?text=X-", ["elt:S-7"]],
    ["a dealer", "?text=D-2", ["elt:S-71"]],
    ["a dealer by the filter", "?dealer=D-1", ["ecobee:S-70", "elt:S-7", "elt:T-1"]],
    ["a text of one source", "?text=S-7&source=elt", ["elt:S-7", "elt:S-71", "elt:T-1"]],
    ["a text of one dealer", "?text=S-7&dealer=D-1", ["elt:S-7", "ecobee:S-70", "elt:T-1"]],
    ["a text of one status", "?text=S-7&status=OFFLINE", ["elt:T-1"]],
    ["a status of one source", "?status=REGISTERED&source=elt", ["elt:S-71"]],
    ["a text that nothing matches, without a result", "?text=nothing", []],
    ["a key of another source", "?text=elt:S-7&source=ecobee", []],
  ])("finds by %s", async (_, query, keys) => {
    expect(keysOf((await get(query)).body)).toEqual(keys);
  });

  it.each(["?first=1", "?text=S-7&first=1", "?text=S-7&first=2", "?text=S-7&status=OFFLINE&first=1"])(
    "returns the same devices however it is paged: %s",
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

  it("reads all its rows through an index, and scans no table", async () => {
    for (const query of [
      "?text=S-7",
      "?text=elt:S-7",
      "?text=S&status=RETIRED",
      "?text=S&dealer=D-1",
      "?status=RETIRED&source=elt",
    ]) {
      const watched = watchedD1();
      await get(query, { its: { ...env, DB: watched.DB } });
      const plans = (await watched.plans()).filter((plan) => plan.includes("devices"));
      expect(plans.length).toBeGreaterThan(0);
      expect(plans.filter((plan) => plan.startsWith("SCAN"))).toEqual([]);
    }
    const watched = watchedD1();
    await get("?status=RETIRED&source=elt", { its: { ...env, DB: watched.DB } });
    expect((await watched.plans()).join()).toMatch(/devices_by_status \(status=\? AND key>\? AND key<\?\)/);
  });

  it.each([
    ["?first=0", "first"],
    ["?first=101", "first"],
    ["?source=nobody", "source"],
    ["?status=BROKEN", "status"],
    ["?text=", "text"],
    ["?after=nonsense", "after"],
    ["?customer=C-1", "customer"],
  ])("is refused with %s, and the answer names the parameter", async (query, name) => {
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

describe("devices while D1 does not answer", () => {
  const DB = {
    withSession: () => ({
      prepare: () => ({ bind: () => ({ all: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")) }) }),
      getBookmark: () => null,
    }),
  } as unknown as D1Database;

  it("are answered with unavailable, and the history of a device is still shown", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const its = { ...env, DB };
    const refused = await get("?status=ONLINE", { its });
    expect([refused.status, refused.body.error.code]).toEqual([503, "unavailable"]);
    await rememberDevice("elt:kept", online({ online: true }));
    expect((await get("/elt:kept/events", { its })).status).toBe(200);
  });
});
