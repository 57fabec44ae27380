import * as z from "zod";
import { alertRaised } from "../../../src/shared/contracts/entities/alert.ts";
import { dealerAssigned } from "../../../src/shared/contracts/entities/dealer.ts";
import { profileUpdated } from "../../../src/shared/contracts/entities/profile.ts";
import { registrationCreated } from "../../../src/shared/contracts/entities/registration.ts";
import { statusReported } from "../../../src/shared/contracts/entities/status.ts";
import type {
  AlertJson,
  AssignmentJson,
  DeviceChangeJson,
  DeviceEventJson,
  DeviceJson,
  Place,
} from "../../../src/shared/desk/device-api.ts";
import { maskBy, maskData } from "../../../src/shared/desk/mask.ts";
import type { Interval } from "../../../src/shared/domain/assignment.ts";
import type { Dealer, StatusReport } from "../../../src/shared/domain/change.ts";
import { deviceIdOf, sourceOf } from "../../../src/shared/domain/event.ts";
import type { HistoryEntry } from "../../../src/shared/domain/history.ts";
import { viewTwin } from "../../../src/shared/domain/twin.ts";
import { eventIdIn, occurredAtOf } from "../../../src/shared/domain/version.ts";
import type { DeviceChange } from "../../../src/shared/live/item.ts";
import type { FoundAlert } from "../../../src/shared/repositories/alert.ts";
import type { FoundDevice } from "../../../src/shared/repositories/device.ts";

/** What a device says of itself, in our words, with the marks that its contracts set. */
const Words = z.object({ ...registrationCreated.data.shape, ...profileUpdated.data.shape });

type Said = Pick<FoundDevice, "serialNumber" | "model" | "firmware" | "name" | "registeredAt"> & {
  readonly features: readonly string[];
  readonly location: Place | null;
};

/** A device for people who are not to see what is personal. */
export function deviceJsonOf(device: FoundDevice): DeviceJson {
  const { key, status, updatedAt, dealerId, customerId, desired, report } = device;
  const { serialNumber, model, firmware, name, features, location, registeredAt } = device;
  const said = { serialNumber, model, firmware, name, features, location, registeredAt };
  const reported = report && { ...(maskBy(statusReported.data, withoutTime(report)) as StatusReport) };
  const seen = reported && { ...reported, reportedAt: report.reportedAt };
  return {
    key,
    source: sourceOf(key),
    deviceId: deviceIdOf(key),
    status,
    ...(masked(Words, said) as Said),
    updatedAt,
    dealerId,
    customerId,
    report: seen,
    twin: viewTwin({ desired, report: seen }),
  };
}

const withoutTime = ({ reportedAt: _, ...report }: StatusReport & { readonly reportedAt: string }): StatusReport =>
  report;

/** What is not known stays so: a mask in its place would say that there is something. */
function masked(words: z.ZodType, said: Readonly<Record<string, unknown>>): object {
  const known = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null));
  return { ...Object.fromEntries(Object.keys(said).map((name) => [name, null])), ...(maskBy(words, known) as object) };
}

export function alertJsonOf({ alertId, code, severity, text, state, raisedAt, clearedAt }: FoundAlert): AlertJson {
  const said = masked(alertRaised.data, { code, severity, text }) as Pick<AlertJson, "code" | "severity" | "text">;
  return { alertId, ...said, state, raisedAt, clearedAt };
}

export function assignmentJsonOf({ dealerId, from, to }: Interval, dealers: readonly Dealer[]): AssignmentJson {
  const dealer = dealers.find((each) => each.dealerId === dealerId);
  const said = dealer && (maskBy(dealerAssigned.data, { dealer }) as { readonly dealer: Dealer });
  return { dealerId, dealerName: said?.dealer.name ?? null, from: occurredAtOf(from), to: to && occurredAtOf(to) };
}

export const eventJsonOf = ({ version, topic, data }: HistoryEntry): DeviceEventJson => ({
  eventId: eventIdIn(version),
  topic,
  occurredAt: occurredAtOf(version),
  data: maskData(topic, data),
});

export const changeJsonOf = ({ kind, revision, event, device }: DeviceChange): DeviceChangeJson => ({
  kind,
  revision,
  event: event && eventJsonOf(event),
  device: device && deviceJsonOf(device),
});
