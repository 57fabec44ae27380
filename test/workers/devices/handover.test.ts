import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { DeviceKey } from "#domain/event.ts";
import type { QueuedRecord } from "#queue/parcel.ts";
import { recordOf } from "../../support/records.ts";
import { consumeRecords, dealerScope, freshDealer, freshDevice, Socket } from "./support.ts";

/** A device's history, alerts and assignments, as a subscription's query. */
const EVERYTHING = `subscription ($key: String!, $afterRevision: Int) {
  deviceChanged(key: $key, afterRevision: $afterRevision) {
    kind event { eventId } device {
      history(first: 100) { edges { node { eventId } } }
      alerts(first: 100) { edges { node { alertId } } }
      assignments(first: 100) { edges { node { dealer { dealerId } } } }
    } } }`;

type Step = {
  readonly id: string;
  readonly what: "report" | "raise" | "assign";
  readonly to?: string;
  /** The alert's own `raisedAt`, if it has one. */
  readonly raisedAt?: string;
};

/** All events occur in this second: some sources have clocks of whole seconds, others of finer than a millisecond. */
const SECOND = "2026-11-23T09:00:00";

function recordFrom(key: DeviceKey, { id, what, to, raisedAt }: Step, fraction = ""): QueuedRecord {
  const topics = { report: "status.reported", raise: "alert.raised", assign: "dealer.assigned" };
  const data = {
    report: { online: true, indoorTemperatureC: id.charCodeAt(0) % 30 },
    raise: { alertId: id, code: "E-1", severity: "critical", text: "It is wrong.", ...(raisedAt && { raisedAt }) },
    assign: { dealer: { dealerId: to, name: "A dealer" } },
  };
  const occurredAt = `${SECOND}${fraction}Z`;
  const deviceId = key.slice("elt:".length);
  return recordOf({ topic: `device.elt.${topics[what]}`, deviceId, eventId: id, occurredAt, data: data[what] });
}

const idsIn = (connection: { edges: { node: Record<string, string> }[] }, name: string): string[] =>
  connection.edges.map(({ node }) => node[name] as string).toSorted();

/** What a dealer's stream delivers from the first revision on, and what a query shows it. */
async function seenBy(dealerId: string, key: DeviceKey) {
  const socket = await Socket.authenticated({ device: key }, dealerScope(dealerId));
  socket.subscribe(EVERYTHING, { key, afterRevision: 0 }, "stream");
  socket.subscribe(EVERYTHING, { key }, "query");
  const [now] = await socket.items(1, "query");
  const streamed = socket.messages
    .filter(({ type, id }) => type === "next" && id === "stream")
    .flatMap(({ payload }) => payload.data.deviceChanged.event?.eventId ?? []);
  socket.close();
  return {
    streamed: streamed.toSorted(),
    history: idsIn(now.device.history, "eventId"),
    alerts: idsIn(now.device.alerts, "alertId"),
    assignments: now.device.assignments.edges.length,
  };
}

it("A handover among events of one second is ordered by their ids, for queries and streams alike", async () => {
  const key = freshDevice();
  const [before, after] = [freshDealer(), freshDealer()];
  const story: Step[] = [
    { id: "a", what: "assign", to: before },
    { id: "b", what: "report" },
    { id: "c", what: "raise" },
    { id: "d", what: "assign", to: after },
    { id: "e", what: "report" },
    { id: "f", what: "raise" },
    { id: "g", what: "raise", raisedAt: `${SECOND}Z` },
  ];
  await consumeRecords(story.map((said) => recordFrom(key, said)));
  const seen = { streamed: ["d", "e", "f", "g"], history: ["d", "e", "f", "g"], alerts: ["f", "g"], assignments: 1 };
  expect(await seenBy(after, key)).toEqual(seen);
});

it("An alert that is reported after a handover belongs to the dealer who had the device when it was raised", async () => {
  const key = freshDevice();
  const [before, after] = [freshDealer(), freshDealer()];
  await consumeRecords([
    recordFrom(key, { id: "a", what: "assign", to: before }),
    recordFrom(key, { id: "d", what: "assign", to: after }, ".000002"),
    recordFrom(key, { id: "early", what: "raise", raisedAt: `${SECOND}.000001Z` }, ".000003"),
    recordFrom(key, { id: "late", what: "raise", raisedAt: `${SECOND}.0000025Z` }, ".000003"),
  ]);
  expect((await seenBy(after, key)).alerts).toEqual(["late"]);
});

it("A stream shows the same as a query, for events of one second in any order", async () => {
  const dealers = [freshDealer(), freshDealer()] as const;
  const said = fc.record({
    id: fc.constantFrom(..."abcdefgh"),
    what: fc.constantFrom("report" as const, "raise" as const, "assign" as const),
    to: fc.constantFrom(...dealers),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(said, { selector: ({ id }) => id, minLength: 4, maxLength: 8 }),
      fc.constantFrom("", ".123456", ".123456789"),
      async (story, fraction) => {
        const key = freshDevice();
        await consumeRecords(story.map((each) => recordFrom(key, each, fraction)));
        // The oracle: in the order of their ids, everything behind the last handover is the new dealer's, and before
        // it whatever lies behind a handover to the same one.
        const inOrder = story.toSorted((a, b) => (a.id < b.id ? -1 : 1));
        const holderAt = inOrder.map((_, i) => inOrder.slice(0, i + 1).findLast(({ what }) => what === "assign")?.to);
        const holder = holderAt.at(-1);
        if (holder === undefined) return;
        const own = inOrder.filter((_, i) => holderAt[i] === holder);
        const { streamed, history, alerts } = await seenBy(holder, key);
        expect(history).toEqual(own.map(({ id }) => id));
        expect(alerts).toEqual(own.filter(({ what }) => what === "raise").map(({ id }) => id));
        // A late assignment may leave a stream in doubt of what it shows, never of what it does not.
        expect(history).toEqual(expect.arrayContaining(streamed));
      },
    ),
    { numRuns: 40 },
  );
});
