import { deflateSync, gzipSync } from "node:zlib";
import { expect } from "vitest";
import { CONTRACTS } from "../../../src/shared/contracts/index.ts";
import {
  BINARY_V2,
  base64,
  basic,
  eventText,
  JSON_V2,
  type KafkaRequest,
  REGISTRATIONS,
  T,
  V2,
} from "../../support/rest-proxy.ts";
import { type Case, errorBody, number, times } from "./case.ts";

const produce = (type: string, records: readonly string[], to = `/topics/${T}`): KafkaRequest => ({
  path: to,
  type,
  body: `{"records":[${records.join()}]}`,
});
const json = (records: readonly string[], to?: string) => produce(JSON_V2, records, to);
const binary = (records: readonly string[], to?: string) => produce(BINARY_V2, records, to);
const body = (text: string, type = JSON_V2): KafkaRequest => ({ path: `/topics/${T}`, type, body: text });
const as = (request: KafkaRequest, headers: Record<string, string>): KafkaRequest => ({ ...request, headers });

/** A record with a value that keeps its contract, and the members given. */
const good = (members = ""): string => `{${members && `${members},`}"value":${eventText()}}`;
const goodBinary = (members = ""): string => `{${members && `${members},`}"value":"${base64(eventText())}"}`;
const tombstone = (deviceId: string, members = ""): string =>
  `{${members && `${members},`}"key":"${base64(deviceId)}","value":null}`;
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

const taken = (partition = 0) => ({ partition, offset: number, error_code: null, error: null });
const failed = (error_code: number, error: unknown = expect.any(String)) => ({
  partition: null,
  offset: null,
  error_code,
  error,
});
const kept = expect.stringMatching(/kept as a dead letter/);
const produced = (...offsets: unknown[]) => ({ offsets, key_schema_id: null, value_schema_id: null });
const counts = (accepted: number, deadLettered: number) => ({
  "X-Concord-Accepted": String(accepted),
  "X-Concord-Dead-Lettered": String(deadLettered),
});

/** Six values as JsonProducerTest sends them; no contract knows one of them. */
const SIX_VALUES = ['"string"', "null", "53.4", "45", '{"member":null}', '["string",null,53.4,45,{"member":null}]'];

