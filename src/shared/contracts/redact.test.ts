import { describe, expect, it } from "vitest";
import type { ConcordEvent } from "#domain/event.ts";
import { toDelta } from "#domain/fleet.ts";
import { redactAlert, redactAspects } from "#domain/redacted.ts";
import { parseStamped } from "#queue/contract-version.ts";
import { redactRecord } from "#queue/redact-record.ts";
import { NOW_MS } from "../../../test/support/contract-records.ts";
import { SOURCE_SPECS } from "./all-sources.ts";
import { dataSchema, listFields, toMarkedSchema } from "./describe.ts";
import { writeValue } from "./envelope.ts";
import { casesOf } from "./evolution/cases.ts";
import { CONTRACTS } from "./index.ts";
import { redactData, redactEvent } from "./redact.ts";

const TIMES = ["2026-11-01T23:59:59.123456789012+02:00", "2016-12-31T23:59:60.5Z", "2026-11-01T00:00:00Z"];

/** A record of each case of each contract that the contract accepts, with a header and an undeclared member. */
const RECORDS = CONTRACTS.flatMap((contract) =>
  casesOf(dataSchema(contract), contract.example).flatMap(({ about, data }, i) => {
    const occurredAt = TIMES[i % TIMES.length] as string;
    const envelope = {
      eventId: "e-1",
      ...SOURCE_SPECS[contract.source].example,
      occurredAt,
      data,
    };
    const value = JSON.stringify({ ...writeValue(envelope, contract.places), note: "§ undeclared" });
    const record = {
      topic: contract.topic,
      key: "§ key",
      value,
      receivedAtMs: NOW_MS,
      headers: [["name", "§"]] as const,
      ...(contract.version > 1 && { contractVersion: contract.version }),
    };
    const parsed = parseStamped(record, NOW_MS);
    return parsed.ok ? [{ contract, about, record, event: parsed.event }] : [];
  }),
);

/** The values at the places that a contract marks, found by its own list of fields and not by the walk that redacts. */
function personalIn({ topic, data }: ConcordEvent): unknown[] {
  const contract = CONTRACTS.find((each) => each.topic === topic);
  if (!contract) return [];
  const paths = listFields(toMarkedSchema(contract)).filter(({ schema }) => schema["x-pii"]);
  return paths.flatMap(({ path }) => {
    const names = path.replaceAll("[]", "").split(".").slice(1);
    const found = names.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], data);
    return found === undefined ? [] : [found];
  });
}

describe("an event of somebody who was forgotten", () => {
  it("there are events with personal values to try this with", () => {
    expect(RECORDS.filter(({ event }) => personalIn(event).length > 0).length).toBeGreaterThan(100);
  });

  it("has none of its personal values, passes its contract, and keeps its id, time and device", () => {
    for (const { about, event } of RECORDS) {
      const redacted = redactEvent(event);
      expect(personalIn(redacted), `${event.topic}: ${about}`).toEqual(personalIn(redacted).map(() => "[forgotten]"));
      expect({ ...redacted, data: null, change: null }).toEqual({ ...event, data: null, change: null });
      expect(Object.keys(redacted.change)).toEqual(Object.keys(event.change));
      expect(redactEvent(redacted)).toEqual(redacted);
    }
  });

  it("keeps everything that is not personal", () => {
    for (const { event } of RECORDS.filter(({ event }) => personalIn(event).length === 0))
      expect(redactEvent(event)).toEqual(event);
  });

  it("makes the same state as redacting the state that the event made", () => {
    for (const { about, event } of RECORDS) {
      const [stored] = toDelta(event).devices.values();
      const [made] = toDelta(redactEvent(event)).devices.values();
      const untilMs = event.occurredAtMs;
      expect(stored && redactAspects(stored.aspects, untilMs), `${event.topic}: ${about}`).toEqual(made?.aspects);
      expect(stored && redactAspects(stored.aspects, untilMs - 1)).toEqual(stored?.aspects);
      for (const [id, alert] of stored?.alerts ?? []) expect(redactAlert(alert, untilMs)).toEqual(made?.alerts.get(id));
      for (const entry of stored?.history ?? [])
        expect(redactData(entry.topic, entry.data)).toEqual(made?.history[0]?.data);
    }
  });

  it("is what its redacted record reads as, which has neither headers, nor a strange key, nor undeclared members", () => {
    for (const { about, record, event } of RECORDS) {
      const redacted = redactRecord(record, redactEvent(event));
      expect(JSON.stringify(redacted), `${event.topic}: ${about}`).not.toContain("§");
      expect(parseStamped(redacted, NOW_MS)).toMatchObject({ ok: true, event: redactEvent(event) });
    }
  });
});

it("a stored event whose topic has no contract any more is left without its data", () => {
  expect(redactData("device.elt.no.such", { name: "§" })).toBeNull();
});
