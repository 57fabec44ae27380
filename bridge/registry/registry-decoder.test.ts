import avro from "avsc";
import fc from "fast-check";
import protobuf from "protobufjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runBridge } from "../bridge.ts";
import type { Encoded } from "../delivery/encode.ts";
import type { BridgeEvent } from "../events.ts";
import { FakeSource } from "../fake-source.ts";
import type { KafkaRecord } from "../kafka-record.ts";
import { StopError } from "../source.ts";
import { type FakeRegistry, startFakeRegistry } from "./fake-registry.ts";
import { registryDecoder } from "./registry-decoder.ts";

const AVRO = JSON.stringify({ type: "record", name: "E", fields: [{ name: "id", type: "string" }] });
const PROTO = 'syntax = "proto3"; message E { string event_id = 1; }';
const avroEvent = avro.Type.forSchema(JSON.parse(AVRO));
const protoEvent = protobuf.parse(PROTO, new protobuf.Root()).root.lookupType("E");

let stub: FakeRegistry;
let events: BridgeEvent[];
const never = new AbortController().signal;
beforeEach(async () => {
  stub = await startFakeRegistry();
  events = [];
});
afterEach(async () => {
  vi.useRealTimers();
  await stub.stop();
});

const decoder = (settings = {}) => registryDecoder({ url: stub.url, ...settings }, (event) => void events.push(event));
const kinds = () => events.map(({ kind }) => kind);

function framed(id: number, ...payload: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, ...payload]);
}

const record = (offset: number, value: Uint8Array | null, key: Uint8Array | null = null): KafkaRecord => ({
  ...{ topic: "t", partition: 3, offset, timestampMs: 5, headers: [["h", Buffer.from("1")]] },
  ...{ key, value },
});
const textOf = (bytes: Uint8Array | null | undefined) => bytes && Buffer.from(bytes).toString();
const values = (records: readonly KafkaRecord[]) => records.map(({ value }) => textOf(value));

describe("records with schemas", () => {
  it("become JSON, whichever way they were written, in their order", async () => {
    stub.add(1, { schema: AVRO });
    stub.add(2, { schema: PROTO, schemaType: "PROTOBUF" });
    stub.add(3, { schema: '{"type":"object"}', schemaType: "JSON" });
    const json = '{ "id": 12345678901234567890, "x": 1.0 }';
    const records = [
      record(0, framed(3, Buffer.from(json))),
      record(1, framed(1, avroEvent.toBuffer({ id: "a" }))),
      record(2, framed(2, Buffer.from([0]), protoEvent.encode({ eventId: "b" }).finish())),
      record(3, Buffer.from('{"plain":1}')),
      record(4, null),
      record(5, framed(1, avroEvent.toBuffer({ id: "c" }))),
    ];
    const decoded = await decoder()(records, never);
    expect(values(decoded)).toEqual([json, '{"id":"a"}', '{"eventId":"b"}', '{"plain":1}', null, '{"id":"c"}']);
    expect(decoded.map(({ value: _, ...rest }) => rest)).toEqual(records.map(({ value: _, ...rest }) => rest));
    expect(events).toEqual([]);
  });

  it("have keys that are text, without quotes if they are strings", async () => {
    stub.add(1, { schema: '"string"' });
    stub.add(2, { schema: '"long"' });
    stub.add(3, { schema: "{}", schemaType: "JSON" });
    stub.add(4, { schema: AVRO });
    const keys = [
      framed(1, Buffer.from([4, 0x44, 0x31])),
      framed(2, Buffer.from([84])),
      framed(3, Buffer.from('"D-2"')),
      framed(4, avroEvent.toBuffer({ id: "a" })),
      Buffer.from("plain"),
      null,
    ];
    const decoded = await decoder()(
      keys.map((key, offset) => record(offset, null, key)),
      never,
    );
    expect(decoded.map(({ key }) => textOf(key))).toEqual(["D1", "42", "D-2", '{"id":"a"}', "plain", null]);
  });

  it("ask for each schema once, though many need it at the same time", async () => {
    stub.add(1, { schema: AVRO });
    const decode = decoder();
    const batch = [0, 1, 2].map((offset) => record(offset, framed(1, avroEvent.toBuffer({ id: "a" }))));
    await Promise.all([decode(batch, never), decode(batch, never)]);
    await decode(batch, never);
    expect(stub.asked).toEqual(["/schemas/ids/1"]);
  });

  it("are decoded with the schemas that theirs refers to, also through others and under names with slashes", async () => {
    const part = (name: string, type: unknown) =>
      JSON.stringify({ type: "record", name, fields: [{ name: "x", type }] });
    const refers = (subject: string) => [{ name: subject, subject, version: 2 }];
    stub.add(1, { schema: part("A", "B"), references: refers("b/b") });
    stub.addVersion("b/b", 2, { schema: part("B", "C"), references: refers("c") });
    stub.addVersion("c", 2, { schema: part("C", "int") });
    const decoded = await decoder()([record(0, framed(1, Buffer.from([2])))], never);
    expect(values(decoded)).toEqual(['{"x":{"x":{"x":1}}}']);
    expect(stub.asked).toContain("/subjects/b%2Fb/versions/2?deleted=true");
  });

  it.each([
    [{ username: "u", password: "p" }, `Basic ${Buffer.from("u:p").toString("base64")}`],
    [{ token: "secret" }, "Bearer secret"],
    [{}, undefined],
  ])("are asked for with the credentials %j", async (credentials, authorization) => {
    stub.add(1, { schema: AVRO });
    await decoder(credentials)([record(0, framed(1, avroEvent.toBuffer({ id: "a" })))], never);
    expect(stub.authorization).toBe(authorization);
  });
});

