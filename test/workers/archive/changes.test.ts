import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type ChangesPosition, readChanges } from "#archive/changes.ts";
import { encodeDayFile } from "#archive/day-file.ts";
import { encodeLines } from "#archive/lines.ts";
import { dayFileKey, rawKeyOf } from "#archive/names.ts";
import type { ArchivedRecord } from "#archive/record.ts";

const { ARCHIVE } = env as unknown as { ARCHIVE: R2Bucket };

const DAY_MS = Date.UTC(2026, 10, 20, 10);
const recordOf = (n: number, receivedAtMs = DAY_MS): ArchivedRecord => ({
  receipt: `p.${n}`,
  topic: "device.elt.status.reported",
  key: `T-${n}`,
  value: `{"n":${n}}`,
  receivedAtMs,
  contractVersion: 1,
  outcome: "applied",
  settledAtMs: receivedAtMs,
  deviceKey: `elt:T-${n}` as never,
  version: null,
});
const records = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => recordOf(from + i));

const putRaw = async (some: readonly ArchivedRecord[]) => {
  const key = await rawKeyOf(some);
  await ARCHIVE.put(key, await encodeLines(some));
  return key;
};
const putPart = (name: string, some: readonly ArchivedRecord[]) =>
  ARCHIVE.put(dayFileKey("2026-11-20", "device.elt.status.reported", name), encodeDayFile(some));

/** The real time between two writes, and what lies between them. */
const pause = async (): Promise<number> => {
  await scheduler.wait(15);
  const nowMs = Date.now();
  await scheduler.wait(15);
  return nowMs;
};

async function readAll(sinceMs: number, limit: number, bucket: Pick<R2Bucket, "get" | "list"> = ARCHIVE) {
  const found: string[] = [];
  let after: ChangesPosition | null = null;
  for (let reads = 0; reads < 1_000; reads++) {
    const read: Awaited<ReturnType<typeof readChanges>> = await readChanges(bucket as R2Bucket, {
      sinceMs,
      limit,
      after: JSON.parse(JSON.stringify(after)),
    });
    expect(read.records.length).toBeLessThanOrEqual(limit);
    found.push(...read.records.map(({ receipt }) => receipt));
    if (read.isEnd) return { found: found.sort(), hasMissed: read.position.hasMissed === true };
    after = read.position;
  }
  throw new Error("the changes have no end");
}

const receipts = (some: readonly ArchivedRecord[]) => some.map(({ receipt }) => receipt).sort();

beforeEach(async () => {
  for (const { key } of (await ARCHIVE.list()).objects) await ARCHIVE.delete(key);
});

describe("what came into the archive since a moment", () => {
  it.each([1, 7, 1_000])(
    "is read whole and once, %i records at a time, raw objects and parts of days",
    async (limit) => {
      await putRaw(records(0, 20));
      await putPart("old", records(20, 40));
      const sinceMs = await pause();
      await putRaw(records(40, 55));
      await putRaw(records(55, 60));
      await putPart("new", records(60, 90));
      expect(await readAll(sinceMs, limit)).toEqual({ found: receipts(records(40, 90)), hasMissed: false });
      expect((await readAll(0, limit)).found).toEqual(receipts(records(0, 90)));
    },
  );

  it("has a record that was received long before, and lies behind every position of the log", async () => {
    await putRaw(records(0, 5));
    const sinceMs = await pause();
    const late = recordOf(9, Date.UTC(2025, 0, 1));
    await putRaw([late]);
    expect((await readAll(sinceMs, 10)).found).toEqual([late.receipt]);
  });

  it("is nothing for an archive in which nothing was written", async () => {
    await putRaw(records(0, 5));
    expect(await readAll(await pause(), 10)).toEqual({ found: [], hasMissed: false });
  });

  it("says so if a file was gone when it was to be read, since its records are in another by then", async () => {
    const key = await putRaw(records(0, 5));
    await putRaw(records(5, 9));
    const vanishing = {
      list: (options: R2ListOptions) => ARCHIVE.list(options),
      get: async (name: string, options?: R2GetOptions) => (name === key ? null : ARCHIVE.get(name, options)),
    } as unknown as R2Bucket;
    expect(await readAll(0, 10, vanishing)).toEqual({ found: receipts(records(5, 9)), hasMissed: true });
  });
});
