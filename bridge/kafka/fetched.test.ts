import { expect, it } from "vitest";
import { type FetchedPartition, readFetched } from "./fetched.ts";

const AT = { topic: "device.elt.status.reported", partition: 2 };

type Batch = NonNullable<FetchedPartition["records"]>[number];
type Kept = Batch["records"][number];

const kept = (offsetDelta: number, members: Partial<Kept> = {}): Kept => ({
  length: 0,
  attributes: 0,
  timestampDelta: BigInt(offsetDelta),
  offsetDelta,
  key: Buffer.from("key"),
  value: Buffer.from(`value ${offsetDelta}`),
  headers: [],
  ...members,
});

function batch(firstOffset: number, count: number, members: Partial<Batch> = {}): Batch {
  return {
    firstOffset: BigInt(firstOffset),
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes: 0,
    lastOffsetDelta: count - 1,
    firstTimestamp: 1_000n,
    maxTimestamp: 9_000n,
    producerId: -1n,
    producerEpoch: -1,
    firstSequence: -1,
    records: Array.from({ length: count }, (_, i) => kept(i)),
    ...members,
  };
}

const TRANSACTIONAL = 1 << 4;
const transaction = (producerId: bigint) => ({ attributes: TRANSACTIONAL, producerId });

/** The mark that ends a producer's transaction. */
const end = (offset: number, producerId: bigint, type: "abort" | "commit") =>
  batch(offset, 1, {
    attributes: TRANSACTIONAL | (1 << 5),
    producerId,
    records: [kept(0, { key: Buffer.from([0, 0, 0, type === "abort" ? 0 : 1]) })],
  });

function fetched(records: Batch[], aborted: { producerId: bigint; firstOffset: bigint }[] = []): FetchedPartition {
  return {
    partitionIndex: 2,
    errorCode: 0,
    highWatermark: 0n,
    lastStableOffset: 0n,
    logStartOffset: 0n,
    abortedTransactions: aborted,
    preferredReadReplica: -1,
    records,
  };
}

const offsetsIn = (partition: FetchedPartition, from = 0) =>
  readFetched(AT, partition, from).records.map(({ offset }) => offset);

it("records before the offset that was asked for are left out of their batch", () => {
  const { records, next } = readFetched(AT, fetched([batch(10, 5)]), 12);
  expect(records.map(({ offset }) => offset)).toEqual([12, 13, 14]);
  expect(next).toBe(15);
});

it("a record keeps its bytes, and its headers their order and their repeats", () => {
  const headers: Kept["headers"] = [
    [Buffer.from("hop"), Buffer.from("1")],
    [Buffer.from("hop"), null],
  ];
  const [record] = readFetched(AT, fetched([batch(3, 1, { records: [kept(0, { headers, value: null })] })]), 0).records;
  expect(record).toEqual({
    ...AT,
    offset: 3,
    timestampMs: 1_000,
    key: Buffer.from("key"),
    value: null,
    headers: [
      ["hop", Buffer.from("1")],
      ["hop", new Uint8Array(0)],
    ],
  });
});

it("where the broker sets the time, it is the batch's", () => {
  const [record] = readFetched(AT, fetched([batch(0, 1, { attributes: 1 << 3 })]), 0).records;
  expect(record?.timestampMs).toBe(9_000);
});

it("records without a time have none", () => {
  const [record] = readFetched(AT, fetched([batch(0, 1, { firstTimestamp: -1n })]), 0).records;
  expect(record?.timestampMs).toBeNull();
});

it("a batch whose last records were compacted away is read past its end", () => {
  const compacted = batch(20, 10, { records: [kept(1), kept(4)] });
  const { records, next } = readFetched(AT, fetched([compacted]), 0);
  expect(records.map(({ offset }) => offset)).toEqual([21, 24]);
  expect(next).toBe(30);
});

it("records of an aborted transaction are left out though its end is not in the answer", () => {
  const open = fetched([batch(0, 2, transaction(7n)), batch(2, 2)], [{ producerId: 7n, firstOffset: 0n }]);
  expect(offsetsIn(open)).toEqual([2, 3]);
});

it("of a producer that aborts one transaction and commits the next, the second is read", () => {
  const both = fetched(
    [batch(0, 1, transaction(7n)), end(1, 7n, "abort"), batch(2, 1, transaction(7n)), end(3, 7n, "commit")],
    [{ producerId: 7n, firstOffset: 0n }],
  );
  expect(offsetsIn(both)).toEqual([2]);
  expect(readFetched(AT, both, 0).next).toBe(4);
});

it("of two aborted transactions of one producer neither is read", () => {
  const both = fetched(
    [batch(0, 1, transaction(7n)), end(1, 7n, "abort"), batch(2, 1, transaction(7n)), end(3, 7n, "abort")],
    [
      { producerId: 7n, firstOffset: 2n },
      { producerId: 7n, firstOffset: 0n },
    ],
  );
  expect(offsetsIn(both)).toEqual([]);
});

it("batches of Kafka before 0.11 are refused", () => {
  expect(() => offsetsIn(fetched([batch(0, 1, { magic: 1 })]))).toThrow("magic 1");
});
