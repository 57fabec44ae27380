import { afterEach, expect, it } from "vitest";
import type { SampleRecord } from "../../samples/record.ts";
import { evolve, statusData } from "../support/three-versions.ts";
import { Platform } from "./platform.ts";
import { logNothing } from "./quiet.ts";
import { recordOf } from "./records.ts";
import { foldOf, heldOf, lettersWith } from "./state.ts";

logNothing();

let undo = () => {};
afterEach(() => undo());

type VersionNumber = 1 | 2 | 3;

/** A status report in the data of a version, which its producer declares. */
function reportIn(version: VersionNumber, minute: number): SampleRecord {
  const data = statusData[version](minute % 3 > 0, (minute % 7) * 5);
  const record = recordOf({ device: `g18-${minute % 2}`, action: "status.reported", minute, data });
  return { ...record, value: `${record.value?.slice(0, -1)},"contractVersion":${version}}` };
}

it("G18: a record ends in the state of the current version of its contract, by whichever version it was accepted", async () => {
  const platform = new Platform();
  const versions = Array.from({ length: 24 }, (_, minute): VersionNumber => ([1, 3, 2] as const)[minute >> 3] ?? 1);
  const records = versions.map((version, minute) => reportIn(version, minute));
  undo = evolve();
  await platform.push(records.slice(8));
  // While the deployment rolls out, a consumer of the old one gets records of versions that it does not have.
  undo();
  await platform.deliver("events");
  await platform.deliver("events");
  undo = evolve();
  await platform.push(records.slice(0, 8).toReversed());
  await platform.rest();

  expect(await lettersWith("g18-")).toEqual([]);
  expect(await heldOf(records)).toEqual(foldOf(versions.map((_, minute) => reportIn(3, minute))));
});
