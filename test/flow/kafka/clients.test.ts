import { setTimeout as sleep } from "node:timers/promises";
import { CloudEvent, emitterFor, HTTP, type Message, Mode } from "cloudevents";
import KafkaRest from "kafka-rest";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { CONTRACTS } from "#contracts/index.ts";
import { type Clients, connect, type ExactLetter } from "../../../local/clients.ts";
import type { Stack } from "../../../local/stack.ts";
import { openStream } from "../../support/raw-http.ts";
import {
  BINARY_V2,
  base64,
  eventText,
  JSON_V2,
  type KafkaRequest,
  receiptsOf,
  send,
  T,
} from "../../support/rest-proxy.ts";
import { sharedStack } from "../../support/shared-stack.ts";

let stack: Stack;
let clients: Clients;

beforeAll(async () => {
  stack = await sharedStack();
  clients = await connect(stack.url);
});

const eventually = (assertion: () => Promise<void>) => vi.waitFor(assertion, { timeout: 10_000, interval: 20 });

const recordsOf = (topic: string) => `/v3/clusters/concord/topics/${topic}/records`;

/** A v3 record. Its key has characters of two, three and four bytes, and text that looks like the end of an object. */
const record = (partition: number, deviceId = `stream-${partition}`): string =>
  `{"partition_id":${partition},"key":{"type":"STRING","data":"é€😀\\"}{"},"value":{"type":"JSON","data":${eventText(T, deviceId)}}}`;

async function allOf<R>(receipts: AsyncIterable<R>): Promise<R[]> {
  const all: R[] = [];
  for await (const receipt of receipts) all.push(receipt);
  return all;
}

/** The events that a device has seen. */
async function historyOf(deviceId: string): Promise<number> {
  const { device } = await clients.query<{ device: { history: { edges: unknown[] } } | null }>(
    "query Device($key: String!) { device(key: $key) { history(first: 10) { edges { node { eventId } } } } }",
    { key: `elt:${deviceId}` },
  );
  return device?.history.edges.length ?? 0;
}

describe("npm's cloudevents", () => {
  /** An event that leaves to its attributes what a record's value has to say. */
  const event = (id: string, subject: string) => {
    const { data } = JSON.parse(eventText());
    return new CloudEvent({ id, subject, source: "/elt", type: T, time: "2026-11-01T08:00:00Z", data: { data } });
  };
  const post = async ({ headers, body }: Message) => {
    const fields = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    return JSON.parse((await send(stack.url, { path: `/ingest/${T}`, headers: fields, body: String(body) })).text);
  };

  it.each([
    ["structured", Mode.STRUCTURED],
    ["binary", Mode.BINARY],
  ])("sends %s events, and they arrive", async (_, mode) => {
    const emit = emitterFor(post, { binding: HTTP, mode });
    expect(await emit(event("ce-1", `ce-${mode}`))).toEqual({ accepted: 1, deadLettered: 0, errors: [] });
    await eventually(async () => expect(await historyOf(`ce-${mode}`)).toBe(1));
  });

  it("sends events in a batch, and they arrive", async () => {
    const batch = ["1", "2", "3"].map((id) => HTTP.structured(event(`ce-${id}`, "ce-batch")).body);
    const headers = { "content-type": "application/cloudevents-batch+json" };
    expect(await post({ headers, body: `[${batch.join()}]` })).toMatchObject({ accepted: 3, errors: [] });
    await eventually(async () => expect(await historyOf("ce-batch")).toBe(3));
  });
});

describe("npm's kafka-rest", () => {
  const client = () => new KafkaRest({ url: stack.url.href.replace("://", "://dev:dev@") });
  const called = <R>(call: (callback: (error: unknown, result: R) => void) => void) =>
    new Promise<R>((resolve, reject) => call((error, result) => (error ? reject(error) : resolve(result))));
  const taken = (partition = 0) => ({ partition, offset: expect.any(Number), error_code: null, error: null });

  it("produces one message, several, and some with keys and partitions", async () => {
    const topic = client().topic(T);
    expect(await called((done) => topic.produce(eventText(T, "npm"), done))).toMatchObject({ offsets: [taken()] });
    expect(await called((done) => topic.produce([eventText(T, "npm"), eventText(T, "npm")], done))).toMatchObject({
      offsets: [taken(), taken()],
    });
    const keyed = { key: "npm", value: eventText(T, "npm"), partition: 3 };
    expect(await called((done) => topic.produce(keyed, done))).toMatchObject({ offsets: [taken(3)] });
    await eventually(async () => expect(await historyOf("npm")).toBe(4));
  });

  it("produces to a partition", async () => {
    const partition = client().topic(T).partition(2);
    expect(await called((done) => partition.produce(eventText(), done))).toMatchObject({ offsets: [taken(2)] });
    expect(await called((done) => partition.produce([eventText(), eventText()], done))).toMatchObject({
      offsets: [taken(2), taken(2)],
    });
  });

  it("reads why a message became a dead letter", async () => {
    expect(await called((done) => client().topic(T).produce("msg1", done))).toMatchObject({
      offsets: [{ error_code: 42203, error: expect.stringMatching(/kept as a dead letter/) }],
    });
  });

  it("lists topics, partitions and brokers, and reads one topic", async () => {
    const topics = await called(client().topics.list.bind(client().topics));
    expect(topics.map(({ name }) => name)).toEqual(CONTRACTS.map(({ topic }) => topic));
    const topic = await called<{ raw: unknown }>((done) => client().topics.get(T, done));
    expect(topic.raw).toMatchObject({ name: T, partitions: expect.any(Array) });
    expect(await called((done) => client().topic(T).partitions.list(done))).toHaveLength(64);
    expect(await called((done) => client().brokers.list(done))).toHaveLength(1);
  });

  it("gets an error with its status for what does not exist", async () => {
    await expect(called((done) => client().topic("nope").produce("msg1", done))).rejects.toMatchObject({ status: 404 });
    await expect(called((done) => client().topics.get("nope", done))).rejects.toMatchObject({ status: 404 });
  });
});

