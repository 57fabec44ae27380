import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { DeadLetterMessage } from "#letters/letter.ts";
import { MAX_PARCEL_BYTES, type Parcel } from "#queue/parcel.ts";
import type { Env } from "../../../workers/ingest/env.ts";
import { routes } from "../../../workers/ingest/routes.ts";
import { FakeQueue } from "../../support/fake-queue.ts";
import { eventValue } from "../../support/records.ts";

const TOPIC = "device.elt.dealer.assigned";
const JSON_V2 = "application/vnd.kafka.json.v2+json";
const BINARY_V2 = "application/vnd.kafka.binary.v2+json";
const BASIC = `Basic ${btoa("dev:dev")}`;

let events: FakeQueue<Parcel>;
let deadLetters: FakeQueue<DeadLetterMessage>;

beforeEach(() => {
  events = new FakeQueue();
  deadLetters = new FakeQueue();
});

type Post = { path?: string; type?: string; body: unknown; authorization?: string; vars?: Partial<Env> };

async function post({ path = `/topics/${TOPIC}`, type = JSON_V2, body, authorization = BASIC, vars }: Post) {
  const request = new Request(`https://concord.example${path}`, {
    method: "POST",
    headers: { ...(type && { "Content-Type": type }), ...(authorization && { Authorization: authorization }) },
    body: typeof body === "string" || body === null ? body : JSON.stringify(body),
  });
  const ctx = createExecutionContext();
  const response = await routes.fetch(request, { ...env, EVENTS: events, DEAD_LETTERS: deadLetters, ...vars }, ctx);
  await waitOnExecutionContext(ctx);
  return { response, json: (await response.json()) as { error_code: number; message: string; offsets: Offset[] } };
}
type Offset = { partition: number | null; offset: number | null; error_code: number | null; error: string | null };

const good = (eventId = "e-1") => eventValue({ topic: TOPIC, eventId });
const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const sentRecords = () => events.bodies.flatMap(({ records }) => records);
const sentLetters = () => deadLetters.bodies.flatMap((message) => (message.kind === "letters" ? message.letters : []));