const success: Case[] = [
  {
    id: "A1",
    says: "six records without a key get six offsets in their order",
    request: json(times(6, () => good('"key":null,"partition":0'))),
    status: 200,
    body: produced(...times(6, () => taken(0))),
    headers: counts(6, 0),
  },
  {
    id: "A1",
    says: "any JSON value is taken, and what its contract refuses becomes a dead letter",
    request: json(SIX_VALUES.map((value) => `{"key":null,"value":${value},"partition":0}`)),
    status: 200,
    body: produced(...SIX_VALUES.map(() => failed(42206))),
    headers: counts(0, 6),
  },
  {
    id: "A2",
    says: "records with a key are taken",
    request: json(times(6, () => good('"key":"key"'))),
    status: 200,
    body: produced(...times(6, () => taken())),
  },
  {
    id: "A3",
    says: "keys and values come as base64",
    request: binary(times(4, () => goodBinary(`"key":"${base64("key")}"`))),
    status: 200,
    body: produced(...times(4, () => taken())),
  },
  {
    id: "A4",
    says: "each offset names the partition that was asked for",
    request: binary([0, 1, 1, 2].map((partition) => goodBinary(`"partition":${partition}`))),
    status: 200,
    body: produced(taken(0), taken(1), taken(1), taken(2)),
  },
  {
    id: "A5",
    says: "a tombstone of a device is taken",
    request: binary(
      times(3, (i) => tombstone(`a5-${i}`)),
      `/topics/${REGISTRATIONS}`,
    ),
    status: 200,
    body: produced(taken(), taken(), taken()),
    headers: counts(3, 0),
  },
  {
    id: "A5",
    says: "a tombstone on any other topic, or without a device, becomes a dead letter",
    request: binary([tombstone("a5-x"), '{"value":null}', "{}"]),
    status: 200,
    body: produced(failed(42206), failed(42206), failed(42206)),
    headers: counts(0, 3),
  },
  {
    id: "A6",
    says: "records go to the partition in the path, values only",
    request: binary(
      times(4, () => goodBinary()),
      `/topics/${T}/partitions/0`,
    ),
    status: 200,
    body: produced(...times(4, () => taken(0))),
  },
  {
    id: "A6",
    says: "records go to the partition in the path, with keys",
    request: binary([goodBinary(`"key":"${base64("key")}"`)], `/topics/${T}/partitions/3`),
    status: 200,
    body: produced(taken(3)),
  },
  {
    id: "A6",
    says: "tombstones go to the partition in the path",
    request: binary([tombstone("a6-0"), tombstone("a6-1")], `/topics/${REGISTRATIONS}/partitions/0`),
    status: 200,
    body: produced(taken(0), taken(0)),
    headers: counts(2, 0),
  },
  {
    id: "A7",
    says: "the type that the proxy answers in may be asked for",
    request: as(binary([goodBinary(`"key":"${base64("key")}"`), goodBinary()]), { Accept: V2 }),
    status: 200,
    body: produced(taken(), taken()),
  },
  { id: "A8", says: "a JSON object goes to a topic", request: json([good()]), status: 200, body: produced(taken()) },
  {
    id: "A8",
    says: "a JSON object goes to a partition",
    request: json([good()], `/topics/${T}/partitions/0`),
    status: 200,
    body: produced(taken(0)),
  },
  {
    id: "A8",
    says: "bytes that are no JSON become a dead letter",
    request: binary(['{"value":"Zm9vCg=="}']),
    status: 200,
    body: produced(failed(42203)),
    headers: counts(0, 1),
  },
  ...[
    "application/vnd.kafka.v1+json",
    "application/vnd.kafka.binary.v1+json",
    "application/vnd.kafka+json",
    "application/json",
    "application/octet-stream",
    "application/vnd.kafka.v2+json",
    "Application/VND.Kafka.Binary.V2+JSON",
  ].map((type) => ({
    id: "A9",
    says: `${type} carries base64`,
    request: produce(type, [goodBinary()]),
    status: 200,
    body: produced(taken()),
  })),
  {
    id: "A11",
    says: "null keys and partitions are none, and a list of types may be accepted",
    request: as(produce("application/vnd.kafka.v1+json", [goodBinary('"key":null,"partition":null')]), {
      Accept: "application/vnd.kafka.v1+json, application/vnd.kafka+json; q=0.9, application/json; q=0.8",
    }),
    status: 200,
    type: "application/vnd.kafka.v1+json",
    body: produced(taken()),
  },
  {
    id: "A12",
    says: "two messages of the npm client get two offsets",
    request: produce(
      "application/vnd.kafka.v1+json",
      times(2, () => goodBinary('"key":null,"partition":null')),
    ),
    status: 200,
    body: produced(taken(), taken()),
  },
  {
    id: "A13",
    says: "the npm client names the partition in the path only",
    request: produce("application/vnd.kafka.v1+json", [goodBinary('"key":null')], `/topics/${T}/partitions/0`),
    status: 200,
    body: produced(taken(0)),
  },
  {
    id: "A14",
    says: "syslog-ng sends keys with JSON objects, and its credentials as Basic",
    request: as(json(times(3, () => good('"key":"dev1"'))), {
      Authorization: basic("dev:dev"),
      "User-Agent": "syslog-ng 4.8.2/libcurl 8.14.1",
    }),
    status: 200,
    body: produced(taken(), taken(), taken()),
  },
  {
    id: "A15",
    says: "fluent-bit gets exactly 200 and a body, for good records and for bad ones",
    request: as(json([good('"partition":1,"key":"k"'), '{"value":{"@timestamp":1700000000.1,"log":"line"}}']), {
      "User-Agent": "Fluent-Bit",
    }),
    status: 200,
    body: produced(taken(1), failed(42206)),
    headers: counts(1, 1),
  },
  {
    id: "A16",
    says: "an object under a type without a format is JSON, as rsyslog sends it",
    request: produce("application/vnd.kafka.v1+json", [good(), good()]),
    status: 200,
    body: produced(taken(), taken()),
  },
  {
    id: "A18",
    says: "failed records stand among the good ones in their order",
    request: json([good(), '{"value":{}}', good('"partition":63'), '{"value":1}']),
    status: 200,
    body: produced(taken(), failed(42206), taken(63), failed(42206)),
    headers: counts(2, 2),
  },
  {
    id: "A19",
    says: "an asynchronous produce is answered without a body",
    request: json([good(), '{"value":{}}'], `/topics/${T}?async=true`),
    status: 204,
    type: "",
    headers: counts(1, 1),
  },
  {
    id: "A20",
    says: "a timestamp and headers may come along",
    request: json([good(`"timestamp":1700000000000,"headers":[{"key":"h","value":"${base64("v")}"},{"key":"empty"}]`)]),
    status: 200,
    body: produced(taken()),
  },
  {
    id: "A21",
    says: "a JSON schema that comes along is ignored and its id is echoed",
    request: body(
      `{"value_schema_id":7,"key_schema_id":8,"records":[${good()}]}`,
      "application/vnd.kafka.jsonschema.v2+json",
    ),
    status: 200,
    body: { offsets: [taken()], key_schema_id: 8, value_schema_id: 7 },
  },
  {
    id: "A21",
    says: "a JSON schema may come as text",
    request: body(
      `{"value_schema":"{\\"type\\":\\"object\\"}","records":[${good()}]}`,
      "application/vnd.kafka.jsonschema.v2+json",
    ),
    status: 200,
    body: expect.objectContaining({ offsets: [taken()] }),
  },
  ...["avro", "protobuf"].map((format) => ({
    id: "A21",
    says: `${format} is not read`,
    request: body(`{"value_schema":"{}","records":[{"value":{"f":1}}]}`, `application/vnd.kafka.${format}.v2+json`),
    status: 415,
    body: errorBody(415),
  })),
];

