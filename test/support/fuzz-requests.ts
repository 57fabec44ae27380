import { deflateSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import {
  cloudEvent,
  goodEvent,
  integer,
  members,
  mostly,
  oddJson,
  oneOf,
  sinkPoison,
  v2Record,
  v3Members,
  v3Record,
  value,
} from "./fuzz-bodies.ts";
import { basic, JSON_V2, REGISTRATIONS, T } from "./rest-proxy.ts";

/** A request that is nearly valid, or bytes that are hardly a request. Each character of a body is one byte. */
export type FuzzRequest =
  | {
      readonly kind: "http";
      readonly method: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly chunked: boolean;
    }
  | { readonly kind: "bytes"; readonly bytes: string };

const bytesOf = (text: string | Uint8Array): string => Buffer.from(text).toString("latin1");

const several = (record: fc.Arbitrary<string>, separator: string) =>
  fc.array(record, { maxLength: 6 }).map((records) => records.join(separator));

const topic = mostly(
  oneOf(T, T, T, REGISTRATIONS),
  fc.oneof(
    oneOf(
      "device.elt.fuzz.unheard",
      "device.nobody.status.reported",
      "nope",
      "DEVICE.elt.a.b",
      "device.elt.__proto__.x",
      "%00",
      "device%2eelt.a.b",
      "%ff",
      "a%2Fb",
      `device.elt.a.${"b".repeat(300)}`,
    ),
    fc.string({ maxLength: 12 }).map((text) => encodeURIComponent(text.toWellFormed())),
  ),
);
const query = mostly(
  oneOf(""),
  oneOf("?strict=1", "?async=true", "?strict=1&async=true", "?strict", "?%ff=%", "?__proto__=1"),
);
const cluster = mostly(oneOf("concord"), oneOf("other", "%2e", "__proto__", "a%2Fb"));

/** The path for a body of each shape. */
const endpoints = [
  {
    path: mostly(
      topic.map((name) => `/topics/${name}`),
      fc
        .tuple(topic, oneOf("0", "63", "64", "-1", "1e1", "%30", "", "x"))
        .map(([name, id]) => `/topics/${name}/partitions/${id}`),
    ),
    type: oneOf(
      JSON_V2,
      "application/vnd.kafka.binary.v2+json",
      "application/json",
      "application/vnd.kafka.v1+json",
      "application/vnd.kafka.jsonschema.v2+json",
    ),
    body: mostly(
      several(v2Record, ",").map((records) => `{"records":[${records}]}`),
      members({
        records: fc.oneof(
          oddJson,
          several(v2Record, ",").map((all) => `[${all}]`),
        ),
        key_schema: oddJson,
        value_schema_id: integer,
        unknown: oddJson,
      }),
    ),
  },
  {
    path: fc
      .tuple(oneOf("", "/kafka"), cluster, topic)
      .map(([base, id, name]) => `${base}/v3/clusters/${id}/topics/${name}/records`),
    type: oneOf("application/json"),
    body: fc.oneof(several(v3Record, ""), several(v3Record, " \r\n")),
  },
  {
    path: fc
      .tuple(topic, mostly(oneOf(":batch", "%3Abatch"), oneOf(":BATCH", ":", ":batch:batch")))
      .map(([name, op]) => `/v3/clusters/concord/topics/${name}/records${op}`),
    type: oneOf("application/json"),
    body: mostly(
      fc
        .array(
          members({
            id: mostly(
              fc.nat(99).map((id) => `"${id}"`),
              oddJson,
            ),
            ...v3Members,
          }),
          { maxLength: 5 },
        )
        .map((entries) => `{"entries":[${entries.join()}]}`),
      members({ entries: oddJson }),
    ),
  },
  {
    path: topic.map((name) => `/ingest/${name}`),
    type: oneOf("application/json", "application/x-ndjson", "application/jsonl", "application/json-seq", "text/plain"),
    body: fc.oneof(
      value,
      several(value, ",").map((all) => `[${all}]`),
      // Other text that sinks put between records, with text that is no record among them.
      ...["\n", "\r\n\r\n", "", ",", " ", "\n\u001e", ",\n", "\n\ufeff"].map((between) =>
        several(mostly(value, sinkPoison), between),
      ),
    ),
  },
  {
    path: topic.map((name) => `/ingest/${name}`),
    type: oneOf("application/cloudevents+json", "application/cloudevents-batch+json"),
    body: fc.oneof(
      cloudEvent,
      several(cloudEvent, ",").map((all) => `[${all}]`),
      several(cloudEvent, "\n"),
    ),
  },
  {
    path: oneOf(
      "/topics",
      "/brokers",
      "/v3/clusters",
      "/v3/clusters/concord",
      "/v3/clusters/concord/topics",
      `/topics/${T}/partitions`,
      "/kafka",
      "/v3",
      "/ingest",
      "/topics/",
      "/contracts",
      "/topics/a/b/c/d/e",
    ),
    type: oneOf("application/json"),
    body: oneOf(""),
  },
];

/** Changes of a body in transit. */
const damage: fc.Arbitrary<(body: Buffer) => Buffer> = fc.oneof(
  fc.nat(200).map((at) => (body: Buffer) => body.subarray(0, at)),
  fc.tuple(fc.nat(400), fc.uint8Array({ minLength: 1, maxLength: 4 })).map(
    ([at, bytes]) =>
      (body: Buffer) =>
        Buffer.concat([body.subarray(0, at), bytes, body.subarray(at + 1)]),
  ),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => () => Buffer.from(bytes)),
  fc.constant((body: Buffer) => Buffer.concat([body, body])),
  fc.constant((body: Buffer) => Buffer.from(`\ufeff${body}`)),
);
const encoding: fc.Arbitrary<{ name?: string; encode: (body: Buffer) => Buffer }> = mostly(
  fc.constant({ encode: (body: Buffer) => body }),
  fc.oneof(
    fc.constant({ name: "gzip", encode: (body: Buffer) => gzipSync(body) }),
    fc.constant({ name: "deflate", encode: (body: Buffer) => deflateSync(body) }),
    fc.nat(60).map((length) => ({ name: "gzip", encode: (body: Buffer) => gzipSync(body).subarray(0, length) })),
    oneOf("gzip", "deflate", "br", "identity", "gzip, gzip", "").map((name) => ({
      name,
      encode: (body: Buffer) => body,
    })),
  ),
);

