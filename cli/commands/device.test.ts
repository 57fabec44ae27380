import { afterEach, describe, expect, it } from "vitest";
import { concord } from "../../test/support/fake-terminal.ts";
import { type OpsStub, startOpsStub } from "../../test/support/ops-stub.ts";

let stub: OpsStub | undefined;
afterEach(() => stub?.stop());

const DEVICE = {
  key: "elt:t-1",
  source: "elt",
  deviceId: "t-1",
  status: "ONLINE",
  serialNumber: "S-1",
  model: "M-1",
  firmware: null,
  name: "•••",
  features: [],
  location: null,
  registeredAt: "2026-11-23T12:00:00.000Z",
  updatedAt: "2026-11-23T13:00:00.000Z",
  dealerId: "D-1",
  customerId: null,
  report: { online: true, mode: "heat", indoorTemperatureC: 20.5, reportedAt: "2026-11-23T13:00:00.000Z" },
  twin: {},
  assignments: [{ dealerId: "D-1", dealerName: "Arctic Air", from: "2026-11-23T12:30:00.000Z", to: null }],
  alerts: [{ alertId: "a-1", state: "OPEN", severity: "critical", code: "E-1", raisedAt: "2026-11-23T12:59:00.000Z" }],
  counts: { alerts: 1, openAlerts: 1, assignments: 1 },
};
const THEN = {
  asOf: "2026-11-23T13:00:00.000Z",
  knownAt: "2026-11-24T00:00:00.000Z",
  completeUntil: "2026-11-24T00:00:00.000Z",
  completeSince: null as string | null,
  device: DEVICE,
};

async function run(...args: string[]) {
  return answered(THEN, args);
}

async function answered(then: typeof THEN, args: string[]) {
  stub = await startOpsStub({
    "GET /devices/elt%3At-1": ({ query }) => ({ json: query.asOf ? then : DEVICE }),
  });
  return concord(["device", ...args], { url: stub.url });
}

describe("concord device", () => {
  it("shows a device as it is, with its alerts and dealers", async () => {
    const { code, out } = await run("elt:t-1");
    expect(code).toBe(0);
    expect(out).toContain("elt:t-1 (ONLINE)");
    expect(out).toContain("online, heat, 20.5 °C inside, 2026-11-23 13:00:00Z");
    expect(out).toContain("2026-11-23 12:59:00Z  OPEN         critical  a-1 E-1");
    expect(out).toContain("2026-11-23 12:30:00Z – now  D-1 Arctic Air");
    expect(stub?.requests[0]?.query).toEqual({});
  });

  it("shows it as of a time, and until when the answer is complete", async () => {
    const { out } = await run("elt:t-1", "--as-of", "2026-11-23T14:00:00+01:00", "--known-at", "2026-11-24T00:00:00Z");
    expect(out).toContain("as of 2026-11-23 13:00:00Z, known at 2026-11-24 00:00:00Z");
    expect(out).toContain("complete for what was received before 2026-11-24 00:00:00Z");
    expect(out).not.toContain("may be missing");
    expect(stub?.requests[0]?.query).toEqual({ asOf: "2026-11-23T14:00:00+01:00", knownAt: "2026-11-24T00:00:00Z" });
  });

  it("says since when it is complete, if something older may be missing", async () => {
    const then = { ...THEN, completeSince: "2026-11-20T08:00:00.000Z" };
    const { out } = await answered(then, ["elt:t-1", "--as-of", "2026-11-23T14:00:00Z"]);
    expect(out).toContain("complete for what was received from 2026-11-20 08:00:00Z on, before 2026-11-24 00:00:00Z;");
    expect(out).toContain("what was received before 2026-11-20 08:00:00Z may be missing");
  });

  it("prints the JSON of the operations API", async () => {
    const { out } = await run("elt:t-1", "--as-of", "2026-11-23T13:00:00Z", "--json");
    expect(JSON.parse(out)).toEqual(THEN);
  });

  it("asks for --as-of beside --known-at, and sends nothing", async () => {
    const { code, err } = await run("elt:t-1", "--known-at", "2026-11-24T00:00:00Z");
    expect([code, stub?.requests]).toEqual([2, []]);
    expect(err).toContain("--known-at goes with --as-of");
  });
});