const failures: Case[] = [
  {
    id: "B1",
    says: "no body as JSON",
    request: { path: `/topics/${T}`, type: JSON_V2 },
    status: 422,
    body: errorBody(number),
  },
  {
    id: "B1",
    says: "no body as binary",
    request: { path: `/topics/${T}`, type: BINARY_V2 },
    status: 422,
    body: errorBody(number),
  },
  { id: "B2", says: "an empty object", request: body("{}", BINARY_V2), status: 422, body: errorBody(422) },
  { id: "B3", says: "no records", request: body('{"records":[]}'), status: 422, body: errorBody(422) },
  {
    id: "B4",
    says: "a member that the proxy does not know",
    request: body('{"foo":"bar"}'),
    status: 422,
    body: errorBody(422, expect.stringMatching(/^Unrecognized field: foo/)),
  },
  { id: "B6", says: "records that are no array", request: body('{"records":"x"}'), status: 400, body: errorBody(400) },
  {
    id: "B7",
    says: "a record that is no object",
    request: body('{"records":["x"]}'),
    status: 400,
    body: errorBody(400),
  },
  ...['{"a":1}', "1"].map((value) => ({
    id: "B8",
    says: `a binary value of ${value}`,
    request: binary([`{"value":${value}}`]),
    status: 400,
    body: errorBody(400, expect.stringMatching(/^data=.* is not a base64 string/)),
  })),
  ...["not base64", "@@@", "Zm9v=", "Zm9", "Zg=a"].map((value) => ({
    id: "B9",
    says: `a binary value of "${value}"`,
    request: binary([goodBinary(), `{"value":"${value}"}`]),
    status: 400,
    body: errorBody(400),
  })),
  ...["not json", '{"records":', '{"records":[{"value":1}]}x', "\u0000", "{'records':[]}"].map((text) => ({
    id: "B10",
    says: `a body of ${JSON.stringify(text)}`,
    request: body(text),
    status: 400,
    body: errorBody(400),
  })),
  {
    id: "B10",
    says: "a body that is not UTF-8",
    request: { ...body(""), body: Uint8Array.of(123, 34, 255, 34) },
    status: 400,
    body: errorBody(400),
  },
  ...["[]", '"str"', "5", "null", "true"].map((text) => ({
    id: "B11",
    says: `a body of ${text}`,
    request: body(text),
    status: 400,
    body: errorBody(400),
  })),
  ...[
    "text/plain",
    "application/vnd.kafka.v3+json",
    "application/vnd.kafka.avro.v0",
    "bar/baz",
    "application/vnd.kafka",
    "application/vnd.kafka.json.v3+json",
    "",
  ].map((type) => ({
    id: "B12",
    says: `a body of type "${type}"`,
    request: { ...json([good()]), type },
    status: 415,
    body: errorBody(415, expect.stringMatching(/^HTTP 415 Unsupported Media Type/)),
  })),
  {
    id: "B14",
    says: "a charset that is not UTF-8",
    request: { ...json([good()]), type: `${JSON_V2}; charset=DEADBEEF` },
    status: 400,
    body: errorBody(400),
  },
  {
    id: "B14",
    says: "UTF-8 named as the charset is taken",
    request: { ...json([good()]), type: `${JSON_V2}; charset="UTF-8"` },
    status: 200,
    body: produced(taken()),
  },
  {
    id: "B16",
    says: "a body over the limit",
    request: body(`{"records":[${good()}]${" ".repeat(4 * 1024 * 1024)}}`),
    status: 413,
    body: errorBody(413),
  },
  ...[
    "nope",
    "device.elt.dealer",
    "Device.elt.dealer.assigned",
    "device.elt.dealer.assigned.x",
    `device.elt.a.${"b".repeat(250)}`,
    "device.elt.dealer.%00",
  ].map((topic) => ({
    id: "B17",
    says: `a topic that breaks the grammar, ${topic.slice(0, 30)}`,
    request: json([good()], `/topics/${topic}`),
    status: 404,
    body: errorBody(40401),
  })),
  {
    id: "B17",
    says: "a topic without a contract is kept for the day it has one",
    request: json([good(), "{}"], "/topics/device.elt.kafka.unheard"),
    status: 200,
    body: produced(failed(40401), failed(40401)),
    headers: counts(0, 2),
  },
  ...["77", "64", "-1", "x", "1e1", "99999999999"].map((partition) => ({
    id: "B18",
    says: `partition ${partition} in the path`,
    request: json([good()], `/topics/${T}/partitions/${partition}`),
    status: 404,
    body: errorBody(40402),
  })),
  {
    id: "B20",
    says: "a record for a partition that is not there is refused alone",
    request: json([
      good(),
      good('"partition":99'),
      good('"partition":64'),
      good('"partition":-1'),
      good('"partition":63'),
    ]),
    status: 200,
    body: produced(taken(), failed(40402), failed(40402), failed(40402), taken(63)),
    headers: counts(2, 0),
  },
  {
    id: "B21",
    says: "a client that may not write the topic reads so, before its body is read",
    request: as(json([good(), good()], "/topics/device.ecobee.status.reported"), {
      Authorization: basic("elt-bridge:s3cret"),
    }),
    status: 403,
    body: errorBody(40301),
  },
  {
    id: "B21",
    says: "that client writes its own topics",
    request: as(json([good()]), { Authorization: basic("elt-bridge:s3cret") }),
    status: 200,
    body: produced(taken()),
  },
  {
    id: "B21",
    says: "its own topics are not those whose names begin alike",
    request: as(json([good()], "/topics/device.eltx.status.reported"), { Authorization: basic("elt-bridge:s3cret") }),
    status: 403,
    body: errorBody(40301),
  },
  ...[
    ["no credentials", ""],
    ["a wrong secret", basic("dev:nope")],
    ["an unknown client", basic("nobody:dev")],
    ["something that is no base64", "Basic ***"],
    ["an unknown scheme", "Digest username=dev"],
    ["a wrong bearer", "Bearer dev.nope"],
  ].map(([what, authorization]) => ({
    id: "B22",
    says: `${what}`,
    request: as(json([good()]), { Authorization: authorization as string }),
    status: 401,
    body: errorBody(40101),
    headers: { "WWW-Authenticate": expect.stringMatching(/Basic/) },
  })),
  {
    id: "B22",
    says: "the secret may come as a bearer token",
    request: as(json([good()]), { Authorization: "Bearer dev.dev" }),
    status: 200,
    body: produced(taken()),
  },
  {
    id: "B27",
    says: "an unknown topic is looked up",
    request: { method: "GET", path: "/topics/unknown" },
    status: 404,
    body: errorBody(40401, "Topic not found."),
  },
  {
    id: "B28",
    says: "the topics are listed",
    request: { method: "GET", path: "/topics" },
    status: 200,
    body: CONTRACTS.map(({ topic }) => topic),
  },
];

