import { expect, it } from "vitest";
import { livePart } from "./live-part.ts";

const [T, U] = ["device.elt.status.reported", "device.elt.alert.raised"];

it("is all of a report without a backfill", () => {
  const report = { accepted: { [T]: 2 }, outcomes: { [`${T} applied`]: 2 }, deadLettered: { [`${U} fault`]: 1 } };
  expect(livePart(report)).toEqual(report);
});

it("leaves out what came as a backfill, and a topic of which nothing else came", () => {
  const report = {
    accepted: { [T]: 5, [U]: 3 },
    outcomes: { [`${T} applied`]: 4, [`${T} duplicate`]: 1, [`${U} applied`]: 2 },
    deadLettered: { [`${U} fault`]: 1, [`${T} crash`]: 1 },
    backfillAccepted: { [T]: 2, [U]: 3 },
    backfillSettled: { [`${T} applied`]: 2, [`${U} applied`]: 2, [`${U} fault`]: 1 },
  };
  expect(livePart(report)).toEqual({
    accepted: { [T]: 3 },
    outcomes: { [`${T} applied`]: 2, [`${T} duplicate`]: 1 },
    deadLettered: { [`${T} crash`]: 1 },
  });
});
