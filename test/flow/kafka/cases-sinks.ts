import { expect } from "vitest";
import { eventText, JSON_V2, type KafkaRequest, T } from "../../support/rest-proxy.ts";
import { type Case, errorBody, number, times } from "./case.ts";

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
    request: sink(`\r\n ${eventText()}\n`, "application/json; charset=utf-8"),
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
    request: sink(`${eventText()}\n${eventText()}\r\n\n${eventText()}`, type),
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
    says: "an empty body keeps nothing",
    request: { path: `/ingest/${T}`, type: "application/json" },
    status: 422,
    body: errorBody(number),
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
  {
    id: "E6",
    says: "a broken array cannot be cut into records and keeps nothing",
    request: sink(`[${eventText()},{"a":]`),
    status: 400,
    body: errorBody(400),
  },
];

export const SINK_CASES: Case[] = sinks.map((each) => ({ type: "application/json", ...each }));

export const SINK_EXCUSED: Readonly<Record<string, string>> = {
  E7: "Overload (429, 503) wants a queue that is out of reach, and a rate limiter with a clock of its own: unit tests.",
  E8: "The same rule as E7, seen from Redpanda Connect.",
};
