import { expect } from "vitest";
import { basic, eventText, REGISTRATIONS, T } from "../../support/rest-proxy.ts";
import { type Case, errorBody, number, times } from "./case.ts";
import { batches } from "./cases-v3-batch.ts";
import {
  badRequest,
  bytes,
  deadLettered,
  embedded,
  failed,
  good,
  JSON_TYPE,
  json,
  noPartition,
  receipt,
  recordsOf,
  sized,
  stream,
  text,
  tooLarge,
} from "./v3-requests.ts";

const success: Case[] = [
  {
    id: "C1",
    says: "base64 is sized by its bytes",
    request: stream(good(`"key":${bytes("foo")}`, bytes(eventText(T, "c-1")))),
    status: 200,
    receipts: [receipt({ key: sized("BINARY", 3), value: sized("BINARY", eventText(T, "c-1").length) })],
  },
  {
    id: "C2",
    says: "a tombstone comes as null bytes",
    request: stream(`{"key":${bytes("c2")},"value":${embedded("BINARY", "null")}}`, recordsOf(REGISTRATIONS)),
    status: 200,
    receipts: [receipt({ topic_name: REGISTRATIONS, key: sized("BINARY", 2) })],
  },
  {
    id: "C2",
    says: "null bytes on any other topic become a dead letter",
    request: stream(`{"key":${bytes("c2")},"value":${embedded("BINARY", "null")}}`),
    status: 200,
    receipts: [deadLettered],
  },
  {
    id: "C3",
    says: "a key that is a number and a value that is no base64",
    request: stream(`{"key":${embedded("BINARY", "1")},"value":${embedded("BINARY", '"fooba"')}}`),
    status: 200,
    receipts: [failed(400, expect.stringMatching(/^Bad Request: data=1 is not a base64 string\./))],
  },
  {
    id: "C3",
    says: "a value that is no base64",
    request: stream(`{"value":${embedded("BINARY", '"fooba"')}}`),
    status: 200,
    receipts: [badRequest('data="?fooba"? is not a base64 string')],
  },
  {
    id: "C4",
    says: "text is sized by its bytes in UTF-8",
    request: stream(good(`"key":${text("schlüssel")}`, text(eventText()))),
    status: 200,
    receipts: [receipt({ key: sized("STRING", 10), value: sized("STRING") })],
  },
  {
    id: "C6",
    says: "a tombstone comes as a null string",
    request: stream(`{"key":${text("c6")},"value":${embedded("STRING", "null")}}`, recordsOf(REGISTRATIONS)),
    status: 200,
    receipts: [receipt({ topic_name: REGISTRATIONS, key: sized("STRING", 2) })],
  },
  {
    id: "C8",
    says: "any JSON is taken, and what its contract refuses becomes a dead letter",
    request: stream([good(), ...['"x"', "1", "true", "[]", "{}"].map((value) => good("", json(value)))].join("")),
    status: 200,
    receipts: [receipt({ value: sized("JSON") }), ...times(5, () => deadLettered)],
  },
  {
    id: "C8",
    says: "a tombstone comes as JSON null",
    request: stream(`{"key":${json('"c8"')},"value":${json("null")}}`, recordsOf(REGISTRATIONS)),
    status: 200,
    receipts: [receipt({ topic_name: REGISTRATIONS })],
  },
  {
    id: "C9",
    says: "a member that the proxy does not know",
    request: stream('{"records":{"subject":"x"}}'),
    status: 200,
    receipts: [badRequest('Unrecognized field "records"')],
  },
  {
    id: "C10",
    says: "UTF-8 may be named",
    request: stream(good(), recordsOf(T), "application/json; charset=UTF-8"),
    status: 200,
    receipts: [receipt()],
  },
  {
    id: "C12",
    says: "a charset that is not UTF-8",
    request: stream(good(), recordsOf(T), "application/json; charset=DEADBEEF"),
    status: 400,
    body: errorBody(400),
  },
  {
    id: "C13",
    says: "the receipt names the partition that was asked for",
    request: stream(good('"partition_id":1') + good('"partition_id":63')),
    status: 200,
    receipts: [receipt({ partition_id: 1 }), receipt({ partition_id: 63 })],
  },
  {
    id: "C14",
    says: "partitions that are not there",
    request: stream(good('"partition_id":-1') + good('"partition_id":64') + good()),
    status: 200,
    receipts: [noPartition, noPartition, receipt()],
  },
  {
    id: "C15",
    says: "a timestamp is the record's",
    request: stream(good('"timestamp":"2026-11-01T12:00:00.123+01:00"')),
    status: 200,
    receipts: [receipt({ timestamp: "2026-11-01T11:00:00.123Z" })],
  },
  {
    id: "C17",
    says: "a header whose value is no base64",
    request: stream(
      good('"headers":[{"name":"h","value":"@"}]') + good('"headers":[{"name":"h","value":null}]') + good(),
    ),
    status: 200,
    receipts: [badRequest(), receipt(), receipt()],
  },
  {
    id: "C18",
    says: "a record with nothing but a key has no value in its receipt",
    request: stream(`{"key":${text("c18")}}`, recordsOf(REGISTRATIONS)),
    status: 200,
    receipts: [expect.not.objectContaining({ value: expect.anything() })],
  },
  {
    id: "C18",
    says: "a record with nothing but a value has no key in its receipt",
    request: stream(good()),
    status: 200,
    receipts: [expect.not.objectContaining({ key: expect.anything() })],
  },
  {
    id: "C19",
    says: "a record of nothing becomes a dead letter",
    request: stream("{}"),
    status: 200,
    receipts: [deadLettered],
  },
  {
    id: "C20",
    says: "100 objects without a separator get 100 receipts",
    request: stream(times(100, (i) => good(`"partition_id":${i % 64}`)).join("")),
    status: 200,
    receipts: times(100, (i) => receipt({ partition_id: i % 64 })),
  },
  {
    id: "C20",
    says: "objects may stand apart by any white space",
    request: stream(["", good(), good(), good(), good(), ""].join(" \r\n\t")),
    status: 200,
    receipts: times(4, () => receipt()),
  },
  {
    id: "C21",
    says: "100 bad objects get 100 receipts and the stream goes on",
    request: stream(times(100, () => `{"value":${embedded("BINARY", '"fooba"')}}`).join("") + good()),
    status: 200,
    receipts: [...times(100, () => badRequest()), receipt()],
  },
  {
    id: "C26",
    says: "a first record over the limit ends the stream",
    request: stream(good("", text("x".repeat(70_000))) + good() + good()),
    status: 200,
    receipts: [tooLarge],
  },
  {
    id: "C26",
    says: "what came before a record over the limit is kept",
    request: stream(good() + good("", json(`"${"x".repeat(70_000)}"`)) + good()),
    status: 200,
    receipts: [receipt(), tooLarge],
  },
  {
    id: "C28",
    says: "ten records get ten receipts",
    request: stream(times(10, () => good()).join("\n")),
    status: 200,
    receipts: times(10, () => receipt()),
  },
  {
    id: "C30",
    says: "no body",
    request: { path: recordsOf(T), type: JSON_TYPE },
    status: 422,
    body: errorBody(42206, "Payload error. Request body is empty. Data is required."),
  },
  ...["text/plain", "application/vnd.kafka.json.v2+json", "application/x-ndjson", ""].map((type) => ({
    id: "C31",
    says: `a body of type "${type}"`,
    request: stream(good(), recordsOf(T), type),
    status: 415,
    body: errorBody(415),
  })),
  {
    id: "C32",
    says: "a type together with a schema",
    request: stream(
      ['"schema":"{}"', '"schema_id":1', '"subject":"s"', '"schema_version":1', '"subject_name_strategy":"TOPIC_NAME"']
        .flatMap((member) =>
          ["BINARY", "STRING", "JSON"].map((type) => `{"value":{"type":"${type}",${member},"data":"Zm9v"}}`),
        )
        .join(""),
    ),
    status: 200,
    receipts: times(15, () => badRequest()),
  },
  {
    id: "C33",
    says: "data that only a schema can read",
    request: stream(
      [
        '{"value":{"type":"AVRO","schema":"{\\"type\\":\\"int\\"}","data":1}}',
        '{"value":{"type":"PROTOBUF","schema_id":1,"data":{}}}',
        '{"value":{"type":"JSONSCHEMA","schema":"{}","data":{}}}',
        '{"value":{"schema_id":1,"data":1}}',
        '{"value":{"data":1}}',
      ].join(""),
    ),
    status: 200,
    receipts: times(5, () => failed(422, expect.stringMatching(/^Error: 42206 : Payload error\./))),
  },
  {
    id: "C36",
    says: "records may be sent to any cluster, under either prefix",
    request: stream(good(), `/kafka${recordsOf(T, "lkc-0xyz")}`),
    status: 200,
    receipts: [receipt({ cluster_id: expect.any(String) })],
  },
  {
    id: "C36",
    says: "another cluster is not described",
    request: { method: "GET", path: "/v3/clusters/other" },
    status: 404,
    body: errorBody(number),
  },
];

