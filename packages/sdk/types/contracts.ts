import { buildRecord, defineContract } from "concord-sdk/contracts";
import type { DeviceKey } from "concord-sdk/domain";
import * as z from "zod";

/* What must not compile, for whoever publishes events. Each line that does is an error of `tsc -b`. */

const at = { deviceId: "t-1", occurredAt: "2026-11-23T12:00:00Z" };

buildRecord("device.elt.status.reported", { ...at, data: { online: true } });
// @ts-expect-error no contract has this topic
buildRecord("device.elt.status.exploded", { ...at, data: { online: true } });
// @ts-expect-error `online` is a boolean
buildRecord("device.elt.status.reported", { ...at, data: { online: "yes" } });
// @ts-expect-error `online` is required
buildRecord("device.elt.status.reported", { ...at, data: {} });
// @ts-expect-error an event has a time of its own, and there is no default
buildRecord("device.elt.status.reported", { deviceId: "t-1", data: { online: true } });

const contract = { data: z.object({}), toChange: () => ({}), example: {} };
// @ts-expect-error a topic has four segments
defineContract({ ...contract, topic: "device.elt.status" });
// @ts-expect-error a topic is in lower case
defineContract({ ...contract, topic: "device.elt.Status.reported" });

export const KEY: DeviceKey = "elt:t-1";
// @ts-expect-error a key begins with a source that exists
export const OTHER: DeviceKey = "acme:t-1";
