import { parseRecord } from "concord-sdk/contracts";
import { EMPTY_FLEET, merge } from "concord-sdk/domain";
import { ConcordClient } from "concord-sdk/graphql";
import { LiveClient } from "concord-sdk/live";

const value = JSON.stringify({
  eventId: "e-1",
  occurredAt: "2026-11-23T12:00:00Z",
  deviceId: "t-1",
  data: { online: true },
});
const parsed = parseRecord({ topic: "device.elt.status.reported", value }, Date.UTC(2026, 10, 23, 13));
const outcomes = parsed.ok ? merge(EMPTY_FLEET, [parsed.event]).outcomes : [];
document.title = [...outcomes, typeof ConcordClient, typeof LiveClient].join(" ");
