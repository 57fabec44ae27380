import { type Scope, signToken } from "concord-sdk/auth";
import { buildRecord, type Topic } from "concord-sdk/contracts";
import { type DeviceKey, EMPTY_FLEET, merge } from "concord-sdk/domain";
import { ConcordClient } from "concord-sdk/graphql";

const scope: Scope = { role: "dealer", dealerIds: ["D-1"] };
const key: DeviceKey = "ecobee:t-1";
const topic: Topic = "device.elt.status.reported";
export const token: Promise<string> = signToken(scope, "secret", "1h");
export const client = new ConcordClient({ url: "https://concord.example/graphql", token: () => token });
export const merged = merge(EMPTY_FLEET, [
  buildRecord(topic, { deviceId: key.slice(7), occurredAt: new Date(0), data: { online: true } }).event,
]);
