import { redactEvent } from "#contracts/redact.ts";
import { parseTopic } from "#contracts/topic.ts";
import { deviceKeyOf, SOURCES } from "#domain/event.ts";
import {
  type ForgottenId,
  type ForgottenKeys,
  findForgotten,
  forgottenCustomer,
  forgottenDevice,
  forgottenIdsOf,
} from "#domain/forgotten.ts";
import { partyKeyOf } from "#domain/party.ts";
import { quotesOneOf } from "#domain/quotes.ts";
import { sameContent } from "#domain/register.ts";
import { parseJson } from "#json/parse-json.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { decodeKey, decodeValue, type QueuedRecord } from "#queue/parcel.ts";
import { redactRecord } from "#queue/redact-record.ts";
import { deviceIdOfRecord, type Failure } from "./letter.ts";
import { maskFailure } from "./mask.ts";

/** Texts of a record that no contract reads are looked up as if each were an id; so many of them. Ours. */
const MAX_LOOKED_UP = 500;
/** No id is longer. */
const MAX_ID_LENGTH = 64;

/**
 * The keys by which a record may be about somebody who was forgotten. Of a record that its contract refuses, every text
 * that could be an id counts: nobody knows at which place it has the customer.
 */
export function forgottenIdsIn(record: QueuedRecord, nowMs: number): ForgottenId[] {
  const parsed = parseStamped(record, nowMs);
  if (parsed.ok) return forgottenIdsOf(parsed.event);
  const source = parseTopic(record.topic)?.source;
  const sources = source ? [source] : SOURCES;
  const device = deviceIdOfRecord(record);
  const texts = new Set([...(device === undefined ? [] : [device]), ...textsIn(record)].slice(0, MAX_LOOKED_UP));
  return sources.flatMap((each) =>
    [...texts].flatMap((text) => [forgottenCustomer(partyKeyOf(each, text)), forgottenDevice(deviceKeyOf(each, text))]),
  );
}

/** What is left of a record that is about somebody who was forgotten. */
export type Remainder = {
  readonly record: QueuedRecord;
  /** The contract refuses the record, so that nobody can tell what in it is personal: its key, value and headers are gone. */
  readonly isEmptied: boolean;
};

export type Lookup = {
  readonly keys: ForgottenKeys;
  readonly nowMs: number;
  /**
   * Personal texts of the customer. A record that no contract reads, and that has one of them as a word by itself, is about
   * the customer too.
   */
  readonly texts?: readonly string[];
};

/** @returns `undefined` if the record is not about anybody who was forgotten, or has nothing personal (any more) */
export function remainderOf(record: QueuedRecord, { keys, nowMs, texts = [] }: Lookup): Remainder | undefined {
  if (isEmpty(record)) return undefined;
  const parsed = parseStamped(record, nowMs);
  if (parsed.ok) {
    const [isForgotten] = findForgotten([parsed.event], keys).isForgotten;
    const redacted = isForgotten ? redactRecord(record, redactEvent(parsed.event)) : record;
    return sameContent(redacted, record) ? undefined : { record: redacted, isEmptied: false };
  }
  const isAbout =
    forgottenIdsIn(record, nowMs).some((id) => {
      const known = keys.get(id);
      return known && (id.startsWith("customer ") || !isLaterThan(record, known.untilMs));
    }) || hasOneOf(record, texts);
  return isAbout ? { record: emptied(record), isEmptied: true } : undefined;
}

/** What a letter keeps of its record: the record, why it failed, and the value that an operator made of it. */
export type Kept = {
  readonly record: QueuedRecord;
  readonly failure: Failure;
  readonly edited?: string | null | undefined;
  readonly emptiedAtMs?: number | null | undefined;
};

/**
 * The same for a letter. One whose record or edit cannot be read is emptied whole, as at the end of its retention.
 * @returns `undefined` if there is nothing to remove
 */
export function remainderOfLetter<K extends Kept>(letter: K, lookup: Lookup): K | undefined {
  const { record, failure, edited = null } = letter;
  const left = remainderOf(record, lookup);
  const { encoding: _, ...asEdited } = { ...record, value: edited };
  const leftOfEdit = edited === null ? undefined : remainderOf(asEdited, lookup);
  if (!left && !leftOfEdit) return undefined;
  const isEmptied = left?.isEmptied || leftOfEdit?.isEmptied || (leftOfEdit !== undefined && !left);
  return {
    ...letter,
    record: isEmptied ? emptied(record) : (left?.record ?? record),
    failure: maskFailure(record.topic, failure),
    ...(edited !== null && { edited: isEmptied ? null : (leftOfEdit?.record.value ?? edited) }),
    ...(isEmptied && { emptiedAtMs: letter.emptiedAtMs ?? lookup.nowMs }),
  };
}

const isEmpty = ({ key, value, headers = [] }: QueuedRecord): boolean =>
  key === null && value === null && headers.length === 0;

function emptied({ keyEncoding: _, encoding: __, ...record }: QueuedRecord): QueuedRecord {
  return { ...record, key: null, value: null, headers: [] };
}

/** A record whose time cannot be read may be of any time before it was received. */
function isLaterThan(record: QueuedRecord, untilMs: number): boolean {
  const time = /"occurredAt"\s*:\s*"([^"]{1,64})"/.exec(decodeValue(record) ?? "")?.[1];
  const occurredAtMs = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isFinite(occurredAtMs) && occurredAtMs > untilMs;
}

function hasOneOf(record: QueuedRecord, texts: readonly string[]): boolean {
  if (texts.length === 0) return false;
  const value = decodeValue(record) ?? "";
  const whole = [value, decodeKey(record) ?? "", ...scalarsOf(parseJson(value))].join("\n");
  return quotesOneOf(whole, texts);
}

/** Every text of the record that could be an id: the scalars of JSON, or the words of anything else. */
function textsIn(record: QueuedRecord): string[] {
  const value = decodeValue(record) ?? "";
  const json = parseJson(value);
  const found = json === undefined ? value.split(/[\s"'`{}[\](),;=<>]+/).flatMap(withoutColon) : scalarsOf(json);
  const key = decodeKey(record);
  return [...(key === null ? [] : [key]), ...found].filter((text) => text !== "" && text.length <= MAX_ID_LENGTH);
}

/** `id:C-1` and `C-1:` are words too, and so is a device key. */
const withoutColon = (word: string): string[] => [
  word,
  ...(word.includes(":") ? [word.replace(/^:+|:+$/g, ""), word.slice(word.indexOf(":") + 1)] : []),
];

/** In their order. With a list of its own in place of recursion: a record may nest deeper than the stack. */
function scalarsOf(value: unknown): string[] {
  const found: string[] = [];
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === "object" && next !== null) {
      for (const inner of Object.values(next).reverse()) left.push(inner);
    } else if (next !== null && next !== undefined) found.push(String(next));
  }
  return found;
}