describe("a v3 stream", () => {
  it("C35 answers each record before the next is written, and its events are visible before it ends", async () => {
    const stream = openStream(stack.url, recordsOf(T));
    for (const partition of [0, 1, 2, 3]) {
      stream.write(record(partition, "duplex"));
      expect((await stream.receipts.next()).value).toMatchObject({ error_code: 200, partition_id: partition });
      await sleep(50);
    }
    await eventually(async () => expect(await historyOf("duplex")).toBe(4));
    stream.end();
    expect((await stream.receipts.next()).done).toBe(true);
  });

  it.each([1, 2, 3, 7, 64, 1000])(
    "is read the same in chunks of %i bytes, between characters or within",
    async (size) => {
      const bytes = Buffer.from(`${record(1)}${record(2)} \r\n${record(3)}{"unknown":1}${record(4)}`);
      const stream = openStream(stack.url, recordsOf(T));
      for (let at = 0; at < bytes.length; at += size) {
        stream.write(bytes.subarray(at, at + size));
        await sleep(0);
      }
      stream.end();
      expect(await allOf(stream.receipts)).toMatchObject([
        { error_code: 200, partition_id: 1, key: { type: "STRING", size: 12 } },
        { error_code: 200, partition_id: 2 },
        { error_code: 200, partition_id: 3 },
        { error_code: 400 },
        { error_code: 200, partition_id: 4 },
      ]);
    },
  );

  it("ends after a receipt of 400 where it stops being JSON, while its client still writes", async () => {
    const stream = openStream(stack.url, recordsOf(T));
    stream.write(record(1));
    expect((await stream.receipts.next()).value).toMatchObject({ error_code: 200 });
    stream.write(`}${record(2)}`);
    expect(await allOf(stream.receipts)).toMatchObject([{ error_code: 400 }]);
    stream.abandon();
  });

  it("C34 refuses a value of 20 MB, and its client reads why though it only reads when it has written", async () => {
    const stream = openStream(stack.url, recordsOf(T));
    stream.write(`${record(1)}{"value":{"type":"STRING","data":"`);
    for (let sent = 0; sent < 20_000_000; sent += 1_000_000) stream.write("x".repeat(1_000_000));
    stream.end();
    expect(await allOf(stream.receipts)).toMatchObject([
      { error_code: 200 },
      { error_code: 400, message: "Produce request size is larger than allowed threshold" },
    ]);
  });

  it("keeps what it gave receipts for when its client goes away in the middle of a record", async () => {
    const stream = openStream(stack.url, recordsOf(T));
    stream.write(record(1, "abandoned") + record(2, "abandoned"));
    expect((await stream.receipts.next()).value).toMatchObject({ error_code: 200 });
    expect((await stream.receipts.next()).value).toMatchObject({ error_code: 200 });
    stream.write(record(3, "abandoned").slice(0, 40));
    stream.abandon();
    await eventually(async () => expect(await historyOf("abandoned")).toBe(2));
  });
});

/** A value that JSON.parse and JSON.stringify would not give back: 64 bits, escapes, white space, a member twice. */
const LINE = String.raw`{ "big": 9007199254740993, "exp":1E400,"neg":-0 , "esc":"\u00e9\/\ud83d\ude00é😀", "twice":1,"twice":[ ],"__proto__":{}}`;
const LINES = LINE.replaceAll(",", "\r\n\t,\n");
const NO_JSON = 'no JSON: \u2028 "\\" \u0000é😀\n';
const NO_TEXT = Uint8Array.of(0xff, 0x00, 0xc3, 0x28);

const v3Of = (type: string, data: string) => `{"value":{"type":"${type}","data":${data}}}`;