/** Headers that do not change whether a request is read. */
const bystanders = fc.record(
  {
    "X-Kafka-Key": oneOf("k", "\u00e9", "x".repeat(2_000)),
    "X-Kafka-Partition": oneOf("3", "-1", "x", "9".repeat(15)),
    "X-Kafka-Timestamp": oneOf("1700000000000", "9".repeat(15), "1e3"),
    "X-Concord-Lane": oneOf("backfill", "backfill", "live", "Backfill", "", "x".repeat(2_000)),
    "Idempotency-Key": oneOf("k", "x".repeat(255)),
    "ce-specversion": oneOf("1.0", "0.3", ""),
    "ce-id": oneOf("e-1", "%C3%A9", "%", "x".repeat(2_000)),
    traceparent: oneOf("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "x".repeat(4_000), "00-0-0-0"),
  },
  { requiredKeys: [] },
);
const wrongHeaders = fc.oneof(
  oneOf("*/*", "application/*;q=0", "text/html", "application/vnd.kafka.v2+json;q=x", ",;,").map((text) => ({
    Accept: text,
  })),
  oneOf("", basic("dev:nope"), "Bearer dev.dev", "Bearer a.b.c", "Basic =", "Basic ////", basic(":")).map((text) => ({
    Authorization: text,
  })),
  oneOf("", ";", "application/json;charset=utf-16", 'APPLICATION/JSON ; charset="UTF-8"', "multipart/mixed", "a/b").map(
    (text) => ({ "Content-Type": text }),
  ),
  fc.constant({ "Idempotency-Key": "x".repeat(300) }),
);

const nearlyRight: fc.Arbitrary<FuzzRequest> = fc.oneof(
  ...endpoints.map(({ path, type, body }, i) =>
    fc
      .record({
        path,
        query,
        type,
        body,
        damage: mostly(
          fc.constant((whole: Buffer) => whole),
          damage,
        ),
        encoding,
        bystanders: fc.oneof(fc.constant({}), bystanders),
        wrong: mostly(fc.constant({}), wrongHeaders),
        method:
          i === endpoints.length - 1
            ? oneOf("GET", "POST", "DELETE", "HEAD")
            : mostly(oneOf("POST"), oneOf("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND")),
        chunked: fc.boolean(),
      })
      .map((made) => ({
        kind: "http" as const,
        method: made.method,
        path: made.path + made.query,
        headers: {
          Authorization: basic("dev:dev"),
          "Content-Type": made.type,
          ...(made.encoding.name !== undefined && { "Content-Encoding": made.encoding.name }),
          ...made.bystanders,
          ...made.wrong,
        },
        body: bytesOf(made.encoding.encode(made.damage(Buffer.from(made.body)))),
        chunked: made.chunked,
      })),
  ),
);

/** Requests with broken framing. None are sent to v3 streams: no answer tells what those kept before they broke. */
const hardlyARequest: fc.Arbitrary<FuzzRequest> = fc
  .oneof(
    fc.uint8Array({ maxLength: 200 }).map(bytesOf),
    fc
      .record({
        line: mostly(
          oneOf(`POST /topics/${T}`, `POST /ingest/${T}`, `POST /v3/clusters/concord/topics/${T}/records:batch`),
          oneOf(
            "FOO /topics",
            "post /topics",
            `POST http://x/ingest/${T}`,
            "POST /ingest/../topics",
            "GET /%",
            "POST //",
          ),
        ),
        type: oneOf("application/json", JSON_V2),
        framing: oneOf<(body: string) => string>(
          (body) => `Content-Length: ${body.length}\r\n\r\n${body}`,
          (body) => `Content-Length: ${body.length + 10}\r\n\r\n${body}`,
          (body) => `Content-Length: ${body.length >> 1}\r\n\r\n${body}`,
          (body) => `Content-Length: -1\r\n\r\n${body}`,
          (body) => `Content-Length: ${body.length}\r\nContent-Length: 1\r\n\r\n${body}`,
          (body) => `Transfer-Encoding: chunked\r\n\r\n${body}`,
          (body) => `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`,
          (body) => `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
          (body) => `Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n${body}`,
          (body) => `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
          (body) => `\r\n${body}`,
        ),
        event: goodEvent,
      })
      .map(({ line, type, framing, event }) => {
        const body = bytesOf(type === JSON_V2 ? `{"records":[{"value":${event}}]}` : event);
        return `${line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${basic("dev:dev")}\r\nContent-Type: ${type}\r\n${framing(body)}`;
      }),
  )
  .map((bytes) => ({ kind: "bytes" as const, bytes }));

export const fuzzRequest: fc.Arbitrary<FuzzRequest> = fc.oneof(
  { weight: 9, arbitrary: nearlyRight },
  { weight: 1, arbitrary: hardlyARequest },
);
