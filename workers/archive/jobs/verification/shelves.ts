import type { BucketResult, DifferenceJson } from "#ops/archive-verification.ts";
import type { DeviceFold, OpenDevice, OpenParty, PartyFold } from "./state.ts";
import { Shelf } from "./store.ts";

/** What a run notes: folds of the archive and rows of D1, with what is personal in them. */
export const NOTES = {
  devices: "verify:device:",
  parties: "verify:party:",
  openDevices: "verify:open-device:",
  openParties: "verify:open-party:",
} as const;

/** What verification keeps in its object. The first four are of the run, the others outlive it. */
export const shelvesOf = (storage: DurableObjectStorage) => ({
  devices: new Shelf<DeviceFold>(storage, NOTES.devices),
  /** By `dealer elt:D-1`. */
  parties: new Shelf<PartyFold>(storage, NOTES.parties),
  openDevices: new Shelf<OpenDevice>(storage, NOTES.openDevices),
  openParties: new Shelf<OpenParty>(storage, NOTES.openParties),
  /** By `{bucket} {run} {hash}`. */
  differences: new Shelf<DifferenceJson>(storage, "verify:difference:"),
  /** By bucket: two hex digits, `others`, or a device's key for a run of its own. */
  results: new Shelf<BucketResult>(storage, "verify:result:"),
});

export type Shelves = ReturnType<typeof shelvesOf>;

/** The bucket of dealers, customers and counts. */
export const OTHERS = "others";