describe("a record that no schema can read", () => {
  it.each([
    ["has an id that the registry does not know", { schema: AVRO }, framed(9, Buffer.from([0])), "no schema"],
    ["does not fit its schema", { schema: AVRO }, framed(1, Buffer.from([20, 1])), "does not fit"],
    ["has a schema that is none", { schema: "{" }, framed(1, Buffer.from([0])), "cannot be used"],
    ["has a schema of a type of tomorrow", { schema: "{}", schemaType: "CBOR" }, framed(1), "CBOR is none of"],
    [
      "has a schema that refers to one that is gone",
      { schema: AVRO, references: [{ name: "x", subject: "x", version: 4 }] },
      framed(1, Buffer.from([0])),
      "version 4 of x",
    ],
    [
      "has a schema that refers to another, which refers to one that is gone",
      { schema: AVRO, references: [{ name: "y", subject: "y", version: 1 }] },
      framed(1, Buffer.from([0])),
      "version 4 of x",
    ],
  ])("because it %s travels as it is, and is reported with its place", async (_, schema, value, message) => {
    stub.add(1, schema);
    stub.addVersion("y", 1, { schema: '"int"', references: [{ name: "x", subject: "x", version: 4 }] });
    const decoded = await decoder()([record(7, value)], never);
    expect(decoded[0]?.value).toEqual(value);
    expect(events).toEqual([
      {
        ...{ kind: "undecodable", part: "value", schemaId: value.readUInt32BE(1) },
        at: { topic: "t", partition: 3, offset: 7 },
        message: expect.stringContaining(message),
      },
    ]);
  });

  it("because its schema is missing is read once the registry has it, a minute later at the latest", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const decode = decoder();
    const batch = [record(0, framed(1, avroEvent.toBuffer({ id: "a" })))];
    await decode(batch, never);
    stub.add(1, { schema: AVRO });
    vi.advanceTimersByTime(59_000);
    expect((await decode(batch, never))[0]?.value).toEqual(batch[0]?.value);
    vi.advanceTimersByTime(2_000);
    expect(values(await decode(batch, never))).toEqual(['{"id":"a"}']);
    expect(stub.asked).toHaveLength(2);
  });

  it("never throws, and never takes long, whatever its bytes are", async () => {
    const field = (name: string, type: unknown) => ({ name, type });
    const fields = [
      field("a", ["null", "string", { type: "array", items: "null" }]),
      field("b", { type: "map", values: { type: "bytes", logicalType: "decimal", precision: 4, scale: 1 } }),
      field("c", { type: "long", logicalType: "timestamp-micros" }),
      field("d", ["null", "E"]),
      field("e", { type: "fixed", name: "F", size: 12, logicalType: "duration" }),
    ];
    stub.add(1, { schema: JSON.stringify({ type: "record", name: "E", fields }) });
    stub.add(2, {
      schema: 'syntax = "proto3"; message E { E e = 1; map<int64, bytes> m = 2; repeated double d = 3; string s = 4; }',
      schemaType: "PROTOBUF",
    });
    stub.add(3, { schema: "{}", schemaType: "JSON" });
    const decode = decoder();
    const bytes = fc.uint8Array({ maxLength: 60 });
    const value = fc.oneof(
      bytes,
      fc.tuple(fc.integer({ min: 1, max: 3 }), bytes).map(([id, payload]) => framed(id, payload)),
    );
    await fc.assert(
      fc.asyncProperty(value, value, async (any, key) => {
        const [decoded] = await decode([record(0, any, key)], never);
        expect(decoded?.offset).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a registry that is away", () => {
  it("is waited for, and turns no record into a dead letter", async () => {
    stub.add(1, { schema: AVRO });
    stub.instead.push(
      { status: 503 },
      { status: 429, headers: { "Retry-After": "0" } },
      { status: 404, body: "<html>" },
    );
    const decoded = await decoder()([record(0, framed(1, avroEvent.toBuffer({ id: "a" })))], never);
    expect(values(decoded)).toEqual(['{"id":"a"}']);
    expect(kinds()).toEqual(["registry.retried", "registry.retried", "registry.retried"]);
    expect(stub.asked).toHaveLength(4);
  });

  it("is not waited for when the session is over, and is asked again in the next one", async () => {
    const batch = [record(0, framed(1, avroEvent.toBuffer({ id: "a" })))];
    const { url } = stub;
    await stub.stop();
    const over = new AbortController();
    const decode = registryDecoder({ url }, (event) => {
      events.push(event);
      over.abort();
    });
    await expect(decode(batch, over.signal)).rejects.toThrow();
    expect(events).toEqual([
      { kind: "registry.retried", reason: expect.stringContaining("ECONNREFUSED"), waitMs: expect.any(Number) },
    ]);
    const next = new AbortController();
    const again = decode(batch, next.signal);
    await vi.waitFor(() => expect(events.length).toBe(2));
    next.abort();
    await expect(again).rejects.toThrow();
  });

  it("is not waited for if it refuses the credentials", async () => {
    stub.instead.push({ status: 401 });
    await expect(decoder()([record(0, framed(1, Buffer.from([0])))], never)).rejects.toThrow(StopError);
    expect(events).toEqual([]);
  });
});

it("the bridge delivers what is decoded, and what is not with its place, and commits both", async () => {
  stub.add(1, { schema: AVRO });
  stub.instead.push({ status: 500 });
  const source = new FakeSource();
  source.add(
    record(0, framed(1, avroEvent.toBuffer({ id: "a" }))),
    record(1, framed(8, Buffer.from("?"))),
    record(2, null),
  );
  const sent: Encoded[] = [];
  const deps = {
    source,
    send: async (_: string, entries: readonly Encoded[]) => {
      sent.push(...entries);
      const kept = entries.map(() => true);
      return { kind: "answered" as const, kept, accepted: entries.length, deadLettered: 0 };
    },
    decode: decoder(),
    emit: (event: BridgeEvent) => void events.push(event),
    ...{ now: Date.now, random: () => 0 },
  };
  const settings = {
    ...{ records: 10, bytes: 10_000, lingerMs: 1, requests: 3, bufferBytes: 5_000 },
    ...{ commitMs: 5, lagMs: 1_000, drainMs: 500, once: true },
  };
  await runBridge(settings, deps, never);
  const written = sent.map(({ at, text }) => ({ offset: at.offset, value: JSON.parse(text).value as string | null }));
  expect(written.map(({ offset }) => offset)).toEqual([0, 1, 2]);
  expect(written.map(({ value }) => value && Buffer.from(value, "base64").toString("latin1"))).toEqual([
    '{"id":"a"}',
    "\0\0\0\0\x08?",
    null,
  ]);
  expect(source.committed.get("t-3")).toBe(3);
  expect(kinds()).toEqual(expect.arrayContaining(["registry.retried", "undecodable"]));
});
