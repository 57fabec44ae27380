import { randomOf } from "../../samples/random.ts";
import type { SampleRecord } from "../../samples/record.ts";

const DEVICES = 3;
const START_MS = Date.UTC(2026, 9, 1);

/** Records of a few devices in no order, with equal times, so that their ids decide, and with some of them twice. */
export function streamOf(seed: number, count: number): SampleRecord[] {
  const random = randomOf(seed);
  const records = Array.from({ length: count }, (_, index): SampleRecord => {
    const alertId = `a-${random.int(1, 2)}`;
    const dealer = { dealerId: `D-${random.int(1, 2)}`, name: `Dealer ${random.int(1, 3)}` };
    const customer = { customerId: `C-${random.int(1, 2)}`, name: `Customer ${random.int(1, 3)}` };
    const [action, data] = random.pick<[string, object]>([
      ["status.reported", { online: random.chance(0.8), indoorTemperatureC: random.int(10, 30) }],
      ["registration.created", { model: "M", serialNumber: `S-${index}`, registeredAt: "2026-09-01T00:00:00Z" }],
      ["registration.removed", {}],
      ["dealer.assigned", { dealer }],
      ["dealer.unassigned", {}],
      ["customer.assigned", { customer }],
      ["profile.updated", { name: `Room ${random.int(1, 4)}` }],
      ["alert.raised", { alertId, code: "C", severity: random.pick(["info", "critical"]), text: "x" }],
      ["alert.cleared", { alertId }],
    ]);
    const deviceId = `move-${random.int(1, DEVICES)}`;
    const occurredAt = new Date(START_MS + random.int(0, 8) * 60_000).toISOString();
    const value = JSON.stringify({ eventId: `e-${index}`, occurredAt, deviceId, data });
    return { topic: `device.elt.${action}`, key: deviceId, value };
  });
  return [...records, ...records.filter(() => random.chance(0.1))];
}
