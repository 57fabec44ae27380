import { bucketOf } from "#archive/names.ts";
import type { DeviceKey } from "#domain/event.ts";
import type { BucketResult, DifferenceJson } from "#ops/archive-verification.ts";
import type { DeviceFold, OpenDevice, OpenParty, PartyFold } from "./state.ts";
import { Shelf } from "./store.ts";

/** What a run notes: folds of the archive and rows of D1, with what is personal in them. */
export const NOTES = {
  devices: "verify:device:",
  said: "verify:said:",
  parties: "verify:party:",
  openDevices: "verify:open-device:",
  openParties: "verify:open-party:",
} as const;

/** What verification keeps in its object. The first five are of the run, the others outlive it. */
export const shelvesOf = (storage: DurableObjectStorage) => ({
  /** By `3f elt:E-1`: bucket and device. */
  devices: new Shelf<DeviceFold>(storage, NOTES.devices),
  /** What the devices of a bucket say of dealers and customers, by `3f dealer elt:D-1`. */
  said: new Shelf<PartyFold>(storage, NOTES.said),
  /** The same of all buckets of the run, by `dealer elt:D-1`. */
  parties: new Shelf<PartyFold>(storage, NOTES.parties),
  openDevices: new Shelf<OpenDevice>(storage, NOTES.openDevices),
  openParties: new Shelf<OpenParty>(storage, NOTES.openParties),
  /** By `{bucket} {run} {hash}`. */
  differences: new Shelf<DifferenceJson>(storage, "verify:difference:"),
  /** By bucket: two hex digits, `others`, or a device's key for a run of its own. */
  results: new Shelf<BucketResult>(storage, "verify:result:"),
});

export type Shelves = ReturnType<typeof shelvesOf>;

/** What a device's fold is kept under. */
export const nameOf = (key: DeviceKey): string => `${bucketOf(key)} ${key}`;
/** The key in such a name, or what a bucket says of in `3f dealer elt:D-1`. */
export const withoutBucket = (name: string): string => name.slice("3f ".length);

/** The bucket of dealers, customers and counts. */
export const OTHERS = "others";
