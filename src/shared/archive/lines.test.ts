import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MERGE_OUTCOMES, type Outcome } from "#domain/outcome.ts";
import { toVersion } from "#domain/version.ts";
import { decodeLines, encodeLines } from "./lines.ts";
import { type ArchivedRecord, oneOfCopies, toArchived } from "./record.ts";

/** Any UTF-16 units, with halves of characters and breaks of lines among them. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("\n", "\u2028\r\n", "\udc80\ud800", "\ufeff"),
);
type Ends = Pick<ArchivedRecord, "outcome" | "merged">;
const ending = fc.constantFrom<Ends>(
  ...MERGE_OUTCOMES.map((outcome) => ({ outcome })),
  { outcome: "deadLettered" },
  { outcome: "deadLettered", merged: "applied" },
);
const outcome = fc.constantFrom<Outcome>(...MERGE_OUTCOMES, "deadLettered");

const archived: fc.Arbitrary<ArchivedRecord> = fc
  .record({
    receipt: anyText,
    topic: anyText,
    key: fc.option(anyText),
    value: fc.option(anyText),
    headers: fc.array(fc.tuple(anyText, anyText), { maxLength: 3 }),
    receivedAtMs: fc.nat(),
    contractVersion: fc.option(fc.nat(5), { nil: undefined }),
    outcome,
    settledAtMs: fc.nat(),
    lane: fc.constantFrom("live" as const, "backfill" as const),
    isRead: fc.boolean(),
  })
  .map(({ outcome, settledAtMs, lane, isRead, contractVersion, ...record }) =>
    toArchived(
      { ...record, ...(contractVersion !== undefined && { contractVersion }), attempts: 3, suspect: true },
      { event: isRead ? { deviceKey: "elt:t-1", version: toVersion(5, "e") } : null, outcome, settledAtMs, lane },
    ),
  );

const streamOf = (bytes: Uint8Array, pieceBytes: number) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let i = 0; i < bytes.length; i += pieceBytes) controller.enqueue(bytes.slice(i, i + pieceBytes));
      controller.close();
    },
  });

const read = async (bytes: Uint8Array, pieceBytes = 64) => Array.fromAsync(decodeLines(streamOf(bytes, pieceBytes)));

describe("lines", () => {
  it("give back each record exactly, whatever its texts are, and however the file comes in pieces", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(archived, { maxLength: 20 }),
        fc.integer({ min: 1, max: 500 }),
        async (records, bytes) => {
          expect(await read(await encodeLines(records), bytes)).toEqual(records);
        },
      ),
    );
  });

  it("are one JSON text a line, so that any tool reads them", async () => {
    const [record] = fc.sample(archived, 1) as [ArchivedRecord];
    const zipped = streamOf(await encodeLines([record, record]), 64);
    const text = await new Response(
      zipped.pipeThrough(new DecompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>),
    ).text();
    expect(
      text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    ).toEqual([record, record]);
  });

  it("of a file that was cut off are an error, and not fewer records", async () => {
    const bytes = await encodeLines(fc.sample(archived, 10));
    for (const cut of [1, 8, bytes.length / 2]) await expect(read(bytes.slice(0, -cut))).rejects.toThrow();
  });
});

describe("of copies of one record", () => {
  it("one counts, whichever is read first and however often", () => {
    fc.assert(
      fc.property(archived, fc.array(fc.tuple(ending, fc.nat(3)), { minLength: 1 }), (record, drawn) => {
        const copies = drawn.map(([ending, settledAtMs]) => ({ ...record, ...ending, settledAtMs }));
        const one = copies.reduce(oneOfCopies);
        expect(copies.toReversed().reduce(oneOfCopies)).toEqual(one);
        expect([...copies, ...copies].reduce(oneOfCopies)).toEqual(one);
      }),
    );
  });

  it.each<[string, Ends, Ends]>([
    ["one that was merged", { outcome: "superseded" }, { outcome: "deadLettered", merged: "applied" }],
    ["a dead letter that D1 holds", { outcome: "deadLettered", merged: "applied" }, { outcome: "deadLettered" }],
    ["one that changed something, before its own repetition,", { outcome: "applied" }, { outcome: "duplicate" }],
  ])("%s counts", (_, counts, other) => {
    const { merged: __, ...record } = fc.sample(archived, 1)[0] as ArchivedRecord;
    const copies: ArchivedRecord[] = [
      { ...record, ...other },
      { ...record, ...counts },
    ];
    expect(copies.reduce(oneOfCopies)).toEqual({ ...record, ...counts });
  });
});