describe("the payload of a dead letter", () => {
  it.each<[name: string, request: (topic: string) => KafkaRequest, payload: string, encoding?: string]>([
    [
      "v2-json",
      (topic) => ({ path: `/topics/${topic}`, type: JSON_V2, body: `{"records": [ {"value" : ${LINES} } ]}` }),
      LINES,
    ],
    [
      "v2-untyped",
      (topic) => ({ path: `/topics/${topic}`, type: "application/json", body: `{"records":[{"value":${LINES}}]}` }),
      LINES,
    ],
    [
      "v2-binary",
      (topic) => ({ path: `/topics/${topic}`, type: BINARY_V2, body: `{"records":[{"value":"${base64(NO_JSON)}"}]}` }),
      NO_JSON,
    ],
    [
      "v2-bytes",
      (topic) => ({ path: `/topics/${topic}`, type: BINARY_V2, body: `{"records":[{"value":"${base64(NO_TEXT)}"}]}` }),
      base64(NO_TEXT),
      "base64",
    ],
    [
      "v3-json",
      (topic) => ({ path: recordsOf(topic), type: "application/json", body: v3Of("JSON", ` ${LINES} `) }),
      LINES,
    ],
    [
      "v3-string",
      (topic) => ({ path: recordsOf(topic), type: "application/json", body: v3Of("STRING", JSON.stringify(NO_JSON)) }),
      NO_JSON,
    ],
    [
      "v3-binary",
      (topic) => ({ path: recordsOf(topic), type: "application/json", body: v3Of("BINARY", `"${base64(NO_JSON)}"`) }),
      NO_JSON,
    ],
    [
      "v3-bytes",
      (topic) => ({ path: recordsOf(topic), type: "application/json", body: v3Of("BINARY", `"${base64(NO_TEXT)}"`) }),
      base64(NO_TEXT),
      "base64",
    ],
    [
      "v3-batch",
      (topic) => ({
        path: `${recordsOf(topic)}:batch`,
        type: "application/json",
        body: `{"entries":[{"id":"1",${v3Of("JSON", LINES).slice(1)}]}`,
      }),
      LINES,
    ],
    ["sink-object", (topic) => ({ path: `/ingest/${topic}`, type: "application/json", body: ` ${LINES}\n` }), LINES],
    ["sink-array", (topic) => ({ path: `/ingest/${topic}`, type: "application/json", body: `[ ${LINES} ]` }), LINES],
    ["sink-ndjson", (topic) => ({ path: `/ingest/${topic}`, type: "application/x-ndjson", body: `${LINE}\r\n` }), LINE],
    [
      "sink-lines",
      (topic) => ({ path: `/ingest/${topic}`, type: "application/x-ndjson", body: "no JSON,  at all \n" }),
      "no JSON,  at all ",
    ],
  ])("is exact from %s", async (name, requestTo, payload, encoding = "text") => {
    const topic = `device.elt.exact.${name}`;
    expect((await send(stack.url, requestTo(topic))).status).toBeLessThan(300);
    expect(await lettersOf(topic, 1)).toMatchObject([{ payload, payloadEncoding: encoding }]);
  });

  it.each([
    ["v2", "key"],
    ["v3", "name"],
  ] as const)("comes with its headers in order, repeated ones too, from %s", async (version, name) => {
    const topic = `device.elt.headers.${version}`;
    const headers = [
      ["b", "1"],
      ["a", "2"],
      ["b", "3"],
      ["b", "1"],
      ["", "é"],
    ].map(([header, value]) => [header, base64(value as string)]);
    const sent = JSON.stringify(headers.map(([header, value]) => ({ [name]: header, value })));
    const answer = await send(
      stack.url,
      version === "v2"
        ? {
            path: `/topics/${topic}`,
            type: JSON_V2,
            body: `{"records":[{"key":"k","partition":4,"timestamp":1700000000123,"headers":${sent},"value":1}]}`,
          }
        : {
            path: recordsOf(topic),
            type: "application/json",
            body: `{"key":{"type":"STRING","data":"k"},"partition_id":4,"timestamp":"2023-11-14T22:13:20.123Z","headers":${sent},"value":{"type":"JSON","data":1}}`,
          },
    );
    expect(answer.status, answer.text).toBe(200);
    expect(await lettersOf(topic, 1)).toMatchObject([
      { headers, key: "k", partition: 4, timestampMs: 1_700_000_000_123, payload: "1" },
    ]);
  });

  it("is kept apart for each record of a stream", async () => {
    const topic = "device.elt.exact.stream";
    const values = Array.from({ length: 40 }, (_, i) => String(i));
    const { text } = await send(stack.url, {
      path: recordsOf(topic),
      type: "application/json",
      body: values.map((value) => v3Of("JSON", value)).join(""),
    });
    expect(receiptsOf(text)).toHaveLength(40);
    const letters = await lettersOf(topic, 40);
    expect(
      letters
        .map(({ payload }) => Number(payload))
        .sort((a, b) => a - b)
        .map(String),
    ).toEqual(values);
  });
});

async function lettersOf(topic: string, count: number): Promise<ExactLetter[]> {
  let letters: ExactLetter[] = [];
  await eventually(async () => {
    letters = await clients.exactLetters(`?topic=${topic}`);
    expect(letters).toHaveLength(count);
  });
  return letters;
}
