import { expect } from "vitest";
import { eventText, JSON_V2, type KafkaRequest, REGISTRATIONS, T } from "../../support/rest-proxy.ts";
import { type Case, errorBody, times } from "./case.ts";

const padded = (length: number): string => JSON.stringify({ ...JSON.parse(eventText()), padding: "x".repeat(length) });

const indented = (json: string): string => JSON.stringify(JSON.parse(json), null, 2);

const sink = (body: string, type = "application/json", path = `/ingest/${T}`): KafkaRequest => ({ path, type, body });
const took = (accepted: number, ...errors: unknown[]) => ({ accepted, deadLettered: errors.length, errors });
const refused = (index: number, reason: unknown, code: number) => ({
  index,
  code,
  reason,
  message: expect.stringMatching(/\S/),
});

/** Bodies of sink connectors: one URL a topic, the value alone. */
const sinks: Case[] = [
  { id: "E1", says: "one JSON object", request: sink(eventText()), status: 200, body: took(1) },
  {
    id: "E1",
    says: "one JSON object in white space, its charset named",
    request: sink(` \t${eventText()} \r\n`, "application/json; charset=utf-8"),
    status: 200,
    body: took(1),
  },
  {
    id: "E2",
    says: "an array of objects",
    request: sink(`[${times(3, () => eventText()).join(" , ")}]`),
    status: 200,
    body: took(3),
  },
  {
    id: "E2",
    says: "an array with bad members keeps the good ones",
    request: sink(`[${eventText()},{},1,${eventText()}]`),
    status: 200,
    body: took(2, refused(1, "schema_mismatch", 42206), refused(2, "schema_mismatch", 42206)),
    headers: { "X-Concord-Accepted": "2", "X-Concord-Dead-Lettered": "2" },
  },
  {
    id: "E4",
    says: "a v2 request by a connector's prefix, separator and suffix",
    request: {
      path: `/topics/${T}`,
      type: JSON_V2,
      body: `{"records":[{"value":${eventText()}},{"value":${eventText()}}]}`,
    },
    status: 200,
    type: "application/vnd.kafka.v2+json",
    body: expect.objectContaining({ offsets: times(2, () => expect.objectContaining({ error_code: null })) }),
  },
  ...["application/x-ndjson", "application/jsonl", "application/json"].map((type) => ({
    id: "E5",
    says: `one value a line as ${type}`,
    request: sink(`${eventText()}\n${eventText()}\r\n${eventText()}\n`, type),
    status: 200,
    body: took(3),
  })),
  {
    id: "E5",
    says: "a line that is no JSON is a dead letter among its neighbours",
    request: sink(`${eventText()}\nnot json\n${eventText()}\n`, "application/x-ndjson"),
    status: 200,
    body: took(2, refused(1, "not_json", 42203)),
  },
  {
    id: "E5",
    says: "multipart is not read",
    request: sink("--b\r\n\r\n{}\r\n--b--\r\n", "multipart/mixed; boundary=b"),
    status: 415,
    body: errorBody(415),
  },
  {
    id: "E6",
    says: "poison is answered 2xx, or the connector's task fails",
    request: sink('{"no":"event"}'),
    status: 200,
    body: took(0, refused(0, "schema_mismatch", 42206)),
  },
  {
    id: "E6",
    says: "null is poison too",
    request: sink("null"),
    status: 200,
    body: took(0, refused(0, expect.any(String), 42206)),
  },
  {
    id: "E6",
    says: "a topic without a contract is kept for the day it has one",
    request: sink(eventText(), "application/json", "/ingest/device.elt.kafka.unheard"),
    status: 200,
    body: took(0, refused(0, "unknown_topic", 40401)),
  },
  {
    id: "E6",
    says: "a topic that breaks the grammar keeps nothing",
    request: sink(eventText(), "application/json", "/ingest/nope"),
    status: 404,
    body: errorBody(40401),
  },
  {
    id: "E6",
    says: "no credentials, nothing kept",
    request: { ...sink(eventText()), headers: { Authorization: "" } },
    status: 401,
    body: errorBody(40101),
  },
  {
    id: "E6",
    says: "one value that is no JSON is poison",
    request: sink('{"a":'),
    status: 200,
    body: took(0, refused(0, "not_json", 42203)),
  },
];

/** A record without a value, whose key the sink tells in a header, removes a device. */
const tombstones: Case[] = ["", "null", "\n"].map((body, i) => ({
  id: "E6",
  says: `${JSON.stringify(body)} with a key is a tombstone`,
  request: {
    path: `/ingest/${REGISTRATIONS}`,
    type: "application/json",
    headers: { "X-Kafka-Key": `e6-${i}`, "X-Kafka-Timestamp": "1795000000000" },
    body,
  },
  status: 200,
  body: took(1),
}));

