import { bucketOf } from "#archive/names.ts";
import { type ArchivedRecord, toArchived } from "#archive/record.ts";
import { parseTopic } from "#contracts/topic.ts";
import { type DeviceKey, type Source, sourceOf } from "#domain/event.ts";
import { type ForgottenKeys, forgottenCustomer, forgottenDevice } from "#domain/forgotten.ts";
import { type PartyKey, partyKeyOf } from "#domain/party.ts";
import { sameContent } from "#domain/register.ts";
import { remainderOf } from "#letters/forgotten-record.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { decodeKey, decodeValue } from "#queue/parcel.ts";
import { personalTexts } from "#repositories/forgetting.ts";
import type { ForgetRequest } from "./state.ts";

/** Shorter texts are in too much that is not the customer's. Ours. */
const MIN_TEXT_LENGTH = 5;

/** Who is forgotten, as records are compared with it. */
export type Subject = {
  readonly request: ForgetRequest;
  readonly devices: ReadonlySet<DeviceKey>;
  readonly keys: ForgottenKeys;
  readonly texts: readonly string[];
  readonly sources: ReadonlySet<Source>;
  /** The customer's ids, as they are. */
  readonly ids: readonly string[];
};

export function subjectOf(request: ForgetRequest, devices: readonly DeviceKey[], texts: readonly string[]): Subject {
  const { customers, untilMs, requestId } = request;
  const forgotten = { untilMs, requestId };
  return {
    request,
    devices: new Set(devices),
    keys: new Map([
      ...customers.map((key) => [forgottenCustomer(key), forgotten] as const),
      ...devices.map((key) => [forgottenDevice(key), forgotten] as const),
    ]),
    texts: texts.filter(({ length }) => length >= MIN_TEXT_LENGTH),
    sources: new Set(customers.map((key) => sourceOf(key as DeviceKey))),
    ids: [...new Set(customers.map((key) => key.slice(key.indexOf(":") + 1)))],
  };
}

/** The buckets of the subject's devices, in order. */
export const bucketsOf = ({ devices }: Subject): string[] => [...new Set([...devices].map(bucketOf))].sort();

/** The record without what is personal of the subject; the very same object if there is nothing. */
export function redactArchived(record: ArchivedRecord, subject: Subject): ArchivedRecord {
  if (!mayBeAbout(record, subject)) return record;
  const left = remainderOf(record, { keys: subject.keys, texts: subject.texts, nowMs: record.settledAtMs });
  if (!left) return record;
  const { receipt, outcome, settledAtMs, lane = "live", deviceKey, version } = record;
  const event = deviceKey !== null && version !== null ? { deviceKey, version } : null;
  const redacted = toArchived({ ...left.record, receipt }, { event, outcome, settledAtMs, lane });
  return sameContent(redacted, record) ? record : redacted;
}

/** The device and the personal texts of a record that names the customer; `undefined` for any other. */
export function namedIn(
  record: ArchivedRecord,
  { request: { customers }, sources, ids }: Subject,
): { readonly device: DeviceKey; readonly texts: readonly string[] } | undefined {
  const { deviceKey } = record;
  if (deviceKey === null || !sources.has(sourceOf(deviceKey)) || !hasId(record, ids)) return undefined;
  const parsed = parseStamped(record, record.settledAtMs);
  const customer = parsed.ok ? parsed.event.change.customer : undefined;
  if (!customer) return undefined;
  const key: PartyKey = partyKeyOf(sourceOf(deviceKey), customer.customerId);
  return customers.includes(key) ? { device: deviceKey, texts: personalTexts(customer) } : undefined;
}

/** Without parsing, so that the records of everybody else cost little. */
function mayBeAbout(record: ArchivedRecord, { devices, sources, ids, texts }: Subject): boolean {
  const { deviceKey } = record;
  if (deviceKey !== null) return sources.has(sourceOf(deviceKey)) && (devices.has(deviceKey) || hasId(record, ids));
  const source = parseTopic(record.topic)?.source;
  return source === undefined || sources.has(source) || texts.length > 0;
}

/** JSON may have the id with escapes. */
function hasId(record: ArchivedRecord, ids: readonly string[]): boolean {
  const value = decodeValue(record) ?? "";
  const key = decodeKey(record) ?? "";
  return value.includes("\\") || ids.some((id) => value.includes(id) || key.includes(id));
}
