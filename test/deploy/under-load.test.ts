import { describe, expect, it } from "vitest";
import { type Evidence, judge, untried } from "./under-load/oracle.ts";

/** The deployment itself is `npm run deploy:under-load`, which `npm run verify:release` runs. */
describe("the oracle of a deployment under load", () => {
  const event = (number: number) => ({
    eventId: `e${number}`,
    device: "d",
    occurredAtMs: number,
    indoorTemperatureC: number,
  });
  const item = (number: number) => ({ kind: "EVENT", revision: number, eventId: `e${number}` });
  const snapshot = { kind: "SNAPSHOT", revision: 1, eventId: null };
  const good: Evidence = {
    accepted: [1, 2, 3].map(event),
    streams: [{ device: "d", ended: undefined, received: [snapshot, item(2), item(3)] }],
    devices: [{ device: "d", indoorTemperatureC: 3, history: ["e3", "e2", "e1"] }],
    counted: { accepted: 4, applied: 3, unchanged: 0, superseded: 0, duplicate: 1, deadLettered: 0 },
  };
  const stream = (...received: Evidence["streams"][number]["received"]) => ({
    streams: [{ device: "d", ended: undefined, received }],
  });

  it("finds nothing wrong where nothing is", () => {
    expect(judge(good)).toEqual({ violations: [], revisions: 2, gaps: [] });
  });

  describe("of a device with more events than its history holds", () => {
    const numbers = Array.from({ length: 130 }, (_, i) => i + 1);
    const ofHistory = (history: readonly string[]): Evidence => ({
      accepted: numbers.map(event),
      streams: [{ device: "d", ended: undefined, received: [snapshot, ...numbers.slice(1).map(item)] }],
      devices: [{ device: "d", indoorTemperatureC: 130, history }],
      counted: { accepted: 130, applied: 130, unchanged: 0, superseded: 0, duplicate: 0, deadLettered: 0 },
    });
    const newest = numbers.slice(-100).map((number) => `e${number}`);

    it("asks for the newest hundred", () => {
      expect(judge(ofHistory(newest)).violations).toEqual([]);
      expect(judge(ofHistory(["e1", ...newest.slice(1)])).violations).toEqual(["the history of d lacks e31"]);
    });
  });

  it("allows a gap, which it names", () => {
    const gap = { kind: "GAP", revision: 3, eventId: null };
    expect(judge({ ...good, ...stream(snapshot, gap) }).gaps).toEqual(["subscriber 0 of d: from revision 1 to 3"]);
  });

  it.each<readonly [string, Partial<Evidence>, RegExp]>([
    ["a lost revision", stream(snapshot, item(3)), /got revision 3 after 1/],
    ["a repeated revision", stream(snapshot, item(2), item(2), item(3)), /got revision 2 after 2/],
    ["revisions out of order", stream(snapshot, item(3), item(2)), /got revision 2 after 3/],
    [
      "a last revision that never came",
      stream(snapshot, item(2)),
      /1 events were not delivered, and 0 were superseded/,
    ],
    [
      "an event that nobody sent",
      stream(snapshot, item(2), { ...item(3), eventId: "x" }),
      /got x, which was not accepted/,
    ],
    ["a second snapshot", stream(snapshot, item(2), { ...snapshot, revision: 3 }), /second snapshot/],
    ["a stream that ended", { streams: [{ ...good.streams[0], ended: "4403" } as never] }, /ended: 4403/],
    [
      "a device with an older state",
      { devices: [{ device: "d", indoorTemperatureC: 2, history: ["e3", "e2", "e1"] }] },
      /shows 2 °C/,
    ],
    [
      "a history without an event",
      { devices: [{ device: "d", indoorTemperatureC: 3, history: ["e3", "e1"] }] },
      /lacks e2/,
    ],
    ["a device that is not there", { devices: [] }, /d is not there/],
    [
      "a record without an outcome",
      { counted: { ...good.counted, applied: 2 } },
      /2 were applied, unchanged or superseded/,
    ],
    ["a record with two outcomes", { counted: { ...good.counted, duplicate: 2 } }, /5 have an outcome/],
    ["a dead letter", { counted: { ...good.counted, deadLettered: 1 } }, /1 records became dead letters/],
  ])("finds %s", (_, change, says) => {
    expect(judge({ ...good, ...change }).violations.join("\n")).toMatch(says);
  });

  const tried = { sockets: 2, reconnects: 4, events: 9, caughtUpOn: 1, deployments: [{}, {}] };

  it("takes a run that tried everything", () => {
    expect(untried(tried)).toEqual([]);
  });

  it.each([
    [{ reconnects: 3 }, /2 sockets reconnected 3 times in 2 deployments/],
    [{ events: 0 }, /no event was accepted/],
    [{ caughtUpOn: 0 }, /nobody missed an event/],
    [{ deployments: [] }, /nothing was deployed/],
  ])("finds that a run with %o has shown nothing", (change, says) => {
    expect(untried({ ...tried, ...change }).join("\n")).toMatch(says);
  });
});