describe("v2 produce, accepted", () => {
  it.each(["9007199254740993", "1.0", "1e3", "-0", "18446744073709551615", "true", '{ "id": 9007199254740993 }'])(
    "keeps the digits of a key that is no string: %s",
    async (key) => {
      const value = JSON.stringify(good());
      const { response } = await post({ body: `{"records":[{"key": ${key} ,"value":${value}}]}` });
      expect(response.status).toBe(200);
      expect(sentRecords()[0]?.key).toBe(key);
    },
  );

  it("removes the device with the tombstone's exact key, and not one whose digits round to it", async () => {
    const body = '{"records":[{"key":9007199254740993,"value":null}]}';
    await post({ path: "/topics/device.elt.registration.created", body });
    expect(sentRecords().map(({ key, value }) => [key, value])).toEqual([["9007199254740993", null]]);
  });

  it("answers 200 with one ascending receipt per record, in order, once the queue has them", async () => {
    const { response, json } = await post({ body: { records: [1, 2, 3].map((n) => ({ value: good(`e-${n}`) })) } });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/vnd.kafka.v2+json");
    expect(response.headers.get("X-Concord-Accepted")).toBe("3");
    expect(response.headers.get("X-Concord-Dead-Lettered")).toBe("0");
    expect(json).toMatchObject({ key_schema_id: null, value_schema_id: null });
    const offsets = json.offsets.map(({ offset }) => offset as number);
    expect(json.offsets).toEqual(offsets.map((offset) => ({ partition: 0, offset, error_code: null, error: null })));
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
    expect(sentRecords().map(({ value }) => JSON.parse(value as string).eventId)).toEqual(["e-1", "e-2", "e-3"]);
  });

  it("keeps the exact text of a value, with numbers that JavaScript cannot represent", async () => {
    const value = `{ "eventId":"e-1", "occurredAt":"2026-11-23T12:00:00Z","deviceId":"d", "big": 9007199254740993, "data":{"dealer":{"dealerId":"D","name":"\\u00e9"}}}`;
    await post({ body: `{"records":[{"value": ${value} }]}` });
    expect(sentRecords()[0]?.value).toBe(value);
  });

  it.each([
    ["a JSON key", JSON_V2, { key: "dev-1", value: good() }, "dev-1"],
    ["a JSON key that is no string", JSON_V2, { key: { id: 7 }, value: good() }, '{"id":7}'],
    ["no key", JSON_V2, { value: good() }, null],
    ["a null key", JSON_V2, { key: null, value: good() }, null],
    ["a null key and partition, as the npm client sends", JSON_V2, { key: null, partition: null, value: good() }, null],
    ["a binary key", BINARY_V2, { key: base64("dev-ü"), value: base64(JSON.stringify(good())) }, "dev-ü"],
    ["a timestamp and headers", JSON_V2, { value: good(), timestamp: 1, headers: [{ key: "h", value: "dg==" }] }, null],
  ])("takes %s", async (_, type, record, key) => {
    const { json } = await post({ type, body: { records: [record] } });
    expect(json.offsets[0]?.error_code).toBe(null);
    expect(sentRecords()[0]?.key).toBe(key);
  });

  it("keeps where a record stands in Kafka, with a partition above those that we report", async () => {
    const { json } = await post({ body: { records: [{ partition: 4711, offset: 123, timestamp: 5, value: good() }] } });
    expect(json.offsets[0]).toMatchObject({ partition: 4711, error_code: null });
    expect(sentRecords()[0]).toMatchObject({ partition: 4711, offset: 123, timestampMs: 5 });
  });

  it.each([
    [{ partition: -1, offset: 1 }, 200, 40402],
    [{ partition: 64 }, 200, 40402],
    [{ offset: -1 }, 400, undefined],
    [{ offset: "1" }, 400, undefined],
    [{ offset: null, partition: 3 }, 200, null],
  ])("answers for a record with %j: %i, and in its entry %s", async (place, status, code) => {
    const { response, json } = await post({ body: { records: [{ ...place, value: good() }] } });
    expect([response.status, json.offsets?.[0]?.error_code]).toEqual([status, code]);
  });

  it("echoes the partition of the record, or of the path", async () => {
    const inRecord = await post({ body: { records: [{ partition: 2, value: good() }] } });
    expect(inRecord.json.offsets[0]?.partition).toBe(2);
    const inPath = await post({ path: `/topics/${TOPIC}/partitions/1`, body: { records: [{ value: good() }] } });
    expect(inPath.json.offsets[0]?.partition).toBe(1);
  });

  it.each([
    ["application/vnd.kafka.v1+json", base64(JSON.stringify(good()))],
    ["application/vnd.kafka.v1+json", good()],
    ["application/json", good()],
    ["application/json; charset=utf-8", base64(JSON.stringify(good()))],
    ["application/vnd.kafka.jsonschema.v2+json", good()],
    ["application/octet-stream", base64(JSON.stringify(good()))],
  ])("reads values under %s", async (type, value) => {
    const { response, json } = await post({ type, body: { records: [{ value }] } });
    expect([response.status, json.offsets[0]?.error_code]).toEqual([200, null]);
  });

  it("packs 250 records into three parcels below the queue's billing unit", async () => {
    await post({ body: { records: Array.from({ length: 250 }, (_, n) => ({ value: good(`e-${n}`) })) } });
    expect(events.bodies.map(({ records }) => records.length)).toEqual([100, 100, 50]);
    for (const parcel of events.bodies) expect(JSON.stringify(parcel).length).toBeLessThanOrEqual(MAX_PARCEL_BYTES);
  });

  it("carries the trace context of the request in the parcel", async () => {
    const ctx = createExecutionContext();
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const headers = { "Content-Type": JSON_V2, Authorization: BASIC, traceparent };
    const body = JSON.stringify({ records: [{ value: good() }] });
    const request = new Request(`https://concord.example/topics/${TOPIC}`, { method: "POST", headers, body });
    await routes.fetch(request, { ...env, EVENTS: events, DEAD_LETTERS: deadLetters }, ctx);
    await waitOnExecutionContext(ctx);
    expect(events.bodies[0]?.traceparent).toBe(traceparent);
  });
});

