import { fromBase64, isBase64 } from "#base/base64.ts";
import { textOfBytes } from "#base/utf8.ts";
import { type Parsed, parseRecord, type RawRecord } from "#contracts/parse.ts";
import { readVersion, VERSION_HEADER, VERSION_MEMBER } from "#contracts/versions.ts";
import { parseJson } from "#json/parse-json.ts";
import { decodeRecord, type QueuedRecord } from "./parcel.ts";

/** The stamp of a record: the version of its contract that it was accepted by. 1 is not written, as most are. */
export const stampOf = (version: number | undefined): Pick<QueuedRecord, "contractVersion"> =>
  version === undefined || version === 1 ? {} : { contractVersion: version };

/** Parses a record that the boundary has stamped, by the version of its stamp. */
export const parseStamped = (record: QueuedRecord, nowMs: number): Parsed => parseRecord(asStamped(record), nowMs);

const asStamped = (record: QueuedRecord): RawRecord => ({
  ...decodeRecord(record),
  contractVersion: record.contractVersion ?? 1,
});

/**
 * The version that a record's producer says it writes, in the value or else in a header; `undefined` if it says nothing.
 * @param json what `JSON.parse` makes of the value, if the caller knows it
 */
export function declaredVersion({ value, headers }: Pick<QueuedRecord, "value" | "headers">, json?: unknown) {
  return versionInValue(value, json) ?? versionInHeaders(headers);
}

function versionInValue(value: string | null, json: unknown): number | undefined {
  // Most values do not have the member, and need not be parsed for it.
  if (!value?.includes(`"${VERSION_MEMBER}"`)) return undefined;
  const parsed = json === undefined ? parseJson(value) : json;
  if (typeof parsed !== "object" || parsed === null || !Object.hasOwn(parsed, VERSION_MEMBER)) return undefined;
  return readVersion((parsed as Record<string, unknown>)[VERSION_MEMBER]);
}

/** Values of headers are base64 here. */
function versionInHeaders(headers: QueuedRecord["headers"]): number | undefined {
  const header = headers?.findLast(([name]) => name === VERSION_HEADER)?.[1];
  return header !== undefined && isBase64(header) ? readVersion(textOfBytes(fromBase64(header))) : undefined;
}
