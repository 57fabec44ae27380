import { newTokenKey, type Scope, signToken } from "concord-sdk/auth";
import { CONSISTENCY_HEADER } from "concord-sdk/services";
import { aDevice, anEvent, FakeConcord } from "concord-sdk/testing";
import { describe, expect, it, vi } from "vitest";
import dispatch from "./index.ts";

/* This Worker's own logic over fakes of Concord's services: no runtime, no database, and a test takes a millisecond. */

const { entry, signingKey } = await newTokenKey({ may: ["dealer"], maxLife: "1h" });
const TOKEN_KEYS = JSON.stringify({ keys: [entry] });
const OWN: Scope = { role: "dealer", dealerIds: ["D-7"] };

const thermostat = aDevice({
  key: "ecobee:t-1",
  dealer: "D-7",
  customer: { customerId: "C-1", name: "Ada", phone: "+1 612 555 0100" },
  alerts: [
    { alertId: "A-1", severity: "critical", text: "No heat." },
    { alertId: "A-2", state: "CLEARED" },
  ],
});

async function askFor(concord: FakeConcord, key: string, { scope = OWN, seen = "" } = {}) {
  const headers = {
    Authorization: `Bearer ${await signToken(scope, signingKey, "1h")}`,
    ...(seen && { [CONSISTENCY_HEADER]: seen }),
  };
  type Incoming = Parameters<typeof dispatch.fetch>[0];
  const request = new Request(`https://dispatch.example/visits/${key}`, { headers }) as Incoming;
  const response = await dispatch.fetch(request, { ...concord.bindings, TOKEN_KEYS });
  const token = response.headers.get(CONSISTENCY_HEADER);
  return { status: response.status, token, body: (await response.json()) as Body };
}

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects
type Body = any;

describe("a visit", () => {
  it("has the device, its customer, its open alerts and its last events", async () => {
    const { status, body } = await askFor(new FakeConcord({ records: thermostat }), "ecobee:t-1");
    expect(status).toBe(200);
    expect(body).toMatchObject({ device: "ecobee:t-1", customer: { name: "Ada", phone: "+1 612 555 0100" } });
    expect(body.openAlerts).toMatchObject([{ severity: "critical", text: "No heat." }]);
    expect(body.lastEvents).toHaveLength(5);
  });

  it("of another dealer's device is one of no device", async () => {
    const concord = new FakeConcord({ records: thermostat });
    const other = await askFor(concord, "ecobee:t-1", { scope: { role: "dealer", dealerIds: ["D-8"] } });
    expect(other).toEqual(await askFor(concord, "ecobee:gone", { scope: { role: "dealer", dealerIds: ["D-8"] } }));
    expect(other.status).toBe(404);
  });

  it("asks for no customer where the device has none", async () => {
    const concord = new FakeConcord({ records: aDevice({ key: "elt:1", dealer: "D-7" }) });
    expect((await askFor(concord, "elt:1")).body.customer).toBeNull();
    expect(concord.calls.map(({ method }) => method)).toEqual(["DEVICES.find", "ALERTS.list", "DEVICES.history"]);
  });

  it("is as fresh as what its caller has seen", async () => {
    const concord = new FakeConcord({ records: thermostat });
    concord.fleet.holdReplica();
    concord.deliver([anEvent("device.ecobee.alert.cleared", { deviceId: "t-1", data: { acknowledgeRef: "A-1" } })]);
    const stale = await askFor(concord, "ecobee:t-1");
    expect(stale.body.openAlerts).toHaveLength(1);
    const { consistencyToken } = await concord.bindings.DEVICES.count({ scope: OWN, consistency: "strong" });
    const fresh = await askFor(concord, "ecobee:t-1", { seen: consistencyToken ?? "" });
    expect(fresh.body.openAlerts).toEqual([]);
    expect(fresh.token).toBe(consistencyToken);
  });

  it("of a caller with a token of something else is refused, and is not Concord's failure", async () => {
    const { status, body } = await askFor(new FakeConcord({ records: thermostat }), "ecobee:t-1", {
      seen: "yesterday",
    });
    expect([status, body.error]).toEqual([400, expect.stringContaining("is not a consistency token")]);
  });

  it.each(["DEVICES.find", "ALERTS", "CUSTOMERS"] as const)("is refused while %s is out of reach", async (target) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const concord = new FakeConcord({ records: thermostat });
    concord.fail(target);
    expect((await askFor(concord, "ecobee:t-1")).status).toBe(503);
    concord.recover();
    expect((await askFor(concord, "ecobee:t-1")).status).toBe(200);
  });
});
