import { describe, expect, it } from "vitest";
import { chooseTopics } from "./choose-topics.ts";
import { StopError } from "./source.ts";

const EXISTING = [
  "orders",
  "device.elt.status.reported",
  "device.elt.alert.raised",
  "device.elt",
  "__consumer_offsets",
];

describe("a pattern", () => {
  it("takes what it matches, and leaves out what carries no events", () => {
    expect(chooseTopics({ kind: "pattern", pattern: /^device\.elt/, refreshMs: 1 }, EXISTING)).toEqual({
      subscribed: ["device.elt.alert.raised", "device.elt.status.reported"],
      ignored: ["device.elt"],
      missing: [],
    });
  });

  it("does not remember between topics where it ended", () => {
    const pattern = /device\.elt\.\w+\.\w+/g;
    expect(chooseTopics({ kind: "pattern", pattern, refreshMs: 1 }, EXISTING).subscribed).toHaveLength(2);
  });
});

describe("a list", () => {
  it("takes what exists, and waits for the rest", () => {
    const topics = ["device.elt.status.reported", "device.nobody.status.reported", "device.elt.status.reported"];
    expect(chooseTopics({ kind: "list", topics }, EXISTING)).toEqual({
      subscribed: ["device.elt.status.reported"],
      ignored: [],
      missing: ["device.nobody.status.reported"],
    });
  });

  it("stops the bridge if it names a topic that carries no events", () => {
    const topics = ["device.elt.status.reported", "orders"];
    expect(() => chooseTopics({ kind: "list", topics }, EXISTING)).toThrow(StopError);
    expect(() => chooseTopics({ kind: "list", topics }, EXISTING)).toThrow("orders is not");
  });
});