/** What the rules and limits of this server add to the tables. */
const limits: Case[] = [
  {
    id: "strict",
    says: "a strict request with one bad record keeps none",
    request: json([good(), '{"value":{}}'], `/topics/${T}?strict=1`),
    status: 422,
    body: errorBody(42206),
  },
  {
    id: "accept",
    says: "an answer in HTML",
    request: as(json([good()]), { Accept: "text/html" }),
    status: 406,
    body: errorBody(40601),
  },
  {
    id: "accept",
    says: "an answer in anything",
    request: as(json([good()]), { Accept: "text/html, */*;q=0.1" }),
    status: 200,
    body: produced(taken()),
  },
  {
    id: "limits",
    says: "5,001 records",
    request: json(times(5_001, () => '{"value":1}')),
    status: 413,
    body: errorBody(413),
  },
  {
    id: "limits",
    says: "a record over 64 KiB is kept, and its neighbours are accepted",
    request: json([good(), `{"value":"${"x".repeat(70_000)}"}`, `{"value":"${"x".repeat(300_000)}"}`, good()]),
    status: 200,
    body: produced(taken(), failed(413, kept), failed(413, kept), taken()),
    headers: counts(2, 2),
  },
  {
    id: "limits",
    says: "a record over 512 KiB, which is named",
    request: json([good(), good(), `{"value":"${"x".repeat(530_000)}"}`]),
    status: 413,
    body: errorBody(413, expect.stringMatching(/\b2\b/)),
  },
  {
    id: "limits",
    says: "a value nested deeper than 32 is kept",
    request: json([`{"value":${nested(40)}}`]),
    status: 200,
    body: produced(failed(42206, kept)),
  },
  {
    id: "limits",
    says: "a body nested deeper than any parser",
    request: body("[".repeat(1_000_000)),
    status: 400,
    body: errorBody(400),
  },
  {
    id: "limits",
    says: "a value nested 20 deep is only no event",
    request: json([`{"value":${nested(20)}}`]),
    status: 200,
    body: produced(failed(42206)),
  },
  {
    id: "limits",
    says: "a record of 65 headers is kept",
    request: json([good(`"headers":[${times(65, (i) => `{"key":"h${i}","value":""}`).join()}]`)]),
    status: 200,
    body: produced(failed(42206, kept)),
  },
  {
    id: "encoding",
    says: "gzip",
    request: encoded(gzipSync, "gzip"),
    status: 200,
    body: produced(taken()),
  },
  { id: "encoding", says: "deflate", request: encoded(deflateSync, "deflate"), status: 200, body: produced(taken()) },
  {
    id: "encoding",
    says: "an encoding that is not read",
    request: encoded(Buffer.from, "br"),
    status: 415,
    body: errorBody(415),
  },
  {
    id: "encoding",
    says: "gzip that is none",
    request: encoded(Buffer.from, "gzip"),
    status: 400,
    body: errorBody(400),
  },
  {
    id: "encoding",
    says: "gzip that was cut off",
    request: encoded((text) => gzipSync(text).subarray(0, -12), "gzip"),
    status: 400,
    body: errorBody(400),
  },
  {
    id: "encoding",
    says: "gzip that inflates past the limit",
    request: encoded((text) => gzipSync(text + " ".repeat(9 * 1024 * 1024)), "gzip"),
    status: 413,
    body: errorBody(413),
  },
];

function encoded(encode: (text: string) => Uint8Array, encoding: string): KafkaRequest {
  const { body: text, ...request } = json([good()]);
  return { ...request, headers: { "Content-Encoding": encoding }, body: encode(text as string) };
}

export const V2_CASES: Case[] = [...success, ...failures, ...limits].map((each) => ({ type: V2, ...each }));

/** Rows that no request over HTTP can bring about, or that are about something else than this server. */
export const V2_EXCUSED: Readonly<Record<string, string>> = {
  B15: "A JSON schema that comes along is ignored, so none is missing; A21 sends one and none.",
  B23: "A queue that refuses for good has to be a fake: test/workers/ingest.",
  B24: "A queue that takes some records only has to be a fake: test/workers/ingest.",
  B25: "An unexpected exception is a bug of ours; fuzz.test.ts looks for one.",
  B26: "A queue that is out of reach has to be a fake: test/workers/ingest.",
};
