import { expect, it } from "vitest";
import { NOW_MS, parse } from "../../../test/support/contract-records.ts";
import { EDGE_EVENTS } from "../../../test/support/edge-events.ts";
import { eventOfEntry } from "./entry.ts";
import { CONTRACTS } from "./index.ts";
import { parseRecord } from "./parse.ts";

it("an entry of a history is the event again that it was, of every contract and at the edges of each", () => {
  let compared = 0;
  for (const { topic, value } of EDGE_EVENTS) {
    const parsed = parse(topic, value);
    if (!parsed.ok) continue;
    const { deviceKey, version, data } = parsed.event;
    // As the object stores it.
    const entry = { topic, version, data: structuredClone(data) };
    expect(eventOfEntry(deviceKey, entry, NOW_MS), topic).toEqual(parsed.event);
    compared += 1;
  }
  expect(compared).toBeGreaterThan(CONTRACTS.length);
});

it("a tombstone too", () => {
  const contract = CONTRACTS.find(({ tombstone }) => tombstone);
  const parsed = parseRecord({ topic: contract?.topic ?? "", key: "t-1", value: null, timestampMs: 5 }, NOW_MS);
  if (!parsed.ok) throw new Error("no contract takes tombstones");
  const { deviceKey, topic, version, data } = parsed.event;
  expect(eventOfEntry(deviceKey, { topic, version, data }, NOW_MS)).toEqual(parsed.event);
});

it("data that today's contract refuses is no event, nor is one of an unknown topic", () => {
  const entry = { version: "2026-11-23T13:00:00.000Z/e" as never, data: { online: "yes" } };
  expect(eventOfEntry("elt:t-1", { ...entry, topic: "device.elt.status.reported" }, NOW_MS)).toBeNull();
  expect(eventOfEntry("elt:t-1", { ...entry, topic: "device.elt.no.such" }, NOW_MS)).toBeNull();
});
