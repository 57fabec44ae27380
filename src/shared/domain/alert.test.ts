import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventOf, START_MS } from "../../../test/support/arbitraries.ts";
import { type Alert, viewAlert } from "./alert.ts";
import type { Actor, AlertAcknowledgement, AlertChange, AlertDetails, AlertProgress } from "./change.ts";
import { EMPTY_FLEET, merge } from "./fleet.ts";
import type { Moment } from "./time.ts";

const details: AlertDetails = { code: "FLT-178", severity: "critical", text: "Indoor unit does not answer" };

const saying = (second: number, what: Omit<AlertChange, "alertId">) =>
  eventOf({
    occurredAtMs: START_MS + second * 1000,
    eventId: `evt-${second}`,
    change: { alert: { alertId: "A", ...what } },
  });
const at = (second: number, progress: AlertProgress, more?: AlertDetails) =>
  saying(second, { progress, ...(more && { details: more }) });
const answered = (second: number, acknowledgement: AlertAcknowledgement = ACCEPTED) =>
  saying(second, { acknowledgement });
const ALICE = { role: "dealer", subject: "alice", dealerId: "D-1" } as const;
const BOB = { role: "ops", subject: "bob" } as const;
const ACCEPTED = { kind: "acknowledged", acknowledgement: "accept", by: ALICE } as const;
const by = (actor: Actor) => ({ ...ACCEPTED, by: actor });
const UNSAID = { kind: "acknowledged", acknowledgement: "accept" } as const;

const raised = at(1, { kind: "raised" }, details);
const acknowledged = answered(2);
const cleared = at(3, { kind: "cleared" });

const seen = (events: readonly (typeof raised)[]) => {
  const device = [...merge(EMPTY_FLEET, events).fleet.devices.values()][0];
  return viewAlert(device?.alerts.get("A") as Alert);
};

describe("an alert", () => {
  it("reads the same in every order of its events, also if a clear arrives before its raise", () => {
    const orders = fc.shuffledSubarray([raised, acknowledged, cleared, raised], { minLength: 4 });
    fc.assert(
      fc.property(orders, (events) => {
        expect(seen(events)).toEqual({
          ...details,
          state: "CLEARED",
          raisedAt: "2026-11-23T13:00:01.000Z" as Moment,
          clearedAt: "2026-11-23T13:00:03.000Z",
          acknowledgedAt: "2026-11-23T13:00:02.000Z",
          acknowledgedBy: ALICE,
        });
      }),
    );
  });

  it("has no code, severity or text as long as only its clear has arrived", () => {
    expect(seen([cleared])).toEqual({
      code: null,
      severity: null,
      text: null,
      state: "CLEARED",
      raisedAt: null,
      clearedAt: "2026-11-23T13:00:03.000Z",
      acknowledgedAt: null,
      acknowledgedBy: null,
    });
  });

  it.each([
    ["raised", [raised], "OPEN"],
    ["acknowledged", [acknowledged, raised], "ACKNOWLEDGED"],
    ["raised anew after its clearing", [cleared, at(4, { kind: "raised" }, details), raised], "OPEN"],
    ["answered before it was cleared, in whatever order that arrives", [cleared, acknowledged], "CLEARED"],
    ["answered by somebody who had not heard of its clearing", [cleared, answered(4)], "CLEARED"],
    ["answered, and the answer taken back", [raised, answered(2), answered(3, { kind: "unacknowledged" })], "OPEN"],
    [
      "cleared, and an answer taken back behind that",
      [raised, cleared, answered(4, { kind: "unacknowledged" })],
      "CLEARED",
    ],
    ["raised anew after an answer", [raised, answered(2), at(4, { kind: "raised" }, details)], "OPEN"],
    ["only known by an answer", [answered(2)], "ACKNOWLEDGED"],
  ] as const)("that was %s is %s", (_, events, state) => {
    expect(seen(events).state).toBe(state);
    expect(seen(events).clearedAt === null).toBe(state !== "CLEARED");
  });

  it.each([
    ["whom its acknowledgement names", [raised, answered(2)], 2, ALICE],
    ["nobody, if that does not say", [raised, answered(2, UNSAID)], 2, null],
    ["the last of several", [answered(5, by(BOB)), raised, answered(2)], 5, BOB],
    ["the last of several, who does not say", [raised, answered(2), answered(5, UNSAID)], 5, null],
    ["whom it had, once it is cleared", [raised, answered(2), cleared], 2, ALICE],
    ["nobody once it is raised anew", [raised, answered(2), at(4, { kind: "raised" }, details)], null, null],
    [
      "whoever answers it then",
      [raised, answered(2), at(4, { kind: "raised" }, details), answered(6, by(BOB))],
      6,
      BOB,
    ],
    ["nobody once that is taken back", [raised, answered(2), answered(3, { kind: "unacknowledged" })], null, null],
    ["whom its acknowledgement names before its raise has arrived", [answered(2)], 2, ALICE],
  ] as const)("was acknowledged by %s, in every order and however often that arrives", (_, events, second, who) => {
    const orders = fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 });
    fc.assert(
      fc.property(orders, (all) => {
        const { acknowledgedAt, acknowledgedBy } = seen(all);
        const at = second === null ? null : `2026-11-23T13:00:0${second}.000Z`;
        expect([acknowledgedAt, acknowledgedBy]).toEqual([at, who]);
      }),
    );
  });

  it("was raised at the time in its details, or else when its event occurred", () => {
    const told = at(1, { kind: "raised" }, { ...details, raisedAt: "2026-11-23T12:58:30.000Z" as Moment });
    expect(seen([told]).raisedAt).toBe("2026-11-23T12:58:30.000Z");
    expect(seen([raised]).raisedAt).toBe("2026-11-23T13:00:01.000Z");
  });
});
