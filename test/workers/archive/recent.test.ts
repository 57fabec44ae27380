import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { encodeLines } from "#archive/lines.ts";
import { rawKeyOf } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";
import type { DeviceKey } from "#domain/event.ts";
import { toVersion } from "#domain/version.ts";
import type { Env } from "../../../workers/archive/env.ts";
import { readRecent } from "../../../workers/archive/service/recent.ts";
import { emptyBucket } from "./empty-bucket.ts";

const its = env as unknown as Env & { readonly ARCHIVE: R2Bucket };
const ELT_1 = "elt:1" as DeviceKey;

const recordOf = (eventId: string, deviceKey: string | null, receivedAtMs = Date.now()): ArchivedRecord => ({
  ...{ topic: "device.elt.status.reported", key: null, value: "{}", receipt: `${eventId}.0`, contractVersion: 1 },
  ...{ outcome: "applied", settledAtMs: receivedAtMs, receivedAtMs },
  deviceKey: deviceKey as DeviceKey | null,
  version: deviceKey === null ? null : toVersion(receivedAtMs, eventId),
});

async function put(...records: readonly ArchivedRecord[]): Promise<void> {
  await its.ARCHIVE.put(await rawKeyOf(records), await encodeLines(records));
}

beforeEach(async () => {
  await emptyBucket(its.ARCHIVE);
});

it("names a device's events that were archived since a moment, each once, and no other's", async () => {
  await put(recordOf("a", "elt:1"), recordOf("b", "elt:2"), recordOf("broken", null));
  await put(recordOf("c", "elt:1"));
  await put(recordOf("c", "elt:1"), recordOf("d", "elt:3"));
  const found = await readRecent(its, { deviceKey: ELT_1, sinceMs: Date.now() - 60_000 });
  expect([found?.eventIds.toSorted(), found?.isWhole]).toEqual([["a", "c"], true]);
});

it("says that there is more than it reads", async () => {
  const many = Array.from({ length: 5_001 }, (_, i) => recordOf(`e-${i}`, "elt:2"));
  await put(...many);
  expect(await readRecent(its, { deviceKey: ELT_1, sinceMs: Date.now() - 60_000 })).toEqual({
    eventIds: [],
    isWhole: false,
  });
});

it("says so where there is no archive", async () => {
  const { ARCHIVE: _, ...without } = its;
  expect(await readRecent(without, { deviceKey: ELT_1, sinceMs: 0 })).toBeNull();
});
