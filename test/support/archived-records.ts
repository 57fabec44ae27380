import fc from "fast-check";
import type { ArchivedRecord } from "#archive/record.ts";
import { deviceKeyOf } from "#domain/event.ts";
import { MERGE_OUTCOMES } from "#domain/outcome.ts";
import { toVersion } from "#domain/version.ts";

const DAY_MS = 86_400_000;

/** 23 November 2026, in UTC. */
export const ARCHIVE_DAY_MS = Date.parse("2026-11-23T00:00:00Z");

const TOPICS = [
  "device.infinity.status.reported",
  "device.elt.alert.raised",
  "device.ecobee.dealer.setup",
  "no such/topic",
];

/** Texts that stores and formats tend to change: a byte order mark, half a surrogate pair, a line's end, nothing at all. */
const awkward = fc.constantFrom("", "\uFEFFx", "\uD800", "a\nb\r\n", "𝄞", "null", "\u0000", "=1+1", '{"a":1}');
const texts = fc.oneof(fc.string({ maxLength: 40 }), awkward);

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });

type Draw = { readonly days?: number; readonly devices?: number };

/** Archived records with drawn content, received on one of `days` days from `ARCHIVE_DAY_MS` on. */
export const archivedRecord = ({ days = 1, devices = 20 }: Draw = {}): fc.Arbitrary<ArchivedRecord> =>
  fc
    .record(
      {
        receipt: fc.tuple(hex(32), fc.nat(99)).map(([id, index]) => `${id}.${index}`),
        topic: fc.constantFrom(...TOPICS),
        key: fc.option(texts),
        keyEncoding: fc.constant("base64" as const),
        value: fc.option(texts),
        encoding: fc.constant("base64" as const),
        headers: fc.array(fc.tuple(texts, texts), { maxLength: 2 }),
        partition: fc.nat(),
        offset: fc.maxSafeNat(),
        timestampMs: fc.oneof(fc.integer(), fc.maxSafeInteger()),
        receivedAtMs: fc.nat(days * DAY_MS - 1).map((ms) => ARCHIVE_DAY_MS + ms),
        letterId: texts,
        contractVersion: fc.integer({ min: 1, max: 3 }),
        outcome: fc.constantFrom(...MERGE_OUTCOMES, "deadLettered" as const),
        settledAtMs: fc.nat(1_000).map((ms) => ARCHIVE_DAY_MS + days * DAY_MS + ms),
        lane: fc.constant("backfill" as const),
        device: fc.option(fc.nat(devices - 1)),
        event: fc.tuple(fc.nat(DAY_MS), texts),
      },
      {
        requiredKeys: [
          "receipt",
          "topic",
          "key",
          "value",
          "receivedAtMs",
          "contractVersion",
          "outcome",
          "settledAtMs",
          "device",
          "event",
        ],
      },
    )
    .map(({ device, event: [ms, eventId], ...record }) => ({
      ...record,
      deviceKey: device === null ? null : deviceKeyOf("infinity", `d-${device}`),
      version: device === null ? null : toVersion(ARCHIVE_DAY_MS + ms, eventId),
    }));
