import * as z from "zod";
import { isDeviceKey, sourceOf } from "#domain/event.ts";
import { partyKeyOf } from "#domain/party.ts";
import { READING_FIELDS } from "#domain/readings.ts";
import { parseTime, toMilliseconds, toMoment } from "#domain/time.ts";
import type { DeviceDetail } from "#ops/device-api.ts";
import type { DeviceAsOf as DeviceAsOfJson, Readings } from "#ops/readings-api.ts";
import { ArchiveRefused, type DeviceAsOf, type TimesAsked } from "#services/earlier-devices.ts";
import type { Services } from "#services/index.ts";
import { errorResponse } from "../http/error.ts";
import { parseInput } from "../http/reading.ts";
import { toAlertJson, toAssignmentJson, toDeviceJson } from "./device-json.ts";

export const NOTHING_READ = "Nothing was read, because of the query";

/** RFC 3339 text; a `+` of an offset that was not escaped in a query has become a space. */
const Time = z.string().transform((text, { addIssue }) => {
  const moment = parseTime(text.replace(" ", "+"));
  if (moment) return moment;
  addIssue({ code: "custom", message: "must be RFC 3339 text with an offset, such as 2026-11-23T13:00:00Z" });
  return z.NEVER;
});

/** The time that a device is asked for; the device as it is now without `asOf`. */
export const Times = z
  .strictObject({ asOf: Time.optional(), knownAt: Time.optional() })
  .refine(({ asOf, knownAt }) => asOf !== undefined || knownAt === undefined, {
    path: ["asOf"],
    message: "must be given beside knownAt",
  })
  .transform(({ asOf = null, knownAt = null }) => ({ asOf, knownAt }));

const Range = z.strictObject({
  from: Time,
  to: Time,
  step: z.coerce.number("must be a number of seconds"),
  fields: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum(READING_FIELDS, `must be some of ${READING_FIELDS.join(", ")}, with commas`)))
    .optional(),
});

/** A device as of a time. Alerts are those of then, at most the newest 250; its dealers' names are those of now. */
export async function readAsOf({ devices, dealers }: Services, key: string, asked: TimesAsked): Promise<Response> {
  if (!isDeviceKey(key)) return unknownDevice();
  return refusing(async () => {
    const device = await devices.findAsOf(key, asked);
    if (!device) return unknownThen();
    const { asOf, knownAt, completeUntil, completeSince } = device.earlier;
    const detail = await toDetail(device, dealers);
    return Response.json({ asOf, knownAt, completeUntil, completeSince, device: detail } satisfies DeviceAsOfJson);
  });
}

const MAX_ALERTS = 250;
const MAX_ASSIGNMENTS = 100;

async function toDetail(device: DeviceAsOf, dealers: Services["dealers"]): Promise<DeviceDetail> {
  const { alerts, assignments } = device.earlier;
  const shown = assignments.slice(-MAX_ASSIGNMENTS);
  const ids = [...new Set(shown.flatMap(({ dealerId }) => dealerId ?? []))];
  const source = sourceOf(device.key);
  const known = [...(await dealers.findRecords(ids.map((id) => partyKeyOf(source, id)))).values()];
  const newest = alerts.toSorted((a, b) => (b.raisedAt ?? "").localeCompare(a.raisedAt ?? ""));
  return {
    ...toDeviceJson(device),
    assignments: shown.map((interval) => toAssignmentJson(interval, known)),
    alerts: newest.slice(0, MAX_ALERTS).map(toAlertJson),
    counts: {
      alerts: alerts.length,
      openAlerts: alerts.filter(({ state }) => state === "OPEN").length,
      assignments: assignments.length,
    },
  };
}

/** What a device measured: `from`, `to`, `step` in seconds, and `fields` with commas. */
export async function readReadings(
  { devices }: Services,
  key: string,
  asked: Readonly<Record<string, string>>,
): Promise<Response> {
  const query = parseInput(Range, asked, NOTHING_READ);
  if (!query.ok) return query.response;
  if (!isDeviceKey(key)) return unknownDevice();
  const { from, to, step, fields = READING_FIELDS } = query.data;
  return refusing(async () => {
    const range = { fromMs: toMilliseconds(from), toMs: toMilliseconds(to), stepSeconds: step, fields };
    const { points, completeUntil, completeSince } = await devices.readings(key, range);
    const { fromMs, toMs, stepSeconds } = range;
    const times = { from: toMoment(fromMs), to: toMoment(toMs), stepSeconds };
    return Response.json({ ...times, completeUntil, completeSince, points } satisfies Readings);
  });
}

async function refusing(read: () => Promise<Response>): Promise<Response> {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof ArchiveRefused)) throw thrown;
    return errorResponse("invalid_parameter", `Nothing was read: ${thrown.message}`);
  }
}

export const unknownDevice = (): Response =>
  errorResponse("not_found", "There is no device with this key. A key is `{source}:{deviceId}`, and case matters.");

const unknownThen = (): Response =>
  errorResponse(
    "not_found",
    "Nothing about this device had occurred by then, or nothing that was known of it is in the archive. A key is `{source}:{deviceId}`, and case matters.",
  );