describe("v2 produce, dead-lettered", () => {
  const REMOVALS = "/topics/device.elt.registration.created";

  it("keeps the bytes of a key that is not UTF-8, whose tombstone names no device, not even by its base64", async () => {
    const body = { records: [{ key: "devA", value: null }] };
    const { json } = await post({ path: REMOVALS, type: BINARY_V2, body });
    expect(json.offsets[0]?.error_code).toBe(42206);
    expect(events.bodies).toEqual([]);
    expect(sentLetters()).toMatchObject([
      { failure: { reason: "empty_value" }, record: { key: "devA", keyEncoding: "base64", value: null } },
    ]);
  });

  it("takes a key as a name where neither the media type nor the value says that it is base64", async () => {
    await post({ path: REMOVALS, type: "application/json", body: { records: [{ key: "devA", value: null }] } });
    expect(sentRecords().map(({ key, keyEncoding }) => [key, keyEncoding])).toEqual([["devA", undefined]]);
    await post({ type: "application/json", body: { records: [{ key: "devA", value: base64("{}") }] } });
    expect(sentLetters()[0]?.record).toMatchObject({ key: "devA", keyEncoding: "base64" });
  });

  it.each(['"\\udc80"', '"\\ud800"', '"😀\\ud83d"'])(
    "keeps a key with half a character, escaped, as it is written: %s is not taken for bytes",
    async (key) => {
      await post({ path: REMOVALS, body: `{"records":[{"key":${key},"value":null}]}` });
      const kept = sentLetters()[0]?.record;
      expect([kept?.key, kept?.keyEncoding]).toEqual([key, undefined]);
    },
  );

  it("keeps a record that its producer has cut, with the size and hash of all of it", async () => {
    const sha256 = "0123456789abcdef".repeat(4);
    const sent = {
      partition: 70,
      offset: 9,
      key: base64("d-1"),
      value: base64("the beginn"),
      cut: { bytes: 9e6, sha256 },
    };
    const { json } = await post({ type: BINARY_V2, body: { records: [sent, { ...sent, offset: 10, value: null }] } });
    expect(json.offsets.map(({ error_code }) => error_code)).toEqual([413, 413]);
    expect(sentLetters()).toMatchObject([
      {
        failure: { reason: "too_large", bytes: 9e6, cut: { sha256, keptBytes: 10 } },
        record: { topic: TOPIC, key: "d-1", value: "the beginn", partition: 70, offset: 9 },
      },
      { failure: { reason: "too_large", cut: { keptBytes: 0 } }, record: { value: "", offset: 10 } },
    ]);
    expect(events.bodies).toEqual([]);
  });

  it("says of a small record that was not sent whole that its producer cut it", async () => {
    const cut = { bytes: 300, sha256: "0".repeat(64) };
    const { json } = await post({ body: { records: [{ value: {}, cut }] } });
    expect(json.offsets[0]?.error).toMatch(/^The record has 300 bytes, and its producer did not send all of them/);
  });

  it.each([
    ["no hash", { bytes: 1 }],
    ["a hash of another kind", { bytes: 1, sha256: "abc" }],
    ["a size below 0", { bytes: -1, sha256: "0".repeat(64) }],
    ["another member", { bytes: 1, sha256: "0".repeat(64), more: 1 }],
    ["no object", 7],
  ])("refuses a request whose cut record has %s", async (_, cut) => {
    const { response, json } = await post({ body: { records: [{ value: {}, cut }] } });
    expect(response.status).toBe(400);
    expect((json as unknown as { message: string }).message).toMatch(/^records\.0\.cut: .*Nothing was accepted\.$/);
  });

  it("answers 200 with an error for the record, and keeps the record with its issues as a dead letter", async () => {
    const bad = { ...good("e-bad"), data: { dealer: { dealerId: 7, name: "Arctic Air" } } };
    const { response, json } = await post({
      body: { records: [{ value: good() }, { value: bad }, { value: good("e-3") }] },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("X-Concord-Accepted")).toBe("2");
    expect(response.headers.get("X-Concord-Dead-Lettered")).toBe("1");
    expect(json.offsets.map(({ error_code }) => error_code)).toEqual([null, 42206, null]);
    expect(json.offsets[1]).toMatchObject({ partition: null, offset: null });
    expect(json.offsets[1]?.error).toContain("data.dealer.dealerId");
    expect(sentRecords()).toHaveLength(2);
    expect(sentLetters()).toMatchObject([
      {
        stage: "ingest",
        failure: { reason: "schema_mismatch", issues: [{ path: "data.dealer.dealerId", code: "invalid_type" }] },
        record: { topic: TOPIC, value: JSON.stringify(bad) },
        contractVersion: 1,
      },
    ]);
  });

  it.each([
    ["a topic without a contract", "device.elt.topic.unheardof", { value: good() }, 40401, "unknown_topic"],
    ["a tombstone", TOPIC, { key: "dev-1", value: null }, 42206, "empty_value"],
    [
      "an event from the future",
      TOPIC,
      { value: { ...good(), occurredAt: "2999-01-01T00:00:00Z" } },
      42206,
      "clock_skew",
    ],
  ])("keeps %s", async (_, topic, record, code, reason) => {
    const { response, json } = await post({ path: `/topics/${topic}`, body: { records: [record] } });
    expect([response.status, json.offsets[0]?.error_code]).toEqual([200, code]);
    expect(sentLetters()).toMatchObject([{ failure: { reason } }]);
    expect(sentRecords()).toEqual([]);
  });

  it("dead-letters bytes that are not JSON, and bytes that are not text", async () => {
    const body = { records: [{ value: base64("{oops") }, { value: btoa("\xff\xfe\x00") }] };
    const { json } = await post({ type: BINARY_V2, body });
    expect(json.offsets.map(({ error_code }) => error_code)).toEqual([42203, 42203]);
    expect(sentLetters().map(({ record }) => [record.value, record.encoding])).toEqual([
      ["{oops", undefined],
      [btoa("\xff\xfe\x00"), "base64"],
    ]);
  });

  it("with ?strict=1 answers 422 and sends nothing at all", async () => {
    const body = { records: [{ value: good() }, { value: {} }] };
    const { response, json } = await post({ path: `/topics/${TOPIC}?strict=1`, body });
    expect([response.status, json.error_code]).toEqual([422, 42206]);
    expect(json.message).toContain("Record 1");
    expect([events.messages, deadLetters.messages]).toEqual([[], []]);
  });
});

describe("v2 produce, refused", () => {
  it.each<[string, Partial<Post>, number, number]>([
    ["no body", { body: null }, 422, 422],
    ["an empty object", { body: {} }, 422, 422],
    ["no records", { body: { records: [] } }, 422, 422],
    ["an unknown field", { body: { foo: "bar" } }, 422, 422],
    ["records that are no list", { body: { records: "x" } }, 400, 400],
    ["a record that is no object", { body: { records: ["x"] } }, 400, 400],
    ["a binary value that is an object", { type: BINARY_V2, body: { records: [{ value: { a: 1 } }] } }, 400, 400],
    ["a binary value that is a number", { type: BINARY_V2, body: { records: [{ value: 1 }] } }, 400, 400],
    ["a binary value that is not base64", { type: BINARY_V2, body: { records: [{ value: "not base64" }] } }, 400, 400],
    ["base64 with other characters", { type: BINARY_V2, body: { records: [{ value: "@@@" }] } }, 400, 400],
    ["a body that is not JSON", { body: "{oops" }, 400, 400],
    ["a list", { body: "[]" }, 400, 400],
    ["a string", { body: '"str"' }, 400, 400],
    ["a number", { body: "5" }, 400, 400],
    ["text/plain", { type: "text/plain", body: "{}" }, 415, 415],
    ["a future version", { type: "application/vnd.kafka.v3+json", body: "{}" }, 415, 415],
    ["avro", { type: "application/vnd.kafka.avro.v2+json", body: "{}" }, 415, 415],
    ["a vendor type without a suffix", { type: "application/vnd.kafka", body: "{}" }, 415, 415],
    ["a charset that nobody knows", { type: `${JSON_V2}; charset=DEADBEEF`, body: "{}" }, 400, 400],
    ["a topic outside the grammar", { path: "/topics/Device.Elt", body: "{}" }, 404, 40401],
    ["a topic with too few segments", { path: "/topics/device.elt.dealer", body: "{}" }, 404, 40401],
    ["a partition that is no number", { path: `/topics/${TOPIC}/partitions/x`, body: "{}" }, 404, 40402],
    ["no credentials", { authorization: "", body: "{}" }, 401, 40101],
    ["wrong credentials", { authorization: `Basic ${btoa("dev:no")}`, body: "{}" }, 401, 40101],
    ["credentials that are not base64", { authorization: "Basic !!", body: "{}" }, 401, 40101],
  ])("answers %s with the proxy's code and accepts nothing", async (_, request, status, code) => {
    const { response, json } = await post({ body: "", ...request });
    expect([response.status, json.error_code]).toEqual([status, code]);
    expect(json.message).not.toBe("");
    expect([events.messages, deadLetters.messages]).toEqual([[], []]);
  });

  it("asks for Basic credentials if they are missing", async () => {
    const { response } = await post({ authorization: "", body: "{}" });
    expect(response.headers.get("WWW-Authenticate")).toContain("Basic");
  });

  it("refuses a body over the limit while reading it", async () => {
    const { response, json } = await post({ body: `{"records":[{"value":"${"x".repeat(5_000_000)}"}]}` });
    expect([response.status, json.error_code]).toEqual([413, 413]);
  });

  it("answers 503 with Retry-After if the queue takes nothing, and dead-letters nothing either", async () => {
    events.callsLeft = 0;
    const { response, json } = await post({ body: { records: [{ value: good() }, { value: {} }] } });
    expect([response.status, json.error_code]).toEqual([503, 503]);
    expect(Number(response.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(deadLetters.messages).toEqual([]);
  });

  it("reports each record that a queue that fails half-way did not take", async () => {
    events.callsLeft = 1;
    const value = { ...good(), padding: "x".repeat(50_000) };
    const { response, json } = await post({ body: { records: Array.from({ length: 8 }, () => ({ value })) } });
    expect(response.status).toBe(200);
    const codes = json.offsets.map(({ error_code }) => error_code);
    expect(codes.filter((code) => code === null)).toHaveLength(sentRecords().length);
    expect(codes.at(-1)).toBe(50003);
  });

  it("answers 503 if all records are invalid and the dead-letter queue is unavailable", async () => {
    deadLetters.callsLeft = 0;
    expect((await post({ body: { records: [{ value: {} }] } })).response.status).toBe(503);
  });

  it("asks the client to retry an invalid record whose letter the queue refused", async () => {
    deadLetters.callsLeft = 0;
    const { json } = await post({ body: { records: [{ value: good() }, { value: {} }] } });
    expect(json.offsets.map(({ error_code }) => error_code)).toEqual([null, 50003]);
  });

  it("answers 503 outside the local environment while it has the local credentials", async () => {
    const { response, json } = await post({
      body: { records: [{ value: good() }] },
      vars: { ENVIRONMENT: "production" },
    });
    expect(response.status).toBe(503);
    expect(json.message).toContain("INGEST_CREDENTIALS");
    expect(events.messages).toEqual([]);
  });
});
