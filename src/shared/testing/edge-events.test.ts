import { describe, expect, it } from "vitest";
import { CONTRACTS } from "#contracts/index.ts";
import type { Topic } from "#contracts/produce.ts";
import { edgeEvents } from "./edge-events.ts";
import { FakeConcord } from "./fake-concord.ts";

describe("the events at the edges of a contract", () => {
  it.each(CONTRACTS.map(({ topic }) => [topic as Topic]))("of %s are accepted and merged", (topic) => {
    const events = edgeEvents(topic);
    expect(events.length).toBeGreaterThan(0);
    const delivered = new FakeConcord().deliver(events.map(({ record }) => record));
    expect(new Set(delivered.map(({ outcome }) => outcome))).toEqual(new Set(["applied"]));
  });

  it("have each member at its bounds, and are the same each time", () => {
    const about = edgeEvents("device.elt.twin.desired").map((event) => event.about);
    expect(about).toEqual(expect.arrayContaining(["heatSetpointC is 5", "coolSetpointC is 35", "mode is auxHeat"]));
    expect(edgeEvents("device.elt.twin.desired")).toEqual(edgeEvents("device.elt.twin.desired"));
  });

  it("of a topic without a contract are none, which is said", () => {
    // @ts-expect-error no such topic
    expect(() => edgeEvents("device.elt.status.gone")).toThrow("There is no contract for device.elt.status.gone");
  });
});
