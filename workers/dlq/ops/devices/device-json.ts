import * as z from "zod";
import { isRole } from "#auth/actor.ts";
import { alertRaised } from "#contracts/entities/alert.ts";
import { dealerAssigned } from "#contracts/entities/dealer.ts";
import { profileUpdated } from "#contracts/entities/profile.ts";
import { registrationCreated } from "#contracts/entities/registration.ts";
import { statusReported } from "#contracts/entities/status.ts";
import { actor } from "#contracts/fields.ts";
import type { Interval } from "#domain/assignment.ts";
import type { Dealer, StatusReport } from "#domain/change.ts";
import { deviceIdOf, sourceOf } from "#domain/event.ts";
import type { HistoryEntry } from "#domain/history.ts";
import { viewTwin } from "#domain/twin.ts";
import { formatOccurredAt, versionEventId } from "#domain/version.ts";
import { maskBy, maskData } from "#letters/mask.ts";
import type { DeviceItem } from "#objects/item.ts";
import type {
  AlertJson,
  AssignmentJson,
  DeviceChangeJson,
  DeviceEventJson,
  DeviceJson,
  Place,
} from "#ops/device-api.ts";
import type { FoundAlert } from "#repositories/alert.ts";
import type { FoundDevice } from "#repositories/device.ts";

/** A device's registration and profile, with the marks of personal data that their contracts set. */
const Described = z.object({ ...registrationCreated.data.shape, ...profileUpdated.data.shape });

type Description = Pick<FoundDevice, "serialNumber" | "model" | "firmware" | "name" | "registeredAt"> & {
  readonly features: readonly string[];
  readonly location: Place | null;
};

/** A device with its personal data masked. */
export function toDeviceJson(device: FoundDevice): DeviceJson {
  const { key, status, updatedAt, dealerId, customerId, desired, desiredBy, report } = device;
  const { serialNumber, model, firmware, name, features, location, registeredAt } = device;
  const description = { serialNumber, model, firmware, name, features, location, registeredAt };
  const reported = report && { ...(maskBy(statusReported.data, withoutTime(report)) as StatusReport) };
  const seen = reported && { ...reported, reportedAt: report.reportedAt };
  return {
    key,
    source: sourceOf(key),
    deviceId: deviceIdOf(key),
    status,
    ...(masked(Described, description) as Description),
    updatedAt,
    dealerId,
    customerId,
    report: seen,
    twin: viewTwin({ desired, desiredBy: maskedName(desiredBy), report: seen }),
  };
}

const withoutTime = ({ reportedAt: _, ...report }: StatusReport & { readonly reportedAt: string }): StatusReport =>
  report;

/** Masks the values that are known. An unknown one stays `null`: a mask would say that there is a value. */
function masked(schema: z.ZodType, values: Readonly<Record<string, unknown>>): object {
  const known = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
  return {
    ...Object.fromEntries(Object.keys(values).map((name) => [name, null])),
    ...(maskBy(schema, known) as object),
  };
}

/** Who gave a command: a role as it is, and a subject as its contracts mark it. */
const maskedName = (name: string | null): string | null =>
  name === null || isRole(name) ? name : (maskBy(actor, { subject: name }) as { readonly subject: string }).subject;

export function toAlertJson(alert: FoundAlert): AlertJson {
  const { alertId, code, severity, text, state, raisedAt, clearedAt, acknowledgedAt } = alert;
  const described = masked(alertRaised.data, { code, severity, text }) as Pick<AlertJson, "code" | "severity" | "text">;
  const acknowledgedBy = maskedName(alert.acknowledgedBy);
  return { alertId, ...described, state, raisedAt, clearedAt, acknowledgedAt, acknowledgedBy };
}

export function toAssignmentJson({ dealerId, from, to }: Interval, dealers: readonly Dealer[]): AssignmentJson {
  const dealer = dealers.find((each) => each.dealerId === dealerId);
  const shown = dealer && (maskBy(dealerAssigned.data, { dealer }) as { readonly dealer: Dealer });
  return {
    dealerId,
    dealerName: shown?.dealer.name ?? null,
    from: formatOccurredAt(from),
    to: to && formatOccurredAt(to),
  };
}

export const toEventJson = ({ version, topic, data }: HistoryEntry): DeviceEventJson => ({
  eventId: versionEventId(version),
  topic,
  occurredAt: formatOccurredAt(version),
  data: maskData(topic, data),
});

export const toChangeJson = ({ kind, revision, event, device }: DeviceItem): DeviceChangeJson => ({
  kind,
  revision,
  event: event && toEventJson(event),
  device: device && toDeviceJson(device),
});