const rules: Case[] = [
  {
    id: "malformed",
    says: "what is no JSON ends the stream with one receipt",
    request: stream(`${good()}{"value":tru}${good()}`),
    status: 200,
    receipts: [receipt(), badRequest()],
  },
  {
    id: "malformed",
    says: "an object that is cut off",
    request: stream(`${good()}{"value":`),
    status: 200,
    receipts: [receipt(), badRequest()],
  },
  {
    id: "malformed",
    says: "a stream that ends within a character",
    request: { ...stream(""), body: Buffer.concat([Buffer.from(good()), Buffer.of(0xc3)]) },
    status: 200,
    receipts: [receipt(), badRequest()],
  },
  {
    id: "malformed",
    says: "something between the objects",
    request: stream(`${good()},${good()}`),
    status: 200,
    receipts: [receipt(), badRequest()],
  },
  {
    id: "topic",
    says: "a topic that breaks the grammar",
    request: stream(good(), recordsOf("nope")),
    status: 404,
    body: errorBody(40401),
  },
  {
    id: "topic",
    says: "a topic without a contract is kept for the day it has one",
    request: stream(good(), recordsOf("device.elt.kafka.unheard")),
    status: 200,
    receipts: [failed(40401, expect.stringMatching(/kept as a dead letter/))],
  },
  {
    id: "credentials",
    says: "a client that may not write the topic",
    request: {
      ...stream(good(), recordsOf("device.ecobee.status.reported")),
      headers: { Authorization: basic("elt-bridge:s3cret") },
    },
    status: 403,
    body: errorBody(40301),
  },
  {
    id: "credentials",
    says: "no credentials",
    request: { ...stream(good()), headers: { Authorization: "" } },
    status: 401,
    body: errorBody(40101),
    headers: { "WWW-Authenticate": expect.stringMatching(/Basic/) },
  },
  {
    id: "limits",
    says: "a value nested deeper than 32 is kept",
    request: stream(good("", json(`${"[".repeat(40)}${"]".repeat(40)}`))),
    status: 200,
    receipts: [deadLettered],
  },
  {
    id: "limits",
    says: "a record of 65 headers is kept",
    request: stream(good(`"headers":[${times(65, (i) => `{"name":"h${i}","value":""}`).join()}]`) + good()),
    status: 200,
    receipts: [deadLettered, receipt()],
  },
];

export const V3_CASES: Case[] = [...success, ...rules, ...batches].map((each) => ({ type: JSON_TYPE, ...each }));

export const V3_EXCUSED: Readonly<Record<string, string>> = {
  C22: "Rate limits want a clock of their own: a unit test beside the limiter.",
  C23: "Rate limits want a clock of their own: a unit test beside the limiter.",
  C25: "A body that fails while it is read takes its connection along, so nobody is left to read the receipt.",
  C29: "The limit is longer than a test; a unit test shortens it.",
};

/** Tested where the bytes on the wire matter: clients.test.ts. */
export const V3_STREAMED = ["C34", "C35"];
