// A service with nothing but concord-sdk: no D1, no WebSocket, no type of Cloudflare's.
import assert from "node:assert/strict";
import { authenticate, newTokenKey, parseTokenKeys, signToken } from "concord-sdk/auth";
import { buildRecord, CONTRACTS, parseRecord, safeBuildRecord } from "concord-sdk/contracts";
import { EMPTY_FLEET, isDeviceKey, merge, viewDevice } from "concord-sdk/domain";
import { ConcordClient } from "concord-sdk/graphql";
import { CONSISTENCY_HEADER, connectConcord } from "concord-sdk/services";

const occurredAt = "2026-11-23T12:00:00Z";
const record = buildRecord("device.ecobee.status.reported", {
  deviceId: "t-1",
  occurredAt,
  data: CONTRACTS.find(({ topic }) => topic === "device.ecobee.status.reported").example,
});
const parsed = parseRecord(record, Date.UTC(2026, 10, 23, 13));
assert.equal(parsed.ok, true);
const { fleet, outcomes } = merge(EMPTY_FLEET, [parsed.event, parsed.event]);
assert.deepEqual(outcomes, ["applied", "duplicate"]);
assert.equal(isDeviceKey("ecobee:t-1"), true);
assert.equal(viewDevice(fleet.devices.get("ecobee:t-1")).updatedAt, "2026-11-23T12:00:00.000Z");
assert.equal(safeBuildRecord("device.ecobee.status.reported", { deviceId: "t-1", occurredAt, data: {} }).ok, false);

const { entry, signingKey } = await newTokenKey({ may: ["dealer"] });
const token = await signToken({ role: "dealer", dealerIds: ["D-1"] }, signingKey, "1h");
const trusted = parseTokenKeys(JSON.stringify({ keys: [entry] }));
const caller = await authenticate(`Bearer ${token}`, { keys: trusted });
assert.deepEqual(caller.ok && caller.scope, { role: "dealer", dealerIds: ["D-1"] });

const find = async (call, keys) => ({ value: [call, keys], consistencyToken: null });
const concord = connectConcord({ DEVICES: { find } }, { scope: caller.scope });
const [call, keys] = await concord.devices.find(["ecobee:t-1"]);
assert.deepEqual([call.scope, keys], [caller.scope, ["ecobee:t-1"]]);
assert.equal(CONSISTENCY_HEADER, "Concord-Consistency-Token");

const answer = { data: { devices: null }, errors: [{ message: "no", extensions: { code: "FORBIDDEN" } }] };
const client = new ConcordClient({
  url: "https://concord.invalid/graphql",
  token: () => token,
  fetch: async () => Response.json(answer),
});
await assert.rejects(client.ask({ documentId: "sha256:none", operation: "query" }, {}), { code: "FORBIDDEN" });
