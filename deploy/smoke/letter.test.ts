import { expect, it } from "vitest";
import { parseRecord } from "#contracts/parse.ts";
import { signatureOf } from "#letters/fingerprint.ts";
import type { Failure } from "#letters/letter.ts";
import { CREATED, registration } from "./device.ts";
import { BROKEN, closedLetter } from "./letter.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 13);
const EVENT = { eventId: "smoke-1", occurredAt: new Date(NOW_MS).toISOString(), serialNumber: "smoke-1" };

it("the letter that makes the group is in the group of the bad record's letter, which is ignored", () => {
  const value = JSON.stringify(registration(EVENT, BROKEN));
  const parsed = parseRecord({ topic: CREATED, key: null, value, receivedAtMs: NOW_MS }, NOW_MS);
  if (parsed.ok) throw new Error("the contract takes the bad record");
  const { failure } = JSON.parse(closedLetter("seed", NOW_MS)) as { failure: Failure };
  expect(signatureOf(CREATED, failure)).toBe(signatureOf(CREATED, parsed.rejection));
});

it("without what breaks it, the contract takes the record", () => {
  const value = JSON.stringify(registration(EVENT));
  expect(parseRecord({ topic: CREATED, key: null, value, receivedAtMs: NOW_MS }, NOW_MS).ok).toBe(true);
});
