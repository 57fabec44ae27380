import { expect, it } from "vitest";
import { eltRegistrationCreated } from "#contracts/elt/registration-created.ts";
import { deviceKeyOf } from "#domain/event.ts";
import { toVersion } from "#domain/version.ts";
import type { ArchivedRecord } from "../record.ts";
import { readAgain } from "./read-again.ts";

const OCCURRED_AT_MS = Date.parse("2026-11-23T13:00:00Z");

const registration: ArchivedRecord = {
  receipt: "0123456789abcdef0123456789abcdef.0",
  topic: "device.elt.registration.created",
  key: "T-1",
  value: JSON.stringify({
    eventId: "evt-1",
    occurredAt: "2026-11-23T13:00:00Z",
    deviceId: "T-1",
    data: eltRegistrationCreated.example,
  }),
  receivedAtMs: OCCURRED_AT_MS,
  contractVersion: 1,
  outcome: "applied",
  settledAtMs: OCCURRED_AT_MS,
  deviceKey: deviceKeyOf("elt", "T-1"),
  version: toVersion(OCCURRED_AT_MS, "evt-1"),
};

it("a record that was merged is an event", () => {
  expect(readAgain(registration)).toMatchObject({ deviceKey: "elt:T-1", eventId: "evt-1" });
});

it("a dead letter is no event, unless D1 holds it and only its object or its feed failed on it", () => {
  expect(readAgain({ ...registration, outcome: "deadLettered" })).toBeNull();
  expect(readAgain({ ...registration, outcome: "deadLettered", merged: "applied" })).toMatchObject({
    eventId: "evt-1",
  });
});
