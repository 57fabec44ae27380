import { expect, it } from "vitest";
import type { BrokerSettings } from "../source-settings.ts";
import type { FetchAnswer } from "./fetched.ts";
import type { Library } from "./library.ts";
import { Reader, type ReadPosition, type ReadPositions, withMarks } from "./reader.ts";

const TOPIC = "device.elt.status.reported";
const SETTINGS: BrokerSettings = {
  brokers: ["kafka:9092"],
  group: "group",
  clientId: "client",
  topics: { kind: "list", topics: [TOPIC] },
  from: "earliest",
  groupProtocol: "classic",
  tls: null,
  sasl: null,
};

type Asked = { readonly topics: readonly { readonly partitions: readonly { readonly fetchOffset: bigint }[] }[] };
type AnswerOf = (from: number) => Partial<FetchAnswer["responses"][number]["partitions"][number]> | Promise<never>;

/** A reader of one partition, whose log is what `answer` says of each fetch. */
function readerOf(answer: AnswerOf, earliest = 0) {
  const fetches: number[] = [];
  class Consumer {
    readonly topics = { trackAll: () => undefined };
    on() {}
    async metadata() {
      return { topics: new Map([[TOPIC, { id: "id", partitions: [{ leader: 1 }], partitionsCount: 1 }]]) };
    }
    async listOffsets() {
      return new Map([[TOPIC, [BigInt(earliest)]]]);
    }
    async fetch({ topics }: Asked) {
      const from = Number(topics[0]?.partitions[0]?.fetchOffset);
      fetches.push(from);
      const partition = {
        partitionIndex: 0,
        errorCode: 0,
        abortedTransactions: [],
        records: [],
        ...(await answer(from)),
      };
      const response = { errorCode: 0, responses: [{ topicId: "id", partitions: [partition] }] };
      if (partition.errorCode !== 0) throw Object.assign(new Error("Received response with error"), { response });
      return response;
    }
  }
  const position: ReadPosition = { topic: TOPIC, partition: 0, offset: 0 };
  const positions: ReadPositions = new Map([[`${TOPIC}-0`, position]]);
  const reader = new Reader({ Consumer } as unknown as Library, SETTINGS, [TOPIC]);
  const over = new AbortController();
  const resets: string[] = [];
  const batches = reader.batches(positions, over.signal, (_, from, to) => resets.push(`${from} to ${to}`));
  return { batches, position, fetches, resets, over };
}

const never = () => new Promise<never>(() => undefined);

function records(firstOffset: number, count: number, attributes = 0) {
  const kept = Array.from({ length: count }, (_, offsetDelta) => {
    return {
      length: 0,
      attributes: 0,
      timestampDelta: 0n,
      offsetDelta,
      key: null,
      value: Buffer.from("v"),
      headers: [],
    };
  });
  const sizes = { length: 0, partitionLeaderEpoch: 0, crc: 0, producerEpoch: 0, firstSequence: 0 };
  const times = { firstTimestamp: 0n, maxTimestamp: 0n };
  const first = { firstOffset: BigInt(firstOffset), lastOffsetDelta: count - 1, magic: 2, producerId: 1n };
  return { ...sizes, ...times, ...first, attributes, records: kept };
}

const MARK = (1 << 4) | (1 << 5);

it("a large fetch is handed out in parts, and only one further fetch is sent meanwhile", async () => {
  const { batches, fetches } = readerOf((from) => (from < 2_000 ? { records: [records(from, 1_200)] } : never()));
  const sizes: (number | undefined)[] = [];
  for (let i = 0; i < 3; i++) sizes.push((await batches.next()).value?.length);
  expect(sizes).toEqual([500, 500, 200]);
  expect(fetches).toEqual([0, 1_200]);
});

it("what was read and not handed out yet is not committed with what was delivered", async () => {
  const { batches, position } = readerOf((from) => (from === 0 ? { records: [records(0, 1_200)] } : never()));
  await batches.next();
  const delivered = { topic: TOPIC, partition: 0, offset: 500 };
  expect(withMarks(delivered, position)).toEqual(delivered);
});

it("the mark of a transaction is committed with the record before it", async () => {
  const log = [records(0, 3), records(3, 1, MARK)];
  const { batches, position } = readerOf((from) => (from === 0 ? { records: log } : never()));
  await batches.next();
  const at = { topic: TOPIC, partition: 0 };
  expect(withMarks({ ...at, offset: 3 }, position)).toEqual({ ...at, offset: 4 });
  expect(withMarks({ ...at, offset: 2 }, position)).toEqual({ ...at, offset: 2 });
});

it("an offset that the log no longer has leads to its beginning", async () => {
  const { batches, resets } = readerOf((from) => (from === 0 ? { errorCode: 1 } : { records: [records(7, 1)] }), 7);
  expect((await batches.next()).value?.[0]?.offset).toBe(7);
  expect(resets).toEqual(["0 to 7"]);
});

it("any other error of a partition ends the reading", async () => {
  const { batches } = readerOf(() => ({ errorCode: 6 }));
  await expect(batches.next()).rejects.toThrow("Received response with error");
});