/** What a sink can never get rid of by sending it again: each is a letter, and its request a 2xx. */
const never: Case[] = (
  [
    ["an empty body", "", 0, [[0, "empty_value", 42206]]],
    ["an empty line between two records", `${eventText()}\n\n${eventText()}`, 2, [[1, "empty_value", 42206]]],
    ["an empty line before a record", `\n${eventText()}`, 1, [[0, "empty_value", 42206]]],
    ["null between two records", `${eventText()}\nnull\n${eventText()}`, 2, [[1, "empty_value", 42206]]],
    ["an array that never ends", `[${eventText()},${eventText()}`, 2, []],
    ["an array that breaks off in a record", `[${eventText()},{"a":]`, 1, [[1, "not_json", 42203]]],
    ["a bracket that opens no array", "[cut", 0, [[0, "not_json", 42203]]],
    ["a record over 512 KiB", `{"a":"${"x".repeat(600_000)}"}\n${eventText()}`, 1, [[0, "too_large", 413]]],
    ["a record of 10 MB", `${eventText()}\n${"x".repeat(10_000_000)}\n${eventText()}`, 2, [[1, "too_large", 413]]],
    ["a record nested 30,000 deep", `${"[".repeat(30_000)}\n${eventText()}`, 1, [[0, "too_deep", 42206]]],
    ["a byte that is not UTF-8", Buffer.from(`{"a":"\u00ff"}\n${eventText()}`, "latin1"), 1, [[0, "not_json", 42203]]],
    ["objects with nothing between", eventText() + eventText(), 2, []],
    ["objects with a comma between", `${eventText()},${eventText()}`, 2, []],
    ["objects with a space between", `${eventText()} ${eventText()}`, 2, []],
    ["objects with RFC 7464's separator", `\u001e${eventText()}\n\u001e${eventText()}\n`, 2, []],
    ["objects over many lines", [eventText(), eventText()].map(indented).join("\n"), 2, []],
    ["objects with a byte order mark each", `\ufeff${eventText()}\n\ufeff${eventText()}`, 2, []],
    ["6 MB of records that are small", `${padded(50_000)}\n`.repeat(120), 120, []],
    ["6,000 records", `${eventText()}\n`.repeat(6_000), 6_000, []],
  ] as const
).map(([says, body, accepted, errors]) => ({
  id: "E6",
  says,
  request: { path: `/ingest/${T}`, type: "application/json", body },
  status: 200,
  body: took(accepted, ...errors.map(([index, reason, code]) => refused(index, reason, code))),
}));

const attributes = '"specversion":"1.0","id":"ce-1","source":"/elt","type":"t"';
const event = (members = `"data":${eventText()}`): string => `{${attributes},${members}}`;
const bare = `"time":"2026-11-01T08:00:00Z","subject":"ce-1","data":{"data":${JSON.stringify(JSON.parse(eventText()).data)}}`;
const EVENT = "application/cloudevents+json";
const BATCH = "application/cloudevents-batch+json";
const inHeaders = { "ce-specversion": "1.0", "ce-id": "ce-1", "ce-source": "/elt", "ce-type": "t" };
const binary = (headers: Record<string, string>, body = eventText(), type = "application/json"): KafkaRequest => ({
  ...sink(body, type),
  headers,
});

/** CloudEvents 1.0 in the three modes of its HTTP binding. A broken one is a letter, like all that a sink sends. */
const cloudEvents: Case[] = (
  [
    ["one event", sink(event(), EVENT), 1, []],
    ["one event, its charset named", sink(event(), `${EVENT}; charset=UTF-8`), 1, []],
    ["one event whose attributes say what its data lacks", sink(event(bare), EVENT), 1, []],
    ["one event with its data in base64", sink(event(`"data_base64":"${btoa(eventText())}"`), EVENT), 1, []],
    ["a batch of events", sink(`[${event()},${event()}]`, BATCH), 2, []],
    ["a batch of none", sink("[]", BATCH), 0, []],
    ["events, one a line", sink(`${event()}\n${event()}`, EVENT), 2, []],
    ["an event in headers", binary(inHeaders), 1, []],
    ["an event in headers, as text", binary(inHeaders, eventText(), "text/plain"), 1, []],
    ["no specversion", sink(event().replace('"specversion":"1.0",', ""), EVENT), 0, [[0, "schema_mismatch", 42206]]],
    ["no id", sink(event().replace('"id":"ce-1",', ""), EVENT), 0, [[0, "schema_mismatch", 42206]]],
    ["data that is no object", sink(event('"data":[1]'), EVENT), 0, [[0, "schema_mismatch", 42206]]],
    ["a batch with a broken event", sink(`[${event()},{"id":"x"}]`, BATCH), 1, [[1, "schema_mismatch", 42206]]],
    ["an event that is no JSON", sink("{cut", EVENT), 0, [[0, "not_json", 42203]]],
    ["no event", sink("", EVENT), 0, [[0, "empty_value", 42206]]],
    ["headers without an id", binary({ ...inHeaders, "ce-id": "" }), 0, [[0, "schema_mismatch", 42206]]],
    ["headers over a body that is no object", binary(inHeaders, "[7]"), 0, [[0, "schema_mismatch", 42206]]],
  ] as const
).map(([says, request, accepted, errors]) => ({
  id: "cloudevents",
  says,
  request,
  status: 200,
  body: took(accepted, ...errors.map(([index, reason, code]) => refused(index, reason, code))),
}));

export const SINK_CASES: Case[] = [...sinks, ...tombstones, ...never, ...cloudEvents].map((each) => ({
  type: "application/json",
  ...each,
}));

export const SINK_EXCUSED: Readonly<Record<string, string>> = {
  E7: "Overload (429, 503) wants a queue that is out of reach, and a rate limiter with a clock of its own: unit tests.",
  E8: "The same rule as E7, seen from Redpanda Connect.",
};
