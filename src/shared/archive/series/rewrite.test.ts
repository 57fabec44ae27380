import { expect, it } from "vitest";
import { deviceKeyOf } from "#domain/event.ts";
import { toVersion } from "#domain/version.ts";
import { MemoryBucket } from "../../../../test/support/memory-bucket.ts";
import type { ArchivedRecord } from "../record.ts";
import { eventOrder } from "./names.ts";
import { rewriteSegment } from "./rewrite.ts";
import { encodeSegment, openSegment, readWhole } from "./segment.ts";

const NAME = "series/00/2026-11-23/0000.seg";
const KEY = deviceKeyOf("elt", "T-1");
const VERSION = toVersion(0, "evt-1");

/** Merged once, by a contract that has changed since. */
const refused: ArchivedRecord = {
  receipt: "0123456789abcdef0123456789abcdef.0",
  topic: "device.elt.registration.created",
  key: "T-1",
  value: '{"customer":"Jane Canary"}',
  receivedAtMs: 0,
  contractVersion: 1,
  outcome: "applied",
  settledAtMs: 0,
  deviceKey: KEY,
  version: VERSION,
};

it("a record is rewritten also if today's contracts refuse it", async () => {
  const bucket = new MemoryBucket();
  const line = { order: eventOrder(KEY, VERSION, refused.receipt), content: JSON.stringify(refused) };
  await bucket.put(NAME, await encodeSegment({ events: [line], readings: [], states: [] }));
  const changed = await rewriteSegment(bucket, NAME, {
    record: (record) => ({ ...record, value: null }),
    state: (state) => state,
  });
  const { events } = await readWhole(await openSegment(bucket, NAME));
  expect(events).toEqual([{ order: line.order, content: JSON.stringify({ ...refused, value: null }) }]);
  expect(changed).toBe(1);
});
